// Load on watarid's REST API, for rows.py.
//
// usage: bench_load mix ADDRESS PORT TOKEN-FILE VMS SECONDS     16 connections: 70 % get VM, 25 %
// first page, 5 % accepted changes
//        bench_load create ADDRESS PORT TOKEN-FILE VMS CONNECTIONS    orders VMs and waits until
//        each one runs
#include "bench/bench.hpp"
#include "core/random.hpp"
#include "core/sync.hpp"
#include "http/client.hpp"
#include "net/tcp.hpp"

#include <fmt/format.h>

#include <fstream>

namespace {

using namespace watari;
using namespace watari::bench;

constexpr std::size_t mix_connections = 16;

struct Load {
    Load(std::string address, std::uint16_t port, const std::string& token_file)
        : server{std::move(address), port}
    {
        std::ifstream in{token_file};
        std::getline(in, token);
    }

    boost::asio::io_context loop{1};
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::unique_ptr<Random> random = system_random(); // names of one run are not those of the next
    std::unique_ptr<net::Network> network = net::tcp_network(loop.get_executor(), *clock);
    net::Endpoint server;
    std::string token;

    std::size_t vms = 0;
    double seconds = 0;
    std::size_t next = 0;
    std::size_t changes = 0;
    std::size_t running = 0; ///< connections at work
    std::size_t refused = 0;
    std::string refusal; ///< the last one
    std::vector<double> took_ms;
    Signal ended;
};

http::Request request(const Load& load, std::string method, std::string target,
                      std::string body = {})
{
    http::Request made{
        .method = std::move(method), .target = std::move(target), .body = std::move(body)};
    made.headers.add("Host", load.server.text());
    made.headers.add("Authorization", "Bearer " + load.token);
    if (!made.body.empty()) {
        made.headers.add("Content-Type", "application/json");
    }
    return made;
}

/// 70 : 25 : 5.
http::Request any_request(Load& load)
{
    const auto number = load.random->below(100);
    if (number < 70) {
        return request(load, "GET",
                       fmt::format("/v1/vms/desk-{:06}", load.random->below(load.vms)));
    }
    if (number < 95) {
        return request(load, "GET", "/v1/vms?page_size=50");
    }
    const auto change = ++load.changes;
    return request(
        load, "POST", "/v1/plans",
        fmt::format(
            R"({{"name":"plan-{:016x}-{}","processors":1,"memory_mib":1024,"disk_bytes":10737418240}})",
            load.random->next(), change));
}

void note(Load& load, const http::Response& response, bool good)
{
    if (!good) {
        ++load.refused;
        load.refusal = fmt::format("{} {}", response.status, response.body.substr(0, 400));
    }
}

void leave(Load& load)
{
    --load.running;
    load.ended.notify_all();
}

Task<> mix(Load& load, const Stopwatch& watch)
{
    http::Client client{*load.network, *load.clock, load.server, {.connections_max = 1}};
    while (watch.seconds() < load.seconds) {
        const Stopwatch one;
        const auto response =
            co_await client.send(any_request(load), Deadline::after(*load.clock, seconds{30}));
        load.took_ms.push_back(one.seconds() * 1000);
        note(load, response, response.status == 200 || response.status == 202);
    }
    leave(load);
}

Task<> create(Load& load)
{
    http::Client client{*load.network, *load.clock, load.server, {.connections_max = 1}};
    while (load.next < load.vms) {
        auto order =
            request(load, "POST", "/v1/vms",
                    fmt::format(R"({{"name":"desk-{:06}","plan":"small","network":"customers"}})",
                                load.next++));
        order.headers.add("Prefer", "wait=120");
        const Stopwatch one;
        const auto response =
            co_await client.send(std::move(order), Deadline::after(*load.clock, seconds{150}));
        load.took_ms.push_back(one.seconds() * 1000);
        note(load, response, response.body.find(R"("state":"succeeded")") != std::string::npos);
    }
    leave(load);
}

/// What a connection throws ends the measurement.
Task<> guarded(Load& load, Task<> task)
{
    try {
        co_await std::move(task);
        co_return;
    } catch (const Error& error) {
        ++load.refused;
        load.refusal = error.what();
    }
    leave(load);
}

Task<double> run_all(Load& load, std::size_t connections, bool creates)
{
    const Stopwatch watch;
    load.running = connections;
    for (std::size_t i = 0; i < connections; ++i) {
        spawn(load.loop.get_executor(), guarded(load, creates ? create(load) : mix(load, watch)),
              "connection");
    }
    while (load.running > 0) {
        co_await load.ended.wait(*load.clock, Deadline::never());
    }
    co_return watch.seconds();
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() != 6) {
        std::cerr
            << "usage: bench_load mix|create ADDRESS PORT TOKEN-FILE VMS SECONDS|CONNECTIONS\n";
        return 2;
    }
    const bool creates = arguments[0] == "create";
    Load load{arguments[1], static_cast<std::uint16_t>(std::stoul(arguments[2])), arguments[3]};
    load.vms = std::stoul(arguments[4]);
    load.seconds = creates ? 0 : std::stod(arguments[5]);
    const double seconds = run(
        load.loop, run_all(load, creates ? std::stoul(arguments[5]) : mix_connections, creates));
    std::cout << boost::json::serialize(boost::json::object{
                     {"requests", load.took_ms.size()},
                     {"seconds", seconds},
                     {"p50_ms", load.took_ms.empty() ? 0 : median(load.took_ms)},
                     {"p99_ms", load.took_ms.empty() ? 0 : quantile(load.took_ms, 0.99)},
                     {"refused", load.refused},
                     {"refusal", load.refusal}})
              << std::endl;
}
