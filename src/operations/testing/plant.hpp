#pragma once

#include "operations/engine.hpp"
#include "operations/testing/world.hpp"
#include "store/records/event.hpp"
#include "store/testing/scene.hpp"

#include <memory>
#include <vector>

namespace watari::operations::testing {

Error failure(ErrorKind kind, std::string code = "told");

/// A workflow of one step that acts.
Workflow one_step(std::string name, Step::Act act);

/// A store, a world and an engine that can be killed and started again on what is durable.
struct Plant {
    explicit Plant(std::uint64_t seed = 1, EngineOptions engine_options = {});
    ~Plant();

    /// Opens the store and starts the engine; what check() or run() threw is in `run_failure`.
    void start();
    /// Power goes: the disk loses what was not synced, the process is no more. The world goes on.
    void kill();
    /// An orderly stop.
    void stop(std::chrono::nanoseconds grace = std::chrono::seconds{0});

    store::OperationId submit(std::string kind, boost::json::object input = {},
                              std::optional<store::HostId> host = {});
    store::OperationRecord get(store::OperationId id);
    std::vector<store::StepRecord> steps(store::OperationId id);
    std::vector<std::string> event_kinds(store::OperationId id);
    bool reserved(store::OperationId id);
    /// Until every operation has ended; false when time runs out first.
    bool run_to_end(std::chrono::nanoseconds limit = std::chrono::hours{48});
    /// Lets time pass; after a kill_now() within, the process is started again and the rest of the
    /// time is skipped.
    void advance(std::chrono::nanoseconds duration);
    std::size_t open_operations();

    std::uint64_t seed;
    store::testing::Scene scene = {};
    std::unique_ptr<Random> random;
    World world;
    EngineOptions options;
    std::vector<Workflow> workflows;
    std::unique_ptr<Engine> engine = {};
    std::exception_ptr run_failure = {};
    std::function<void(store::sqlite::CommitPoint)> on_commit = {};
    bool dead = false; ///< set by kill_now(); kill() and start() follow
    std::uint64_t commits = 0;

    /// Called from on_commit.
    [[noreturn]] void kill_now();

private:
    bool run_ended_ = true;
};

} // namespace watari::operations::testing
