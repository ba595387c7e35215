#include "http/client.hpp"

#include "core/sync.hpp"
#include "http/test_world.hpp"

namespace watari::http {
namespace {

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A server that follows a script: for each connection, what it answers to each request it has
/// read.
struct Script {
    struct Turn {
        std::string answer = hello;
        std::size_t read =
            1; ///< requests are taken as read after this many bytes; npos: after the whole request
        bool close = false;
        std::chrono::nanoseconds delay{0};
        std::size_t slice = std::string::npos; ///< bytes per write
    };
    std::vector<std::vector<Turn>> connections;
    std::size_t accepted = 0;
    std::vector<std::string> requests; ///< as read
};

Task<> play(std::shared_ptr<Script> script, std::unique_ptr<net::Stream> stream,
            std::vector<Script::Turn> turns, Clock& clock)
{
    std::vector<std::byte> buffer(1U << 16);
    for (const auto& turn : turns) {
        std::string request;
        while (request.find("\r\n\r\n") == std::string::npos &&
               request.size() < turn.read + 10'000) {
            const auto size = co_await stream->read_some(buffer, Deadline::never());
            if (size == 0) {
                co_return;
            }
            request.append(reinterpret_cast<const char*>(buffer.data()), size);
        }
        script->requests.push_back(request);
        if (turn.delay.count() > 0) {
            co_await clock.sleep_for(turn.delay);
        }
        for (std::string_view rest = turn.answer; !rest.empty();) {
            const auto piece = rest.substr(0, turn.slice);
            co_await stream->write_all(bytes_of(piece), Deadline::never());
            rest.remove_prefix(piece.size());
            if (!rest.empty()) {
                co_await clock.sleep_for(1ms);
            }
        }
        if (turn.close) {
            co_return;
        }
    }
    co_await stream->read_some(buffer,
                               Deadline::never()); // keep the connection until the client leaves
}

Task<> accept_script(std::shared_ptr<Script> script, net::Listener& listener, Executor executor,
                     Clock& clock)
{
    for (;;) {
        auto stream = co_await listener.accept();
        const auto number = script->accepted++;
        const auto turns = number < script->connections.size() ? script->connections[number]
                                                               : std::vector(100, Script::Turn{});
        spawn(executor, play(script, std::move(stream), turns, clock), "script");
    }
}

Request post(std::string body = "body")
{
    return {.method = "POST", .target = "/wsman", .headers = {}, .body = std::move(body)};
}

struct ClientWorld : World {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    std::unique_ptr<net::Listener> listener = network.listen(at);
    ClientOptions options;
    std::unique_ptr<Client> client;

    void play_script(std::vector<std::vector<Script::Turn>> connections = {})
    {
        script->connections = std::move(connections);
        spawn(loop.get_executor(), accept_script(script, *listener, loop.get_executor(), clock),
              "accept");
        client = std::make_unique<Client>(network, clock, at, options);
    }
    Response send(Repeat repeat = Repeat::never)
    {
        return clock.run(client->send(post(), in(10s), repeat));
    }
    Failure send_failure(Repeat repeat = Repeat::never)
    {
        return failure_of(client->send(post(), in(10s), repeat));
    }
};

TEST_F(ClientWorld, sends_and_reuses_one_connection)
{
    play_script();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(send().body, "hello");
    }
    EXPECT_EQ(script->accepted, 1U);
    EXPECT_EQ(script->requests[0], "POST /wsman HTTP/1.1\r\nHost: 10.0.0.1:5985\r\nConnection: "
                                   "Keep-Alive\r\nContent-Length: 4\r\n\r\nbody");
}

TEST_F(ClientWorld, reads_chunked_and_close_delimited_answers_in_odd_slices)
{
    const std::string chunked =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    const std::string until_close = "HTTP/1.1 200 OK\r\n\r\nhello";
    std::vector<std::vector<Script::Turn>> turns;
    for (const std::size_t slice : {1U, 2U, 3U, 7U, 19U}) {
        turns.push_back({{.answer = chunked, .slice = slice},
                         {.answer = until_close, .close = true, .slice = slice}});
    }
    play_script(turns);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(send().body, "hello");
    }
    EXPECT_EQ(script->accepted, 5U);
}

