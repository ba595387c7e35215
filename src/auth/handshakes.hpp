#pragma once

#include "auth/negotiate.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

/// Both ends of a connection in one process, for the tests of this module.
namespace watari::auth::testing_support {

inline constexpr std::string_view soap_type = "application/soap+xml;charset=UTF-8";

struct Handshake {
    std::unique_ptr<ClientScheme> client;
    std::unique_ptr<ServerScheme> server;
    int legs = 0;
    std::string account;

    /// As the guards of both ends do: true when the server admits and the client is content.
    bool shake()
    {
        std::vector<std::string> challenges;
        for (legs = 0; legs < 8; ++legs) {
            const auto authorization = client->next(challenges);
            if (!authorization) {
                return false;
            }
            const auto verdict = server->check(*authorization);
            challenges = verdict.challenges;
            if (verdict.admitted) {
                account = verdict.account;
                EXPECT_EQ(client->next(challenges), std::nullopt);
                ++legs;
                return client->established();
            }
        }
        return false;
    }

    Body to_server(std::string text)
    {
        Body body{std::string{soap_type}, std::move(text)};
        client->seal(body);
        return body;
    }
    Body to_client(std::string text)
    {
        Body body{std::string{soap_type}, std::move(text)};
        server->seal(body);
        return body;
    }
};

/// An account and a service as a test sets them up, and the connection as each end sees it.
struct Ends {
    NegotiateAccount account;
    NegotiateService service;
    Connection client_side = {};
    Connection server_side = {};

    Handshake connect() const
    {
        return {.client = negotiate_client(account)(client_side),
                .server = negotiate_server(service)(server_side)};
    }
    Handshake shaken() const
    {
        Handshake handshake = connect();
        EXPECT_TRUE(handshake.shake());
        return handshake;
    }
};

inline std::string code_of(const std::function<void()>& act, ErrorKind kind)
{
    try {
        act();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.what();
        return error.code();
    }
    return "nothing thrown";
}

/// Bodies of several sizes, in turn in both directions; nothing of them is readable on the way.
inline void exchange_bodies(Handshake& handshake)
{
    for (const std::size_t size : {1U, 1000U, 65536U, 300000U}) {
        const std::string question(size, 'q');
        Body request = handshake.to_server(question);
        EXPECT_NE(request.content_type, soap_type);
        EXPECT_EQ(request.bytes.find("qqqq"), std::string::npos);
        handshake.server->unseal(request);
        EXPECT_EQ(request.content_type, soap_type);
        EXPECT_EQ(request.bytes, question);
        const std::string reply(size + 7, 'a');
        for (int i = 0; i < 2; ++i) {
            Body answer = handshake.to_client(reply);
            EXPECT_EQ(answer.bytes.find("aaaa"), std::string::npos);
            handshake.client->unseal(answer);
            EXPECT_EQ(answer.bytes, reply);
        }
    }
}

} // namespace watari::auth::testing_support
