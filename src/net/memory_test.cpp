#include "net/memory.hpp"

#include "core/simulated_clock.hpp"

#include <gtest/gtest.h>

namespace watari::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

/// Runs `task`; gives the kind and code of the Error it must throw.
template <class T>
std::pair<ErrorKind, std::string> failure_of(SimulatedClock& clock, Task<T> task)
{
    try {
        clock.run(std::move(task));
    } catch (const Error& error) {
        return {error.kind(), error.code()};
    }
    return {ErrorKind::internal, "nothing was thrown"};
}

struct MemoryWorld : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    MemoryNetwork network{loop.get_executor(), clock};
    std::unique_ptr<Listener> listener = network.listen({.address = "10.0.0.1", .port = 5985});
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;

    Deadline in(std::chrono::nanoseconds time) { return Deadline::after(clock, time); }

    void connect()
    {
        client = clock.run(network.connect(listener->local(), in(10s)));
        server = clock.run(listener->accept());
    }
    std::string read(Stream& stream, std::size_t most = 1024)
    {
        std::string text(most, '\0');
        text.resize(clock.run(stream.read_some(std::as_writable_bytes(std::span{text}), in(10s))));
        return text;
    }
    void write(Stream& stream, std::string_view text)
    {
        clock.run(stream.write_all(bytes_of(text), in(10s)));
    }
    std::pair<ErrorKind, std::string> read_failure(Stream& stream)
    {
        std::byte into{};
        return failure_of(clock, stream.read_some({&into, 1}, in(10s)));
    }
};

using Failure = std::pair<ErrorKind, std::string>;

TEST(Endpoint, reads_what_it_prints)
{
    const Endpoint v4{.address = "127.0.0.1", .port = 5985};
    const Endpoint v6{.address = "::1", .port = 443};
    EXPECT_EQ(v6.text(), "[::1]:443");
    EXPECT_EQ(endpoint_from(v4.text()), v4);
    EXPECT_EQ(endpoint_from(v6.text()), v6);
    EXPECT_EQ(endpoint_from("host.example:80"), (Endpoint{.address = "host.example", .port = 80}));
    for (const char* wrong : {"", ":80", "host", "host:", "host:65536", "host:-1", "host:80x",
                              "::1:80", "[::1]", "[]:80", "a b:80", "u@h:80"}) {
        EXPECT_EQ(endpoint_from(wrong), std::nullopt) << wrong;
    }
}

TEST_F(MemoryWorld, bytes_arrive_in_order_and_the_end_after_them)
{
    connect();
    EXPECT_EQ(client->peer(), listener->local());
    write(*client, "hello ");
    write(*client, "world");
    client.reset();
    EXPECT_EQ(read(*server, 3), "hel");
    EXPECT_EQ(read(*server), "lo world");
    EXPECT_EQ(read(*server), "");
}

TEST_F(MemoryWorld, latency_delays_every_chunk)
{
    network.set_latency(20ms);
    const auto start = clock.steady();
    connect();
    EXPECT_EQ(clock.steady() - start, 40ms);
    write(*client, "a");
    EXPECT_FALSE(server->stale());
    EXPECT_EQ(read(*server), "a");
    EXPECT_EQ(clock.steady() - start, 60ms);
}

TEST_F(MemoryWorld, a_read_without_bytes_times_out_and_the_stream_lives_on)
{
    connect();
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::timed_out, "read_timed_out"}));
    write(*server, "late");
    EXPECT_EQ(read(*client), "late");
}

Task<> write_then_tell(Stream& stream, std::string text, Deadline deadline, bool& done)
{
    co_await stream.write_all(bytes_of(text), deadline);
    done = true;
}