TEST_F(ClientWorld, nobody_there_is_unavailable_and_a_silent_address_times_out)
{
    listener.reset();
    client = std::make_unique<Client>(network, clock, at, options);
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::unavailable, "connection_refused"}));
    network.set_black_hole(at.address, true);
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::timed_out, "connect_timed_out"}));
}

TEST_F(ClientWorld, an_answer_cut_at_any_byte_leaves_the_outcome_unknown)
{
    std::vector<std::vector<Script::Turn>> turns;
    for (std::size_t i = 0; i <= hello.size(); ++i) {
        turns.push_back({{.answer = hello.substr(0, i), .close = true}});
    }
    play_script(turns);
    for (std::size_t i = 0; i < hello.size(); ++i) {
        EXPECT_EQ(send_failure(Repeat::if_connection_was_stale),
                  (Failure{ErrorKind::outcome_unknown, "http_answer_cut"}))
            << "cut at " << i;
    }
    EXPECT_EQ(send().body, "hello");
    EXPECT_EQ(script->accepted, hello.size() + 1)
        << "a fresh connection that dies is no reason to repeat";
}

Task<> read_then_drop(std::shared_ptr<net::Listener> listener, std::size_t most)
{
    const auto stream = co_await listener->accept();
    std::vector<std::byte> buffer(std::max<std::size_t>(most, 1));
    for (std::size_t total = 0; total < most;) {
        total += co_await stream->read_some({buffer.data(), most - total}, Deadline::never());
    }
}

TEST_F(ClientWorld, a_request_cut_at_any_byte_leaves_the_outcome_unknown)
{
    const std::shared_ptr<net::Listener> shared = std::move(listener);
    client = std::make_unique<Client>(network, clock, at, options);
    for (std::size_t most = 0; most < 90; ++most) {
        spawn(loop.get_executor(), read_then_drop(shared, most), "dropper");
        EXPECT_EQ(send_failure(Repeat::if_connection_was_stale).first, ErrorKind::outcome_unknown)
            << most;
    }
}

TEST_F(ClientWorld, garbage_and_too_large_answers_leave_the_outcome_unknown)
{
    options.response_bytes_max = 100;
    play_script({{{.answer = "220 smtp ready\r\n"}},
                 {{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n"}},
                 {{.answer = "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"}}});
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::outcome_unknown, "http_bad_answer"}));
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::outcome_unknown, "http_answer_too_large"}));
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::outcome_unknown, "http_answer_too_large"}));
    EXPECT_EQ(send().status, 200);
}

TEST_F(ClientWorld, a_deadline_after_sending_leaves_the_outcome_unknown_and_drops_the_connection)
{
    play_script({{{.delay = 60s}}});
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::outcome_unknown, "read_timed_out"}));
    EXPECT_EQ(send().body, "hello");
    EXPECT_EQ(script->accepted, 2U);
    EXPECT_EQ(failure_of(client->send(post(), in(0s))),
              (Failure{ErrorKind::timed_out, "http_too_late"}));
}

TEST_F(ClientWorld, an_idle_connection_the_server_closed_is_not_used)
{
    play_script({{{.close = true}}});
    send();
    clock.advance(1s);
    EXPECT_EQ(send().body, "hello");
    EXPECT_EQ(script->accepted, 2U);
}

TEST_F(ClientWorld, a_reused_connection_that_dies_is_replaced_once_only_where_repeating_is_allowed)
{
    const std::vector<Script::Turn> dies_at_second{{}, {.answer = "", .close = true}};
    play_script({dies_at_second, dies_at_second, dies_at_second});
    send();
    EXPECT_EQ(send(Repeat::if_connection_was_stale).body, "hello");
    EXPECT_EQ(script->accepted, 2U);
    EXPECT_EQ(send_failure(Repeat::never),
              (Failure{ErrorKind::outcome_unknown, "http_answer_cut"}));
    EXPECT_EQ(script->requests.size(), 4U);
}

