#include "net/tls.hpp"

#include "net/tls_context.hpp"
#include "net/tls_session.hpp"
#include "net/tls_test_world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

namespace watari::net {
namespace {

TEST_F(TlsWorld, bytes_cross_both_ways_and_the_end_is_seen)
{
    connect();
    EXPECT_EQ(client->peer(), at);
    write(*client, "ping");
    EXPECT_EQ(read(*server), "ping");
    write(*server, "pong");
    EXPECT_EQ(read(*client), "pong");
    EXPECT_FALSE(client->stale());
    server.reset();
    clock.advance(1s);
    EXPECT_TRUE(client->stale());
    EXPECT_EQ(read(*client), "");
}

TEST_F(TlsWorld, both_ends_say_how_the_connection_is_protected)
{
    const KeyPair own = authority.issue("client-7");
    write_key_pair(own, folder / "own.pem", folder / "own-key.pem");
    options.certificate_file = folder / "own.pem";
    options.key_file = folder / "own-key.pem";
    offered.client_certificates = ClientCertificates::asked_for;
    connect();
    const Security ours = client->security();
    const Security theirs = server->security();
    EXPECT_TRUE(ours.encrypted && theirs.encrypted);
    EXPECT_EQ(ours.protocol, "TLS 1.3");
    EXPECT_EQ(ours.peer_subject, "CN=hv01.example");
    EXPECT_EQ(ours.peer_fingerprint, identity->fingerprint());
    EXPECT_EQ(ours.peer_fingerprint, certificate_fingerprint(offered.certificate));
    EXPECT_EQ(ours.server_end_point.size(), 32U);
    EXPECT_EQ(ours.server_end_point, theirs.server_end_point);
    EXPECT_EQ(theirs.peer_subject, "CN=client-7");
    EXPECT_EQ(theirs.peer_fingerprint, certificate_fingerprint(own.certificate));
}

TEST_F(TlsWorld, a_plain_connection_says_that_it_is_plain)
{
    const auto plain = network.listen(at);
    spawn(loop.get_executor(), accept_one(*plain, server, server_failure), "accept");
    client = clock.run(network.connect(at, in(1s)));
    EXPECT_FALSE(client->security().encrypted);
    EXPECT_EQ(client->security().server_end_point, "");
}

TEST_F(TlsWorld, the_channel_binding_uses_the_hash_the_certificate_is_signed_with)
{
    options.trust = TlsTrust::nothing;
    for (const auto& [hash, bytes] : {std::pair{SignatureHash::sha1, 32U},
                                      {SignatureHash::sha256, 32U},
                                      {SignatureHash::sha384, 48U}}) {
        CertificateWishes wishes = authority.wishes("hv01");
        wishes.hash = hash;
        offer(make_self_signed(wishes));
        listener.reset();
        connect();
        EXPECT_EQ(client->security().server_end_point.size(), bytes);
        EXPECT_EQ(client->security().server_end_point, server->security().server_end_point);
    }
}

Task<> write_and_count(Stream& stream, std::string text, Deadline deadline, int& ended)
{
    co_await stream.write_all(bytes_of(text), deadline);
    ++ended;
}

Task<> read_and_count(Stream& stream, std::size_t size, Deadline deadline, std::string& into,
                      int& ended)
{
    std::string piece(1U << 16, '\0');
    while (into.size() < size) {
        const auto got =
            co_await stream.read_some(std::as_writable_bytes(std::span{piece}), deadline);
        if (got == 0) {
            break;
        }
        into.append(piece, 0, got);
    }
    ++ended;
}

TEST_F(TlsWorld, large_bodies_cross_in_both_directions_at_once)
{
    connect();
    const std::string up(5U << 20, 'u');
    const std::string down(7U << 20, 'd');
    std::string received_up;
    std::string received_down;
    int ended = 0;
    const auto& executor = loop.get_executor();
    spawn(executor, write_and_count(*client, up, in(60s), ended), "up");
    spawn(executor, write_and_count(*server, down, in(60s), ended), "down");
    spawn(executor, read_and_count(*client, down.size(), in(60s), received_down, ended), "client");
    spawn(executor, read_and_count(*server, up.size(), in(60s), received_up, ended), "server");
    EXPECT_TRUE(clock.run_until([&] { return ended == 4; }));
    EXPECT_EQ(received_up, up);
    EXPECT_EQ(received_down, down);
}

TEST_F(TlsWorld, a_reader_and_a_writer_may_both_come_first)
{
    listen();
    std::string received;
    int ended = 0;
    client = nullptr;
    spawn(loop.get_executor(), accept_one(*listener, server, server_failure), "accept");
    clock.advance(1s);
    network.set_latency(5ms);
    client = clock.run(tls_network(network, clock, options)->connect(at, in(60s)));
    spawn(loop.get_executor(), read_and_count(*server, 5, in(9s), received, ended), "reader");
    spawn(loop.get_executor(), write_and_count(*server, "hello", in(9s), ended), "writer");
    write(*client, "12345");
    EXPECT_EQ(read(*client), "hello");
    EXPECT_TRUE(clock.run_until([&] { return ended == 2; }));
    EXPECT_EQ(received, "12345");
}

TEST_F(TlsWorld, many_small_writes_arrive_in_order)
{
    connect();
    std::string sent;
    std::string received;
    for (int i = 0; i < 500; ++i) {
        const std::string piece = std::to_string(i) + ",";
        write(*client, piece);
        sent += piece;
        if (i % 50 == 49) {
            while (received.size() < sent.size()) {
                received += read(*server);
            }
        }
    }
    EXPECT_EQ(received, sent);
}

TEST_F(TlsWorld, a_read_that_times_out_loses_nothing)
{
    connect();
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::timed_out, "read_timed_out"}));
    write(*server, "late");
    EXPECT_EQ(read(*client), "late");
}

