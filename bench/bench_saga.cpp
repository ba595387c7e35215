// VMs ordered and brought to running by the real engine, store and workflows, with hosts that do
// every act at once.
//
// usage: bench_saga FOLDER
#include "bench/fake_host.hpp"
#include "bench/furniture.hpp"
#include "core/log.hpp"
#include "fleet/fleet.hpp"
#include "operations/engine.hpp"
#include "provisioning/orders.hpp"
#include "provisioning/workflows.hpp"
#include "store/secret_box.hpp"

#include <stdexcept>

namespace {

using namespace watari;
using namespace watari::bench;

constexpr std::size_t host_count = 20;
constexpr std::size_t vm_count = 1'000;
constexpr std::size_t ordering = 32; ///< customers who order at the same time

/// Everything between REST and driver.
struct Node {
    explicit Node(const Folder& folder)
        : store(store::sqlite::open(folder / "saga.db", *clock)),
          secrets(store::open_secret_box(folder / "secrets.key"))
    {
        run(loop, store->transact([this](store::Transaction& transaction) {
            site.found(transaction);
            for (std::size_t number = 0; number < host_count; ++number) {
                site.add_host(transaction, number);
            }
        }));
        engine = std::make_unique<operations::Engine>(*store, *clock, *random, loop.get_executor(),
                                                      provisioning::all_workflows(services));
        orders =
            std::make_unique<provisioning::Orders>(services, *secrets, *engine, *clock, *random);
    }

    boost::asio::io_context loop{1};
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::unique_ptr<Random> random = seeded_random(1);
    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::SecretBox> secrets;
    Site site{*clock, *random};
    FakeConnector connector{*random};
    hyperv::SiteId id{Uuid::random(*random)};
    fleet::Fleet fleet{{*store, *secrets, connector, *clock, id}};
    provisioning::Inventory inventory{*store};
    provisioning::Services services{*store, fleet, inventory, id};
    std::unique_ptr<operations::Engine> engine;
    std::unique_ptr<provisioning::Orders> orders;
};

/// One of those who order: one VM after another until all are ordered.
Task<> order(Node& node, std::size_t& next)
{
    while (next < vm_count) {
        const std::size_t number = next++;
        co_await node.orders->create_vm(
            {.name = fmt::format("desk-{:06}", number), .plan = "small", .network = "customers"},
            {.project = node.site.project, .actor = "bench", .request_id = fmt::to_string(number)});
    }
}

/// Operations in a state, as the store has them.
Task<std::size_t> count(Node& node, std::string_view state)
{
    co_return co_await node.store->read([state](store::Transaction& transaction) {
        return store::count<store::OperationRecord>(transaction, {.all = {{"state", "=", state}}});
    });
}

Task<double> order_all(Node& node)
{
    spawn(node.loop.get_executor(), node.engine->run(), "engine");
    std::size_t next = 0;
    const Stopwatch watch;
    for (std::size_t i = 0; i < ordering; ++i) {
        spawn(node.loop.get_executor(), order(node, next), "order");
    }
    while (co_await count(node, "succeeded") + co_await count(node, "failed") < vm_count) {
        co_await node.clock->sleep_for(std::chrono::milliseconds{10});
    }
    const double seconds = watch.seconds();
    co_await node.engine->stop(Deadline::after(*node.clock, std::chrono::seconds{10}));
    co_await node.clock->sleep_for(std::chrono::milliseconds{50}); // run() returns
    co_return seconds;
}

} // namespace

int main(int argc, char** argv)
{
    log::set_sink([](log::Level, std::string_view, std::initializer_list<log::Field>) {});
    std::vector<double> rates;
    for (int round = 0; round < 3; ++round) {
        const Folder folder{work_folder(argc, argv)};
        Node node{folder};
        const double seconds = run(node.loop, order_all(node));
        const auto succeeded = run(node.loop, count(node, "succeeded"));
        if (succeeded != vm_count) {
            throw std::runtime_error{
                fmt::format("only {} of {} VMs came to running", succeeded, vm_count)};
        }
        rates.push_back(static_cast<double>(vm_count) / seconds);
    }
    print({.row = "saga create to running, fake driver",
           .goal = ">= 500",
           .measured = median(rates),
           .unit = "VMs/s",
           .how = fmt::format("{} VMs with disk and NIC on {} hosts, {} orders at a time; real "
                              "engine, placement and SQLite store",
                              vm_count, host_count, ordering),
           .met = median(rates) >= 500});
}
