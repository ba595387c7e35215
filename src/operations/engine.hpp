#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "operations/workflow.hpp"
#include "store/database.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::operations {

/// What somebody asks for. `id` is chosen before, so that an answer that got lost can be asked for.
struct NewOperation {
    store::OperationId id = {};
    std::string kind = {}; ///< the workflow's name; its newest version is used
    std::optional<store::ProjectId> project = {};
    std::optional<store::VmId> vm = {};
    std::optional<store::HostId> host = {};
    std::string actor = {};
    std::string reason = {};
    std::string request_id = {};
    boost::json::value input = boost::json::object{};
};

/// A durable change of an operation, told on the engine's loop after it is durable.
struct Change {
    store::OperationRecord operation;
    std::optional<store::StepRecord> step = {}; ///< the step that changed, if one did
};

struct EngineOptions {
    std::size_t concurrency = 4'096; ///< operations being worked on
    std::size_t per_host = 8;        ///< of these, for one host
    std::size_t unplaced = 64;       ///< of these, without a host yet
    std::chrono::nanoseconds backoff_first = std::chrono::seconds{1};
    std::chrono::nanoseconds backoff_max = std::chrono::minutes{1};
    std::int64_t attempts_max = 8; ///< then blocked (host does not answer) or undone (exhausted)
    std::chrono::nanoseconds blocked_interval = std::chrono::minutes{2};
    /// How much longer than promised to mark_sent a lost request is waited for.
    std::chrono::nanoseconds settle_margin = std::chrono::seconds{10};
    /// How much longer than its time limit a step's function may take before it is cancelled.
    std::chrono::nanoseconds overrun_grace = std::chrono::seconds{30};
    /// How often the effect of a lost request is looked for meanwhile.
    std::chrono::nanoseconds look_interval = std::chrono::seconds{5};
    /// How often the store is asked for operations that nobody woke us for.
    std::chrono::nanoseconds poll_interval = std::chrono::seconds{5};
    std::function<void(const Change&)> on_change = {};
};

/// Takes every operation in the store to its end, through crashes, lost answers and hosts that are
/// gone. Knows nothing of VMs.
class Engine
{
public:
    Engine(store::Store& store, Clock& clock, Random& random, Executor executor,
           std::vector<Workflow> workflows, EngineOptions options = {});
    /// Only after run() has returned.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Accepts an operation inside the caller's transaction, with its steps, event and audit row;
    /// call wake() when that is durable. May be called on the database thread. Throws invalid when
    /// no workflow has that name.
    store::OperationRecord submit(store::Transaction& transaction, NewOperation operation) const;
    /// Asks that the operation be undone at the next safe point: between two steps, or while it
    /// waits or is blocked; then wake(). Throws not_found, conflict (it has ended, or is being
    /// undone already). May be called on the database thread.
    store::OperationRecord request_cancel(store::Transaction& transaction, store::OperationId id,
                                          std::string_view actor) const;
    /// There is work in the store.
    void wake();
    /// Operations that wait for this host, or are blocked by it, try again now.
    void host_is_back(store::HostId host);

    /// Throws unsupported naming every workflow and version that an unfinished operation needs and
    /// this program lacks.
    Task<> check();
    /// Works until stop(); check() comes before. A store that does not answer is asked again.
    Task<> run();
    /// No new step begins; steps under way may end until `deadline`, then they are cancelled (and
    /// looked at after a restart).
    Task<> stop(Deadline deadline);

    /// The operation as it is when it has ended, or at the deadline. Throws not_found.
    Task<store::OperationRecord> await_operation(store::OperationId id, Deadline deadline);
    /// Percent of the step being done now; none when no step of the operation is.
    std::optional<int> progress_of(store::OperationId id) const;
    std::size_t active() const noexcept; ///< operations being worked on now

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace watari::operations
