// What rows.py does with a simulated host through our driver, in a process of its own.
//
// usage: bench_hosts make ADDRESS PORT COUNT     defines COUNT machines without disks
//        bench_hosts list ADDRESS PORT           connects, lists, prints how many there are and the
//        requests it took
#include "bench/bench.hpp"
#include "core/random.hpp"
#include "hyperv/connect/connect.hpp"
#include "net/tcp.hpp"

#include <fmt/format.h>

namespace {

using namespace watari;
using namespace watari::bench;

struct Client {
    boost::asio::io_context loop{1};
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::unique_ptr<Random> random = system_random();
    std::unique_ptr<net::Network> network = net::tcp_network(loop.get_executor(), *clock);
    std::unique_ptr<hyperv::Connector> connector =
        hyperv::make_connector(*network, *clock, *random);

    Task<std::unique_ptr<hyperv::Connection>> open(std::string address, std::uint16_t port)
    {
        return connector->open({.endpoint = {std::move(address), port},
                                .user = "Administrator",
                                .password = "watari-sim"},
                               {}, Deadline::after(*clock, std::chrono::minutes{1}));
    }
    hyperv::CallContext context()
    {
        return {.deadline = Deadline::after(*clock, std::chrono::minutes{10})};
    }
};

Task<> make(Client& client, std::string address, std::uint16_t port, std::size_t count)
{
    const auto connection = co_await client.open(std::move(address), port);
    const hyperv::SiteId site{Uuid::random(*client.random)};
    for (std::size_t number = 0; number < count; ++number) {
        hyperv::VmSpec spec;
        spec.mark = {site, hyperv::VmId{Uuid::random(*client.random)}};
        spec.name = fmt::format("desk-{:04}", number);
        spec.folder = "D:\\watari\\" + spec.mark.vm.value().lower();
        spec.processors = 2;
        spec.memory = ByteSize::mib(2048);
        co_await connection->driver().define_vm(std::move(spec), std::nullopt, client.context());
    }
}

Task<> list(Client& client, std::string address, std::uint16_t port)
{
    const auto connection = co_await client.open(std::move(address), port);
    const auto vms = co_await connection->driver().list_vms(client.context());
    std::cout << boost::json::serialize(
                     boost::json::object{{"vms", vms.size()}, {"requests", connection->requests()}})
              << std::endl;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 3) {
        std::cerr << "usage: bench_hosts make|list ADDRESS PORT [COUNT]\n";
        return 2;
    }
    Client client;
    const auto port = static_cast<std::uint16_t>(std::stoul(arguments[2]));
    if (arguments[0] == "make") {
        run(client.loop, make(client, arguments[1], port, std::stoul(arguments.at(3))));
    } else {
        run(client.loop, list(client, arguments[1], port));
    }
}