TEST_F(TlsWorld, a_peer_that_does_not_read_makes_writes_time_out)
{
    connect();
    const std::string big(4U << 20, 'x');
    EXPECT_EQ(failure_of(client->write_all(bytes_of(big), in(1s))),
              (Failure{ErrorKind::timed_out, "write_timed_out"}));
    EXPECT_EQ(failure_of(client->write_all(bytes_of("more"), in(1s))).second, "write_timed_out")
        << "a record was cut: nothing may follow it";
    client.reset();
    std::string received;
    int ended = 0;
    EXPECT_EQ(failure_of(read_and_count(*server, big.size(), in(5s), received, ended)),
              (Failure{ErrorKind::unavailable, "tls_truncated"}));
}

TEST_F(TlsWorld, a_connection_that_is_cut_or_closed_says_so)
{
    connect();
    network.cut(at.address);
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::unavailable, "connection_reset"}));
    EXPECT_TRUE(client->stale());
    connect();
    client->close();
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::unavailable, "connection_closed"}));
    EXPECT_EQ(failure_of(client->write_all(bytes_of("x"), in(1s))).second, "connection_closed");
}

TEST_F(TlsWorld, a_waiting_read_ends_when_its_own_stream_is_destroyed)
{
    connect();
    const auto timer = clock.call_at(clock.steady() + 1s, [&] { client.reset(); });
    EXPECT_EQ(read_failure(*client), (Failure{ErrorKind::unavailable, "connection_closed"}));
}

TEST_F(TlsWorld, bytes_nobody_asked_for_make_a_connection_stale)
{
    connect();
    write(*server, "answer and more");
    std::string part(6, '\0');
    clock.run(client->read_some(std::as_writable_bytes(std::span{part}), in(1s)));
    EXPECT_EQ(part, "answer");
    EXPECT_TRUE(client->stale());
}

TEST_F(TlsWorld, accept_waits_for_no_slow_peer)
{
    offered.handshake_timeout = 20s;
    listen();
    const auto silent = clock.run(network.connect(at, in(1s)));
    auto slow = clock.run(listener->accept());
    connect();
    write(*client, "served");
    EXPECT_EQ(read(*server), "served");
    std::byte into{};
    const auto start = clock.steady();
    EXPECT_EQ(failure_of(slow->read_some({&into, 1}, in(90s))),
              (Failure{ErrorKind::timed_out, "tls_handshake_timed_out"}));
    EXPECT_EQ(clock.steady() - start, 20s);
}

