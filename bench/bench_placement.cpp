// Placement decisions over a store of a thousand hosts.
//
// usage: bench_placement FOLDER
#include "bench/furniture.hpp"
#include "provisioning/placement.hpp"

namespace {

using namespace watari;
using namespace watari::bench;

constexpr std::size_t host_count = 1'000;
constexpr std::size_t vm_count = 5'000;
constexpr std::size_t decisions_max = 2'000;
constexpr double seconds_max = 5;

} // namespace

int main(int argc, char** argv)
{
    // In memory where the system has such a folder: what is measured is the decision, not the disk.
    const std::filesystem::path memory{"/dev/shm"};
    const Folder folder{std::filesystem::exists(memory) ? memory : work_folder(argc, argv)};
    boost::asio::io_context loop{1};
    const auto clock = system_clock(loop.get_executor());
    const auto random = seeded_random(1);
    const auto store =
        store::sqlite::open(folder / "placement.db", *clock, {.inline_on_loop = true});
    Site site{*clock, *random};
    run(loop, store->transact([&](store::Transaction& transaction) {
        site.found(transaction);
        for (std::size_t number = 0; number < host_count; ++number) {
            site.add_host(transaction, number);
        }
        for (std::size_t number = 0; number < vm_count; ++number) {
            site.add_vm(transaction, number);
        }
    }));
    const provisioning::Wish wish{.memory = ByteSize::gib(2),
                                  .processors = 2,
                                  .disk = ByteSize::gib(40),
                                  .network = site.network,
                                  .network_name = "customers"};
    std::vector<double> took;
    std::size_t fitting = 0;
    run(loop, store->read([&](store::Transaction& transaction) {
        const Stopwatch all;
        while (took.size() < decisions_max && all.seconds() < seconds_max) {
            const Stopwatch one;
            const auto decision = provisioning::place(transaction, wish);
            took.push_back(one.seconds());
            fitting = 0;
            for (const auto& candidate : decision.candidates) {
                fitting += candidate.fits() ? 1 : 0;
            }
        }
    }));
    const double rate = 1 / median(took);
    print({.row = "placement with every rule on, 1,000 hosts",
           .goal = ">= 10000",
           .measured = rate,
           .unit = "1/s",
           .how = fmt::format("median of {} decisions, each with its reasons, read from SQLite; {} "
                              "hosts, {} VMs, {} hosts fit",
                              took.size(), host_count, vm_count, fitting),
           .met = rate >= 10'000,
           .details = {{"p99_ms", quantile(took, 0.99) * 1000}}});
}