TEST_F(ClientWorld, a_reused_connection_that_dies_within_an_answer_is_never_repeated)
{
    play_script({{{}, {.answer = "HTTP/1.1 2", .close = true}}});
    send();
    EXPECT_EQ(send_failure(Repeat::if_connection_was_stale),
              (Failure{ErrorKind::outcome_unknown, "http_answer_cut"}));
    EXPECT_EQ(script->requests.size(), 2U);
}

TEST_F(ClientWorld, connections_end_when_either_side_says_so_or_says_too_much)
{
    play_script({{{.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}},
                 {{.answer = hello + "HTTP/1.1 200 OK\r\n"}}});
    send();
    send();
    Request last = post();
    last.headers.add("Connection", "close");
    clock.run(client->send(last, in(1s)));
    send();
    EXPECT_EQ(script->accepted, 4U);
}

TEST_F(ClientWorld, idle_connections_are_closed_after_idle_max_or_at_once)
{
    play_script();
    send();
    clock.advance(options.idle_max + 1s);
    send();
    EXPECT_EQ(script->accepted, 2U);
    client->close_idle();
    send();
    EXPECT_EQ(script->accepted, 3U);
}

Task<> send_and_note(Client& client, std::string name, Deadline deadline,
                     std::vector<std::string>& ends)
{
    std::string result = "ok";
    try {
        co_await client.send(post(name), deadline);
    } catch (const Error& error) {
        result = error.code();
    }
    ends.push_back(name + " " + result);
}

TEST_F(ClientWorld, requests_beyond_connections_max_wait_in_order)
{
    const std::vector<Script::Turn> slow(10, Script::Turn{.delay = 1s});
    play_script({slow, slow, slow});
    std::vector<std::string> ends;
    std::vector<std::string> expected;
    for (int i = 0; i < 6; ++i) {
        spawn(loop.get_executor(), send_and_note(*client, std::to_string(i), in(60s), ends),
              "sender");
        expected.push_back(std::to_string(i) + " ok");
    }
    clock.advance(60s);
    EXPECT_EQ(ends, expected);
    EXPECT_EQ(script->accepted, 2U);
}

TEST_F(ClientWorld, a_full_queue_refuses_and_a_waiting_request_times_out_unsent)
{
    options.connections_max = 1;
    options.waiting_max = 2;
    play_script({{{.delay = 30s}, {}, {}}});
    std::vector<std::string> ends;
    for (int i = 0; i < 4; ++i) {
        spawn(loop.get_executor(),
              send_and_note(*client, std::to_string(i), in(i == 1 ? 5s : 60s), ends), "sender");
    }
    clock.advance(60s);
    EXPECT_EQ(ends,
              (std::vector<std::string>{"3 http_queue_full", "1 no_free_slot", "0 ok", "2 ok"}));
    EXPECT_EQ(script->requests.size(), 2U);
}

TEST_F(ClientWorld, destroying_the_client_lets_a_running_request_end)
{
    play_script({{{.delay = 5s}}});
    std::vector<std::string> ends;
    spawn(loop.get_executor(), send_and_note(*client, "0", in(60s), ends), "sender");
    clock.advance(1s);
    client.reset();
    clock.advance(10s);
    EXPECT_EQ(ends, (std::vector<std::string>{"0 ok"}));
}

TEST_F(ClientWorld, an_unsendable_request_is_invalid_and_leaves_no_trace)
{
    play_script();
    Request bad = post();
    bad.headers.add("X", "a\r\nb: c");
    EXPECT_EQ(failure_of(client->send(bad, in(1s))),
              (Failure{ErrorKind::invalid, "http_request_unsendable"}));
    EXPECT_TRUE(script->requests.empty());
    EXPECT_EQ(send().body, "hello");
}