TEST_F(TlsWorld, a_handshake_that_is_cancelled_ends_at_once)
{
    const auto silent = network.listen(at);
    boost::asio::cancellation_signal signal;
    const auto tls = tls_network(network, clock, options);
    std::exception_ptr failure;
    bool ended = false;
    boost::asio::co_spawn(loop, tls->connect(at, in(60s)),
                          boost::asio::bind_cancellation_slot(
                              signal.slot(), [&](std::exception_ptr thrown, const auto&) {
                                  failure = std::move(thrown);
                                  ended = true;
                              }));
    clock.advance(1s);
    EXPECT_FALSE(ended);
    signal.emit(boost::asio::cancellation_type::terminal);
    clock.advance(0s);
    EXPECT_TRUE(ended);
    EXPECT_TRUE(failure);
}

TEST_F(TlsWorld, a_new_certificate_serves_later_connections)
{
    write_key_pair(authority.issue("hv01.example"), folder / "host.pem", folder / "host-key.pem");
    offered = {.certificate_file = folder / "host.pem", .key_file = folder / "host-key.pem"};
    connect();
    const std::string first = client->security().peer_fingerprint;
    const auto old_client = std::move(client);
    const auto old_server = std::move(server);
    write_key_pair(authority.issue("hv01.example"), folder / "host.pem", folder / "host-key.pem");
    identity->reload();
    connect();
    EXPECT_NE(client->security().peer_fingerprint, first);
    write(*old_client, "still here");
    EXPECT_EQ(read(*old_server), "still here");

    std::filesystem::remove(folder / "host-key.pem");
    EXPECT_THROW(identity->reload(), Error);
    connect();
    EXPECT_NE(client->security().peer_fingerprint, first);
}

/// Two sessions without a network: what one puts out is the other's input.
struct Sessions : testing::Test {
    Authority authority{SimulatedClock::default_start};
    KeyPair pair = authority.issue("hv01");
    openssl::Context client_side = client_context({.trust = TlsTrust::nothing});
    openssl::Context server_side =
        server_context({.certificate = pair.certificate, .key = pair.key});
    TlsSession client{*client_side, {.role = TlsRole::client, .trust = TlsTrust::nothing}};
    TlsSession server{*server_side, {.role = TlsRole::server, .trust = TlsTrust::nothing}};

    static void carry(TlsSession& from, TlsSession& to)
    {
        if (from.has_output()) {
            to.feed(bytes_of(from.take_output()));
        }
    }
    void shake_hands()
    {
        for (int i = 0; i < 4; ++i) {
            client.handshake();
            carry(client, server);
            server.handshake();
            carry(server, client);
        }
    }
    static std::string read(TlsSession& session)
    {
        std::string text(100, '\0');
        text.resize(session.read(std::as_writable_bytes(std::span{text})).value_or(0));
        return text;
    }
};

TEST_F(Sessions, a_peer_that_has_ended_its_direction_still_gets_its_answer)
{
    shake_hands();
    client.write(bytes_of("last words"));
    client.finish();
    carry(client, server);
    EXPECT_EQ(read(server), "last words");
    std::byte into{};
    EXPECT_EQ(server.read({&into, 1}), 0U);
    server.write(bytes_of("answer"));
    carry(server, client);
    EXPECT_EQ(read(client), "answer");
}

TEST_F(Sessions, an_end_without_close_is_a_truncation)
{
    shake_hands();
    server.write(bytes_of("half a me"));
    carry(server, client);
    client.end_input();
    EXPECT_EQ(read(client), "half a me");
    try {
        read(client);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "tls_truncated");
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    }
}

TEST_F(Sessions, a_damaged_record_is_refused)
{
    shake_hands();
    server.write(bytes_of("message"));
    std::string damaged = server.take_output();
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    client.feed(bytes_of(damaged));
    try {
        read(client);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "tls_failed");
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        EXPECT_FALSE(error.peer().text.empty());
    }
}

} // namespace
} // namespace watari::net
