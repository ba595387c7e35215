#pragma once

#include "core/simulated_clock.hpp"
#include "store/sqlite/sqlite.hpp"
#include "store/testing/crash_disk.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace watari::store::testing {

/// A store on simulated time, on a disk in memory.
struct Scene {
    boost::asio::io_context loop = {};
    SimulatedClock clock{loop};
    std::unique_ptr<Random> random = seeded_random(1);
    CrashDisk disk = {};
    std::unique_ptr<Store> store = open();

    std::unique_ptr<Store> open(std::function<void(sqlite::CommitPoint)> on_commit = {})
    {
        return sqlite::open(
            "watari.db", clock,
            {.inline_on_loop = true, .vfs = disk.vfs(), .on_commit = std::move(on_commit)});
    }

    template <class Function>
    auto transact(Function function)
    {
        return clock.run(store->transact(std::move(function)));
    }
    template <class Function>
    auto read(Function function)
    {
        return clock.run(store->read(std::move(function)));
    }
    template <class Id>
    Id id()
    {
        return Id{Uuid::ordered(clock.now(), *random)};
    }
};

} // namespace watari::store::testing