/// Two legs with an empty body, then every request carries a mark.
struct FakeGuard final : ConnectionGuard {
    Task<> establish(Exchange& exchange, Deadline deadline) override
    {
        for (int leg = 0; leg < 2; ++leg) {
            const Response answer =
                co_await exchange.send({.method = "POST", .target = "/leg"}, deadline);
            if (answer.status == 403) {
                throw Error{ErrorKind::unauthenticated, Message{"refused", {}}};
            }
        }
    }
    void protect(Request& request) override
    {
        request.headers.set("X-Sealed", std::to_string(++sequence));
    }
    void unprotect(Response& response) override
    {
        if (response.body == "broken") {
            throw Error{ErrorKind::invalid, Message{"does_not_open", {}}};
        }
        response.body += " opened";
        answered = true;
    }
    bool refused() override { return answered; }
    int sequence = 0;
    bool answered = false;
};

struct GuardedWorld : ClientWorld {
    GuardedWorld()
    {
        options.make_guard = [](const net::Security&) { return std::make_unique<FakeGuard>(); };
    }
};

TEST_F(GuardedWorld, every_connection_is_established_once_on_itself)
{
    play_script();
    EXPECT_EQ(send().body, "hello opened");
    EXPECT_EQ(send().body, "hello opened");
    EXPECT_EQ(script->accepted, 1U);
    ASSERT_EQ(script->requests.size(), 4U);
    EXPECT_TRUE(script->requests[1].starts_with("POST /leg "));
    EXPECT_NE(script->requests[2].find("X-Sealed: 1\r\n"), std::string::npos);
    EXPECT_NE(script->requests[3].find("X-Sealed: 2\r\n"), std::string::npos);
}

TEST_F(GuardedWorld, a_repeated_request_is_protected_afresh_by_the_new_connection)
{
    play_script({{{}, {}, {}, {.answer = "", .close = true}}});
    send();
    EXPECT_EQ(send(Repeat::if_connection_was_stale).body, "hello opened");
    EXPECT_NE(script->requests.back().find("X-Sealed: 1\r\n"), std::string::npos);
}

TEST_F(GuardedWorld, failures_of_the_handshake_mean_that_nothing_was_sent)
{
    const std::string refused = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    const std::string closing =
        "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    play_script({{{.answer = "", .close = true}},
                 {{.answer = "junk\r\n\r\n"}},
                 {{.delay = 60s}},
                 {{.answer = refused}},
                 {{.answer = closing}}});
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::unavailable, "http_answer_cut"}));
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::unavailable, "http_bad_answer"}));
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::timed_out, "read_timed_out"}));
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::unauthenticated, "refused"}));
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::unavailable, "connection_closed"}));
    EXPECT_EQ(send().body, "hello opened");
}

TEST_F(GuardedWorld, a_401_or_a_body_that_does_not_open_ends_the_connection)
{
    const std::string lost = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    const std::string broken = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbroken";
    play_script({{{}, {}, {.answer = lost}}, {{}, {}, {.answer = broken}}});
    EXPECT_EQ(send().status, 401);
    EXPECT_EQ(send_failure(), (Failure{ErrorKind::outcome_unknown, "does_not_open"}));
    EXPECT_EQ(send().body, "hello opened");
    EXPECT_EQ(script->accepted, 3U);
}

const std::string forgotten = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

TEST_F(GuardedWorld, a_host_that_forgot_the_handshake_gets_the_request_again_on_a_new_connection)
{
    play_script({{{}, {}, {}, {.answer = forgotten}}});
    send();
    EXPECT_EQ(send(Repeat::never).body, "hello opened") << "a 401 proves that nothing was done";
    EXPECT_EQ(script->accepted, 2U);
    EXPECT_EQ(script->requests.size(), 7U);
}

TEST_F(GuardedWorld, a_host_that_forgets_at_once_is_not_asked_a_third_time)
{
    play_script({{{}, {}, {}, {.answer = forgotten}}, {{}, {}, {.answer = forgotten}}});
    send();
    EXPECT_EQ(send().status, 401);
    EXPECT_EQ(script->accepted, 2U);
    EXPECT_EQ(send().body, "hello opened");
}

