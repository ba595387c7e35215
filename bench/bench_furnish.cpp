// Fills the database of a watarid that is not running, for rows.py.
//
// usage: bench_furnish FOLDER VMS OPERATIONS
//   VMS machines of the project `default` on 20 hosts that do not answer; the first OPERATIONS of
//   them have an operation that has not ended.
#include "bench/fake_host.hpp"
#include "bench/furniture.hpp"
#include "fleet/fleet.hpp"
#include "operations/engine.hpp"
#include "provisioning/workflows.hpp"
#include "store/secret_box.hpp"

namespace {

using namespace watari;
using namespace watari::bench;

constexpr std::size_t host_count = 20;

void open_operation(store::Transaction& transaction, const operations::Engine& engine, Site& site,
                    const store::VmRecord& vm)
{
    engine.submit(transaction, {.id = site.id<store::OperationId>(),
                                .kind = "start_vm",
                                .project = vm.project,
                                .vm = vm.id,
                                .host = vm.host,
                                .actor = "bench",
                                .request_id = vm.name});
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::cerr << "usage: bench_furnish FOLDER VMS OPERATIONS\n";
        return 2;
    }
    const std::filesystem::path folder{argv[1]};
    const std::size_t vms = std::stoul(argv[2]);
    const std::size_t open = std::stoul(argv[3]);
    std::filesystem::create_directories(folder);
    boost::asio::io_context loop{1};
    const auto clock = system_clock(loop.get_executor());
    const auto random = seeded_random(1);
    const auto secrets = store::open_secret_box(folder / "secrets.key");
    const auto store = store::sqlite::open(folder / "watari.db", *clock, {.inline_on_loop = true});
    FakeConnector connector{*random};
    const hyperv::SiteId id{Uuid::random(*random)};
    fleet::Fleet fleet{{*store, *secrets, connector, *clock, id}};
    provisioning::Inventory inventory{*store};
    provisioning::Services services{*store, fleet, inventory, id};
    const operations::Engine engine{*store, *clock, *random, loop.get_executor(),
                                    provisioning::all_workflows(services)};
    Site site{*clock, *random};
    run(loop, store->transact([&](store::Transaction& transaction) {
        site.found(transaction);
        for (std::size_t number = 0; number < host_count; ++number) {
            const auto host = site.add_host(transaction, number);
            store::set_host_password(transaction, *secrets, host.id, "watari-sim");
        }
        for (std::size_t number = 0; number < vms; ++number) {
            const auto vm = site.add_vm(transaction, number);
            if (number < open) {
                open_operation(transaction, engine, site, vm);
            }
        }
    }));
}
