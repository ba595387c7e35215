#include "net/tcp.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <optional>

namespace watari::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

struct TcpWorld : testing::Test {
    boost::asio::io_context loop;
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::unique_ptr<Network> network = tcp_network(loop.get_executor(), *clock);
    std::unique_ptr<Listener> listener = network->listen({.address = "127.0.0.1", .port = 0});
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;

    Deadline in(std::chrono::nanoseconds time) { return Deadline::after(*clock, time); }

    /// Runs the loop until `task` ended.
    template <class T>
    T run(Task<T> task)
    {
        std::exception_ptr failure;
        bool ended = false;
        std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
        const auto finish = [&](std::exception_ptr thrown) {
            failure = thrown;
            ended = true;
        };
        if constexpr (std::is_void_v<T>) {
            boost::asio::co_spawn(loop, std::move(task), finish);
        } else {
            boost::asio::co_spawn(loop, keep(std::move(task), result), finish);
        }
        loop.restart();
        while (loop.run_one() > 0 && !ended) {
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        if constexpr (!std::is_void_v<T>) {
            return std::move(*result);
        }
    }

    template <class T>
    static Task<> keep(Task<T> task, std::optional<T>& result)
    {
        result.emplace(co_await std::move(task));
    }

    template <class T>
    std::pair<ErrorKind, std::string> failure_of(Task<T> task)
    {
        try {
            run(std::move(task));
        } catch (const Error& error) {
            return {error.kind(), error.code()};
        }
        return {ErrorKind::internal, "nothing was thrown"};
    }

    void connect()
    {
        client = run(network->connect(listener->local(), in(10s)));
        server = run(listener->accept());
    }
    std::string read(Stream& stream)
    {
        std::string text(1U << 16, '\0');
        text.resize(run(stream.read_some(std::as_writable_bytes(std::span{text}), in(10s))));
        return text;
    }
};

using Failure = std::pair<ErrorKind, std::string>;

TEST_F(TcpWorld, bytes_cross_both_ways_and_the_end_is_seen)
{
    connect();
    EXPECT_EQ(client->peer(), listener->local());
    EXPECT_EQ(server->peer().address, "127.0.0.1");
    run(client->write_all(bytes_of("ping"), in(10s)));
    EXPECT_EQ(read(*server), "ping");
    run(server->write_all(bytes_of("pong"), in(10s)));
    EXPECT_EQ(read(*client), "pong");
    EXPECT_FALSE(client->stale());
    server.reset();
    EXPECT_EQ(read(*client), "");
    EXPECT_TRUE(client->stale());
}

TEST_F(TcpWorld, a_silent_peer_makes_reads_and_at_last_writes_time_out)
{
    connect();
    std::byte into{};
    EXPECT_EQ(failure_of(client->read_some({&into, 1}, in(5ms))),
              (Failure{ErrorKind::timed_out, "read_timed_out"}));
    const std::string big(32U << 20, 'x');
    EXPECT_EQ(failure_of(client->write_all(bytes_of(big), in(50ms))),
              (Failure{ErrorKind::timed_out, "write_timed_out"}));
}

Task<> write_slowly(Stream& stream, Deadline deadline, std::string& failed)
{
    const std::string big(32U << 20, 'x');
    try {
        co_await stream.write_all(bytes_of(big), deadline);
    } catch (const Error& error) {
        failed = error.code();
    }
}

TEST_F(TcpWorld, the_deadline_of_a_read_does_not_end_a_write)
{
    connect();
    std::string failed;
    spawn(loop.get_executor(), write_slowly(*client, in(60s), failed), "writer");
    std::byte into{};
    EXPECT_EQ(failure_of(client->read_some({&into, 1}, in(20ms))).second, "read_timed_out");
    EXPECT_EQ(failed, "");
    server.reset();
    while (failed.empty()) {
        run(clock->sleep_until(clock->steady() + 5ms));
    }
    EXPECT_NE(failed, "write_timed_out");
}

TEST_F(TcpWorld, a_closed_port_refuses_and_a_taken_one_is_a_conflict)
{
    const Endpoint at = listener->local();
    try {
        network->listen(at);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::conflict);
        EXPECT_EQ(error.code(), "port_in_use");
    }
    listener.reset();
    EXPECT_EQ(failure_of(network->connect(at, in(10s))),
              (Failure{ErrorKind::unavailable, "connection_refused"}));
}

TEST_F(TcpWorld, addresses_that_cannot_be_listened_on_are_named)
{
    const auto code_of = [&](const char* address) -> std::string {
        try {
            network->listen({.address = address, .port = 0});
        } catch (const Error& error) {
            return error.code();
        }
        return "";
    };
    EXPECT_EQ(code_of("192.0.2.1"), "address_not_available");
    EXPECT_EQ(code_of("not an address"), "listen_address_invalid");
    EXPECT_EQ(code_of("localhost"), "");
}

TEST_F(TcpWorld, a_local_name_is_resolved)
{
    const Endpoint named{.address = "localhost", .port = listener->local().port};
    client = run(network->connect(named, in(10s)));
    server = run(listener->accept());
    run(client->write_all(bytes_of("x"), in(10s)));
    EXPECT_EQ(read(*server), "x");
}

TEST_F(TcpWorld, accept_is_cancelled_by_close)
{
    const auto timer = clock->call_at(clock->steady() + 5ms, [&] { listener->close(); });
    EXPECT_EQ(failure_of(listener->accept()).first, ErrorKind::cancelled);
    EXPECT_EQ(failure_of(listener->accept()).first, ErrorKind::cancelled);
}

TEST_F(TcpWorld, a_waiting_read_ends_when_its_own_stream_is_closed)
{
    connect();
    const auto timer = clock->call_at(clock->steady() + 5ms, [&] { client->close(); });
    std::byte into{};
    EXPECT_EQ(failure_of(client->read_some({&into, 1}, in(10s))),
              (Failure{ErrorKind::unavailable, "connection_closed"}));
}

} // namespace
} // namespace watari::net
