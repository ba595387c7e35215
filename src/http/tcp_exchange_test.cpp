// The same client and server over real sockets, on loopback.
#include "http/client.hpp"
#include "http/server.hpp"
#include "net/tcp.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace watari::http {
namespace {

using std::chrono_literals::operator""s;

Task<> exchange_over_tcp(Client& client, Server& server, Clock& clock, std::size_t& exchanges)
{
    for (const std::size_t size : {0U, 1U, 1000U, 100'000U, 900'000U}) {
        Request request{
            .method = "POST", .target = "/", .headers = {}, .body = std::string(size, 'x')};
        const auto response = co_await client.send(request, Deadline::after(clock, 20s));
        EXPECT_EQ(response.body, request.body);
        ++exchanges;
    }
    const auto large = co_await client.send(
        {.method = "POST", .target = "/", .headers = {}, .body = std::string(3U << 20, 'x')},
        Deadline::after(clock, 20s));
    EXPECT_EQ(large.status, 413);
    const auto streamed = co_await client.send({.target = "/stream"}, Deadline::after(clock, 20s));
    EXPECT_EQ(streamed.body, std::string(1U << 20, 'y'));
    EXPECT_LE(server.connections(), 2U);
    co_await server.drain(Deadline::after(clock, 20s));
    EXPECT_EQ(server.connections(), 0U);
    ++exchanges;
}

Task<> write_many(BodyWriter& writer)
{
    const std::string piece(1U << 14, 'y');
    for (int i = 0; i < 64; ++i) {
        co_await writer.write(piece);
    }
}

TEST(TcpExchange, bodies_of_every_size_cross_and_the_server_drains)
{
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    const auto network = net::tcp_network(loop.get_executor(), *clock);
    Server server{loop.get_executor(),
                  *clock,
                  network->listen({.address = "127.0.0.1", .port = 0}),
                  [](Request request, Caller) -> Task<Response> {
                      if (request.target == "/stream") {
                          co_return Response{.stream = write_many};
                      }
                      co_return Response{.body = std::move(request.body)};
                  },
                  {}};
    server.start();
    Client client{*network, *clock, server.local(), {}};
    std::size_t exchanges = 0;
    spawn(loop.get_executor(), exchange_over_tcp(client, server, *clock, exchanges), "test");
    while (exchanges < 6 && loop.run_one_for(30s) > 0) {
    }
    EXPECT_EQ(exchanges, 6U);
}

} // namespace
} // namespace watari::http
