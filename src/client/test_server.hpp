// For the tests of this module only: a stub of watarid on a simulated network.
#pragma once

#include "client/client.hpp"
#include "core/simulated_clock.hpp"
#include "http/server.hpp"
#include "net/memory.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace watari::client {

using std::chrono_literals::operator""s;

inline http::Response json_answer(int status, std::string body)
{
    http::Response response{.status = status, .body = std::move(body)};
    response.headers.add("Content-Type",
                         status < 400 ? "application/json" : "application/problem+json");
    return response;
}

inline contract::Operation operation_in(const std::string& state)
{
    return {.id = "0198f2c4-0000-7000-8000-000000000001",
            .kind = "create_vm",
            .state = state,
            .actor = "admin",
            .request_id = "r1",
            .created = "2026-01-01T00:00:00Z"};
}

template <class T>
http::Response answer_with(const T& value, int status = 200)
{
    return json_answer(status, boost::json::serialize(encode(value)));
}

/// Answers requests with what the test has queued; the last answer repeats.
struct StubServer : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    const net::Endpoint at{.address = "10.0.0.1", .port = 8420};
    std::deque<http::Response> answers;
    std::vector<http::Request> requests;
    std::unique_ptr<http::Server> server;
    Client client{network, clock, {.server = at, .token = "secret", .language = Language::ja}};

    /// Not a coroutine: what it makes keeps no reference to the test.
    void serve()
    {
        server = std::make_unique<http::Server>(
            loop.get_executor(), clock, network.listen(at),
            [this](http::Request request, http::Caller) {
                requests.push_back(std::move(request));
                auto answer =
                    answers.empty() ? json_answer(500, "nothing queued") : answers.front();
                if (answers.size() > 1) {
                    answers.pop_front();
                }
                return give(clock, std::move(answer), requests.back());
            },
            http::ServerOptions{});
        server->start();
    }

    /// Keeps "Prefer: wait=N" for operations that have not ended, as watarid does.
    static Task<http::Response> give(Clock& clock, http::Response answer, http::Request request)
    {
        const auto prefer = request.headers.get("Prefer");
        const bool goes_on = answer.body.find("\"state\":\"running\"") != std::string::npos;
        if (prefer && prefer->starts_with("wait=") && goes_on) {
            co_await clock.sleep_for(
                std::chrono::seconds{std::stoi(std::string{prefer->substr(5)})});
        }
        co_return answer;
    }

    static http::Response dropped()
    {
        http::Response response;
        response.drop_connection = true;
        return response;
    }

    template <class T>
    std::optional<Error> failure_of(Task<T> task)
    {
        try {
            clock.run(std::move(task));
        } catch (const Error& error) {
            return error;
        }
        return std::nullopt;
    }
};

} // namespace watari::client
