#pragma once

#include "core/random.hpp"
#include "core/simulated_clock.hpp"
#include "programs/watarid/daemon.hpp"
#include "store/testing/crash_disk.hpp"
#include "store/testing/temporary_folder.hpp"
#include "tests/world/plugged_network.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace watari::world {

/// One watarid that can be killed at any instant and started again. What a kill leaves is what the
/// machine keeps: bytes already sent, and what the disk had synced. The killed process's objects
/// are taken down afterwards, cut off from network and disk, so that nothing they still do can be
/// seen.
class Node
{
public:
    Node(Executor executor, SimulatedClock& clock, net::Network& outside, std::uint64_t seed,
         fleet::FleetOptions fleet);
    ~Node();

    bool is_up() const noexcept { return up_; }
    /// Starts the process anew when it is not up. May be killed while it starts, and then starts
    /// again.
    void ensure_up();
    /// From anywhere, also from within the daemon's own calls.
    void kill();
    /// Orderly, as SIGTERM does it.
    void stop();

    /// Kills at the n-th COMMIT from now on: before it is durable or right after.
    void kill_at_commit(std::uint64_t n, store::sqlite::CommitPoint point);
    void spare() { planned_.reset(); }
    std::uint64_t commits() const noexcept { return commits_; }
    unsigned kills() const noexcept { return kills_; }

    net::Endpoint address() const;
    std::string token() const;
    store::Store& store();
    store::testing::CrashDisk& disk() { return disk_; }

private:
    struct Planned {
        std::uint64_t commit;
        store::sqlite::CommitPoint point;
    };

    void start();
    void bury();
    void on_commit(store::sqlite::CommitPoint point);

    Executor executor_;
    SimulatedClock& clock_;
    net::Network& outside_;
    std::uint64_t seed_;
    fleet::FleetOptions fleet_options_;
    store::testing::TemporaryFolder folder_;
    store::testing::CrashDisk disk_;
    std::unique_ptr<PluggedNetwork> network_;
    std::unique_ptr<Random> random_;
    std::unique_ptr<Daemon> daemon_;
    bool up_ = false;
    unsigned starts_ = 0;
    unsigned kills_ = 0;
    std::uint64_t commits_ = 0;
    std::optional<Planned> planned_;
};

} // namespace watari::world