TEST_F(MemoryWorld, a_writer_waits_for_a_reader_who_does_not_read)
{
    connect();
    const std::string big(1U << 20, 'x');
    bool done = false;
    spawn(loop.get_executor(), write_then_tell(*client, big, in(60s), done), "writer");
    clock.advance(1s);
    EXPECT_FALSE(done);
    std::size_t total = 0;
    while (total < big.size()) {
        total += read(*server, 100'000).size();
    }
    clock.advance(0s);
    EXPECT_TRUE(done);
    EXPECT_EQ(failure_of(clock, client->write_all(bytes_of(big), in(5s))),
              (Failure{ErrorKind::timed_out, "write_timed_out"}));
}

TEST_F(MemoryWorld, nobody_listening_refuses_and_a_taken_port_is_a_conflict)
{
    EXPECT_EQ(failure_of(clock, network.connect({.address = "10.0.0.2", .port = 1}, in(1s))),
              (Failure{ErrorKind::unavailable, "connection_refused"}));
    try {
        network.listen(listener->local());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "port_in_use");
    }
    const Endpoint at = listener->local();
    listener->close();
    EXPECT_EQ(network.listen(at)->local(), at);
    EXPECT_NE(network.listen({.address = "10.0.0.1", .port = 0})->local().port, 0);
}

TEST_F(MemoryWorld, a_listener_on_any_address_is_reached_by_every_address)
{
    const auto any = network.listen({.address = "0.0.0.0", .port = 80});
    const auto stream = clock.run(network.connect({.address = "192.0.2.7", .port = 80}, in(1s)));
    EXPECT_EQ(stream->peer().address, "192.0.2.7");
}

TEST_F(MemoryWorld, accept_is_cancelled_by_close)
{
    Listener& waiting = *listener;
    auto timer = clock.call_at(clock.steady() + 1s, [&] { waiting.close(); });
    EXPECT_EQ(failure_of(clock, waiting.accept()).first, ErrorKind::cancelled);
}

TEST_F(MemoryWorld, a_cut_connection_is_unavailable_at_both_ends)
{
    connect();
    network.cut("10.0.0.1");
    EXPECT_TRUE(client->stale());
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::unavailable, "connection_reset"}));
    EXPECT_EQ(read_failure(*server), (Failure{ErrorKind::unavailable, "connection_reset"}));
    EXPECT_EQ(failure_of(clock, client->write_all(bytes_of("x"), in(1s))).second,
              "connection_reset");
    connect();
    write(*client, "again");
    EXPECT_EQ(read(*server), "again");
}

TEST_F(MemoryWorld, an_address_that_is_down_refuses_and_cuts_what_is_open)
{
    connect();
    network.set_down("10.0.0.1", true);
    EXPECT_EQ(read_failure(*client).second, "connection_reset");
    EXPECT_EQ(failure_of(clock, network.connect(listener->local(), in(1s))).second,
              "connection_refused");
    network.set_down("10.0.0.1", false);
    connect();
}

TEST_F(MemoryWorld, a_black_hole_swallows_connects_until_their_deadline_or_its_end)
{
    network.set_black_hole("10.0.0.1", true);
    const auto start = clock.steady();
    EXPECT_EQ(failure_of(clock, network.connect(listener->local(), in(7s))),
              (Failure{ErrorKind::timed_out, "connect_timed_out"}));
    EXPECT_EQ(clock.steady() - start, 7s);
    const auto timer =
        clock.call_at(clock.steady() + 1s, [&] { network.set_black_hole("10.0.0.1", false); });
    connect();
}

TEST_F(MemoryWorld, writing_to_a_peer_that_closed_fails_and_so_does_using_an_own_closed_stream)
{
    connect();
    server.reset();
    EXPECT_TRUE(client->stale());
    EXPECT_EQ(failure_of(clock, client->write_all(bytes_of("x"), in(1s))).second,
              "connection_reset");
    client->close();
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::unavailable, "connection_closed"}));
}

TEST_F(MemoryWorld, unasked_bytes_make_a_stream_stale)
{
    connect();
    EXPECT_FALSE(client->stale());
    write(*server, "surprise");
    EXPECT_TRUE(client->stale());
}

} // namespace
} // namespace watari::net
