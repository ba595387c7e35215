#pragma once

#include "core/simulated_clock.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "net/memory.hpp"
#include "wsman/client/session.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/fault.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// A host whose answers the test gives, behind real HTTP on a simulated network.
namespace watari::wsman::testing_support {

using Failure = std::pair<ErrorKind, std::string>;

inline const std::string ns = "root/virtualization/v2";

struct StubHost : testing::Test {
    using Answer = std::function<http::Response(const Request&)>;

    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    std::unique_ptr<Random> random = seeded_random(7);
    net::MemoryNetwork network{loop.get_executor(), clock};
    const net::Endpoint at{.address = "10.0.0.1", .port = 5985};
    Answer answer;
    std::chrono::nanoseconds thinking_time{}; ///< before each answer
    std::vector<Request> received;
    std::vector<http::Headers> headers;
    std::vector<std::string> records; ///< "Enumerate Msvm_X", with "!" when it failed
    std::vector<int> attempts;        ///< of the records
    std::unique_ptr<http::Server> server;
    std::unique_ptr<http::Client> client;
    std::unique_ptr<Session> session;

    void start(SessionOptions options = {}, http::ServerOptions server_options = {})
    {
        auto handler = [this](http::Request request, http::Caller) {
            return serve(*this, std::move(request));
        };
        server = std::make_unique<http::Server>(loop.get_executor(), clock, network.listen(at),
                                                handler, std::move(server_options));
        server->start();
        connect(std::move(options), {});
    }

    void connect(SessionOptions options, http::ClientOptions client_options)
    {
        session.reset();
        client = std::make_unique<http::Client>(network, clock, at, std::move(client_options));
        options.on_request = [this](const RequestRecord& record) {
            records.push_back((record.failed ? "!" : "") + std::string{record.action} + " " +
                              std::string{record.class_name});
            attempts.push_back(record.attempt);
        };
        session = std::make_unique<Session>(*client, clock, *random, std::move(options));
    }

    static Task<http::Response> serve(StubHost& host, http::Request request)
    {
        host.headers.push_back(request.headers);
        auto decoded = decode_request(request.body, cim::untyped());
        EXPECT_FALSE(decoded.refusal) << decoded.refusal->message;
        host.received.push_back(decoded.request);
        co_await host.clock.sleep_for(host.thinking_time);
        co_return host.answer(decoded.request);
    }

    Deadline in(std::chrono::nanoseconds time) const { return Deadline::after(clock, time); }

    template <class T>
    Failure failure_of(Task<T> task)
    {
        try {
            clock.run(std::move(task));
        } catch (const Error& error) {
            last_peer = error.peer();
            return {error.kind(), error.code()};
        }
        return {ErrorKind::internal, "nothing was thrown"};
    }
    PeerSays last_peer;

    static http::Response soap(const Request& request, ResponseBody body)
    {
        const bool is_fault = std::holds_alternative<Fault>(body);
        Response response{.action = is_fault ? "" : request.header.action + "Response",
                          .message_id = "uuid:answer",
                          .relates_to = request.header.message_id,
                          .body = std::move(body)};
        http::Response out{.status = is_fault ? 500 : 200};
        out.headers.set("Content-Type", "application/soap+xml;charset=UTF-8");
        out.body = encode(response, {.resource_uri = request.header.resource_uri});
        return out;
    }
    static http::Response refuse(const Request& request, const FaultKind& kind,
                                 std::uint32_t wmi_code = 0)
    {
        return soap(request, make_fault(kind, {}, wmi_code));
    }

    static Item item(int number)
    {
        cim::Instance instance{"Msvm_X"};
        instance.set("Number", cim::Type::string, cim::Value{std::to_string(number)});
        return {.instance = instance};
    }
    /// Items `first` to `last`, with `context` or the end.
    static ItemsResponse batch(const Request& request, int first, int last, std::string context)
    {
        ItemsResponse items{.is_pull = std::holds_alternative<Pull>(request.body),
                            .has_items = true,
                            .context = context,
                            .end_of_sequence = context.empty()};
        for (int number = first; number <= last; ++number) {
            items.items.push_back(item(number));
        }
        return items;
    }

    static cim::ObjectPath vm()
    {
        return {
            ns,
            "Msvm_ComputerSystem",
            {{"CreationClassName", cim::Value{"Msvm_ComputerSystem"}}, {"Name", cim::Value{"G"}}}};
    }
};

} // namespace watari::wsman::testing_support
