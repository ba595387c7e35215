#include "http/server.hpp"

#include "core/log.hpp"
#include "http/test_world.hpp"

namespace watari::http {
namespace {

const std::string get = "GET /hello?secret=1 HTTP/1.1\r\nHost: h\r\n\r\n";

Task<Response> echo(Request request, Caller)
{
    co_return Response{.body = request.method + " " + request.target + " " + request.body};
}

struct ServerWorld : World {
    ServerOptions options;
    std::unique_ptr<Server> server;

    void serve(Handler handler = echo)
    {
        server = std::make_unique<Server>(loop.get_executor(), clock, network.listen(at),
                                          std::move(handler), options);
        server->start();
    }
    std::string exchange(std::string_view request)
    {
        const auto stream = connect();
        write(*stream, request);
        return read(*stream);
    }
};

TEST_F(ServerWorld, answers_and_keeps_the_connection)
{
    serve();
    const auto stream = connect();
    for (int i = 0; i < 3; ++i) {
        write(*stream, get);
        const auto answer = read(*stream);
        EXPECT_TRUE(
            answer.starts_with("HTTP/1.1 200 OK\r\nServer: watari\r\nDate: Thu, 01 Jan 2026 "))
            << answer;
        EXPECT_TRUE(answer.ends_with("\r\nContent-Length: 20\r\n\r\nGET /hello?secret=1 "))
            << answer;
    }
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ServerWorld, answers_pipelined_requests_in_order)
{
    serve();
    const auto answer = exchange("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na" + get +
                                 "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get);
    const auto first = answer.find("POST /1 a");
    const auto second = answer.find("GET /hello");
    const auto third = answer.find("GET /2");
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_NE(third, std::string::npos);
    EXPECT_EQ(answer.find("GET /hello", third), std::string::npos)
        << "nothing after Connection: close";
}

TEST_F(ServerWorld, closes_when_asked_to_or_when_the_handler_says_so)
{
    serve([](Request, Caller) -> Task<Response> {
        co_return Response{.status = 202, .close_after = true};
    });
    const auto stream = connect();
    write(*stream, get);
    EXPECT_NE(read(*stream).find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(ends(*stream, 1ms));
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerWorld, answers_http_1_0_and_head)
{
    serve();
    const auto old = exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(old.find("Connection: keep-alive\r\n"), std::string::npos);
    const auto head = exchange("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(head.ends_with("Content-Length: 7\r\n\r\n")) << head;
}

TEST_F(ServerWorld, drops_without_answer_when_the_handler_says_so)
{
    serve([](Request, Caller) -> Task<Response> { co_return Response{.drop_connection = true}; });
    EXPECT_EQ(exchange(get), "");
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerWorld, a_too_large_request_gets_413_without_body_and_the_connection_ends)
{
    options.request_bytes_max = 1000;
    serve();
    const auto stream = connect();
    write(*stream,
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
    const auto answer = read(*stream);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
    EXPECT_TRUE(answer.ends_with("Content-Length: 0\r\n\r\n")) << answer;
    EXPECT_TRUE(ends(*stream, 5s));
}

TEST_F(ServerWorld, malformed_requests_and_oversize_heads_are_refused)
{
    serve();
    EXPECT_TRUE(exchange("\x16\x03\x01\x02junk").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70'000, 'x'))
                    .starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(exchange("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: br\r\n\r\n")
                    .starts_with("HTTP/1.1 501 "));
}

TEST_F(ServerWorld, a_head_that_trickles_in_is_cut_off_in_time)
{
    serve();
    const auto stream = connect();
    const auto start = clock.steady();
    std::string answer;
    while (answer.empty() && clock.steady() - start < 100s) {
        write(*stream, "G");
        answer = read(*stream, 5s);
    }
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
    EXPECT_LE(clock.steady() - start, 40s);
}

TEST_F(ServerWorld, half_a_body_and_an_idle_connection_end_in_time)
{
    serve();
    const auto half = connect();
    write(*half, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    const auto idle = connect();
    clock.advance(119s);
    EXPECT_EQ(server->connections(), 2U);
    clock.advance(5s);
    EXPECT_EQ(server->connections(), 0U);
    EXPECT_EQ(read(*idle), "");
    EXPECT_TRUE(read(*half).starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerWorld, tells_a_waiting_client_to_continue)
{
    serve();
    const auto stream = connect();
    write(*stream,
          "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(read(*stream), "HTTP/1.1 100 Continue\r\n\r\n");
    write(*stream, "ab");
    EXPECT_TRUE(read(*stream).ends_with("POST / ab"));
}

Task<> count_to_three(BodyWriter& writer)
{
    co_await writer.write("one ");
    co_await writer.write("");
    co_await writer.write("two ");
    co_await writer.write("three");
}

TEST_F(ServerWorld, streams_an_answer_in_chunks_or_until_the_end_for_http_1_0)
{
    serve([](Request, Caller) -> Task<Response> { co_return Response{.stream = count_to_three}; });
    EXPECT_TRUE(exchange(get).ends_with(
        "Transfer-Encoding: chunked\r\n\r\n4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"));
    EXPECT_TRUE(
        exchange("GET / HTTP/1.0\r\n\r\n").ends_with("Connection: close\r\n\r\none two three"));
}

Task<> flood(BodyWriter& writer)
{
    const std::string piece(64U << 10, 'x');
    for (;;) {
        co_await writer.write(piece);
    }
}

TEST_F(ServerWorld, a_client_that_does_not_read_is_cut_and_one_that_does_is_waited_for)
{
    serve([](Request, Caller) -> Task<Response> { co_return Response{.stream = flood}; });
    const auto stream = connect();
    write(*stream, get);
    std::vector<std::byte> piece(300'000);
    for (int i = 0; i < 100; ++i) {
        clock.advance(10s);
        ASSERT_GT(clock.run(stream->read_some(piece, in(1s))), 0U);
    }
    EXPECT_EQ(server->connections(), 1U);
    clock.advance(130s);
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerWorld, a_stream_that_fails_ends_without_its_last_chunk)
{
    log::set_sink([](log::Level, std::string_view, std::initializer_list<log::Field>) {});
    serve([](Request, Caller) -> Task<Response> {
        co_return Response{.stream = [](BodyWriter& writer) -> Task<> {
            co_await writer.write("half");
            throw std::runtime_error{"no more"};
        }};
    });
    EXPECT_TRUE(exchange(get).ends_with("4\r\nhalf\r\n"));
    log::set_sink(log::spdlog_sink(log::Level::error));
}

TEST_F(ServerWorld, a_handler_that_throws_gives_500_and_a_log_line_without_the_query)
{
    std::string logged;
    log::set_sink(
        [&](log::Level level, std::string_view event, std::initializer_list<log::Field> fields) {
            if (level != log::Level::error) {
                return;
            }
            logged += event;
            for (const auto& field : fields) {
                logged += " " + field.value;
            }
        });
    serve([](Request, Caller) -> Task<Response> {
        throw std::runtime_error{"handler broke"};
        co_return Response{};
    });
    const auto stream = connect();
    write(*stream, get);
    EXPECT_TRUE(read(*stream).starts_with("HTTP/1.1 500 "));
    write(*stream, get);
    EXPECT_TRUE(read(*stream).starts_with("HTTP/1.1 500 ")) << "the connection lives on";
    log::set_sink(log::spdlog_sink(log::Level::error));
    EXPECT_NE(logged.find("http_request_failed"), std::string::npos);
    EXPECT_NE(logged.find("handler broke"), std::string::npos);
    EXPECT_EQ(logged.find("secret"), std::string::npos);
}

TEST_F(ServerWorld, a_cancelled_handler_drops_the_connection)
{
    serve([](Request, Caller) -> Task<Response> {
        throw Error{ErrorKind::cancelled, Message{"cancelled", {}}};
        co_return Response{};
    });
    EXPECT_EQ(exchange(get), "");
}

TEST_F(ServerWorld, beyond_connections_max_clients_get_503_until_one_leaves)
{
    options.connections_max = 2;
    serve();
    auto first = connect();
    const auto second = connect();
    EXPECT_TRUE(exchange(get).starts_with("HTTP/1.1 503 "));
    EXPECT_EQ(server->connections(), 2U);
    first.reset();
    EXPECT_TRUE(exchange(get).starts_with("HTTP/1.1 200 "));
}

struct FakeGuard final : AdmissionGuard {
    std::optional<Response> admit(Request& request, Caller& caller) override
    {
        if (request.headers.get("X-Broken")) {
            throw Error{ErrorKind::invalid, Message{"broken", {}}};
        }
        if (!request.headers.get("Authorization")) {
            Response refusal{.status = 401};
            refusal.headers.add("WWW-Authenticate", "Fake");
            return refusal;
        }
        caller.account = *request.headers.get("Authorization");
        return std::nullopt;
    }
    void protect(Response& response) override { response.body += " (sealed)"; }
};

TEST_F(ServerWorld, a_guard_admits_or_answers_itself)
{
    options.make_guard = [](const net::Security&) { return std::make_unique<FakeGuard>(); };
    serve([](Request, Caller caller) -> Task<Response> {
        co_return Response{.body = "hello " + caller.account};
    });
    EXPECT_NE(exchange(get).find("WWW-Authenticate: Fake\r\n"), std::string::npos);
    EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: me\r\n\r\n")
                    .ends_with("hello me (sealed)"));
    const auto broken = exchange("GET / HTTP/1.1\r\nHost: h\r\nX-Broken: 1\r\n\r\n");
    EXPECT_TRUE(broken.starts_with("HTTP/1.1 400 ")) << broken;
}

Task<Response> answer_after(Clock& clock, std::chrono::seconds time)
{
    co_await clock.sleep_for(time);
    co_return Response{.body = "slow"};
}

TEST_F(ServerWorld, draining_lets_running_requests_end_and_closes_the_idle)
{
    serve([this](Request, Caller) { return answer_after(clock, 5s); });
    const auto idle = connect();
    const auto busy = connect();
    write(*busy, get);
    clock.advance(1s);
    const auto start = clock.steady();
    clock.run(server->drain(in(60s)));
    EXPECT_EQ(clock.steady() - start, 4s);
    EXPECT_EQ(server->connections(), 0U);
    EXPECT_TRUE(ends(*idle, 0s));
    EXPECT_TRUE(read(*busy).ends_with("slow"));
    EXPECT_EQ(failure_of(network.connect(at, in(1s))).second, "connection_refused");
}

TEST_F(ServerWorld, draining_drops_what_is_not_done_in_time)
{
    serve([this](Request, Caller) { return answer_after(clock, 500s); });
    const auto busy = connect();
    write(*busy, get);
    clock.advance(1s);
    clock.run(server->drain(in(3s)));
    clock.advance(0s);
    EXPECT_EQ(server->connections(), 0U);
    EXPECT_EQ(read(*busy), "");
}

TEST_F(ServerWorld, destroying_the_server_spares_connections_that_are_about_to_end)
{
    serve([](Request, Caller) -> Task<Response> { co_return Response{}; });
    auto client = connect();
    exchange(get);
    client.reset(); // its coroutine is woken, and ends when the loop runs next
    server.reset();
    clock.advance(1s);
}

TEST_F(ServerWorld, destroying_the_server_cancels_its_handlers)
{
    bool went_on = false;
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): the server keeps it
    serve([this, &went_on](Request, Caller) -> Task<Response> {
        co_await clock.sleep_for(5s);
        went_on = true;
        co_return Response{};
    });
    const auto busy = connect();
    write(*busy, get);
    clock.advance(1s);
    server.reset();
    clock.advance(60s);
    EXPECT_FALSE(went_on);
    EXPECT_EQ(read(*busy), "");
}

} // namespace
} // namespace watari::http