TEST_F(GuardedWorld, a_connection_the_server_closed_is_replaced_and_authenticated_for_changes_too)
{
    play_script({{{}, {}, {.close = true}}});
    send();
    clock.advance(1s);
    EXPECT_EQ(send(Repeat::never).body, "hello opened");
    EXPECT_EQ(script->accepted, 2U);
    EXPECT_TRUE(script->requests[3].starts_with("POST /leg "));
}

TEST_F(ClientWorld, a_request_that_does_not_leave_in_time_was_not_sent)
{
    options.connections_max = 1;
    play_script({{{.delay = 30s}, {}}});
    std::vector<std::string> ends;
    spawn(loop.get_executor(), send_and_note(*client, "0", in(60s), ends), "sender");
    EXPECT_EQ(failure_of(client->send(post(), in(60s), Repeat::never, in(5s))),
              (Failure{ErrorKind::timed_out, "no_free_slot"}));
    clock.advance(60s);
    EXPECT_EQ(script->requests.size(), 1U);
}

Task<> drip(std::shared_ptr<net::Listener> listener, std::string head, std::string piece,
            Clock& clock)
{
    const auto stream = co_await listener->accept();
    std::byte into{};
    co_await stream->read_some({&into, 1}, Deadline::never());
    co_await stream->write_all(bytes_of(head), Deadline::never());
    for (;;) {
        co_await stream->write_all(bytes_of(piece), Deadline::never());
        co_await clock.sleep_for(1ms);
    }
}

TEST_F(ClientWorld, an_answer_without_end_is_cut_off_at_its_limit_whatever_its_form)
{
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    const std::string kilobyte(1024, 'x');
    const std::vector<std::pair<std::string, std::string>> endless{
        {chunked, "400\r\n" + kilobyte + "\r\n"},
        {chunked + "1;", "name=" + kilobyte},           // chunk extensions
        {chunked + "0\r\n", "X: " + kilobyte + "\r\n"}, // trailers
        {ok + "\r\n", kilobyte},                        // until close
        {ok, "X: " + kilobyte + "\r\n"},                // header fields
        {ok + "X: ", kilobyte},                         // one field
        {"HTTP/1.1 200 " + kilobyte, kilobyte},         // the reason
    };
    options.response_bytes_max = 1U << 20;
    const std::shared_ptr<net::Listener> shared = std::move(listener);
    client = std::make_unique<Client>(network, clock, at, options);
    for (const auto& [head, piece] : endless) {
        spawn(loop.get_executor(), drip(shared, head, piece, clock), "dripper");
        EXPECT_EQ(failure_of(client->send(post(), in(60s))),
                  (Failure{ErrorKind::outcome_unknown, "http_answer_too_large"}))
            << head;
    }
    spawn(loop.get_executor(), drip(shared, "", "HTTP/1.1 100 Continue\r\n\r\n", clock), "dripper");
    EXPECT_EQ(failure_of(client->send(post(), in(60s))),
              (Failure{ErrorKind::outcome_unknown, "http_bad_answer"}));
    spawn(loop.get_executor(), drip(shared, ok + "Content-Length: 1000000\r\n\r\n", "x", clock),
          "dripper");
    EXPECT_EQ(failure_of(client->send(post(), in(60s))),
              (Failure{ErrorKind::outcome_unknown, "read_timed_out"}));
}

TEST_F(World, client_and_server_meet_and_an_early_413_is_seen)
{
    ServerOptions server_options;
    server_options.request_bytes_max = 1000;
    Server server{loop.get_executor(), clock, network.listen(at),
                  [](Request request, Caller) -> Task<Response> {
                      co_return Response{.body = std::move(request.body)};
                  },
                  server_options};
    server.start();
    Client client{network, clock, at, {}};
    EXPECT_EQ(clock.run(client.send(post("ping"), in(1s))).body, "ping");
    EXPECT_EQ(clock.run(client.send(post(std::string(3U << 20, 'x')), in(10s))).status, 413);
    EXPECT_EQ(clock.run(client.send(post("pong"), in(10s))).body, "pong");
}

} // namespace
} // namespace watari::http
