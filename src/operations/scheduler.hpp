#pragma once

#include "core/clock.hpp"
#include "operations/runner.hpp"
#include "store/ids.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace watari::operations {

/// Which operation may be worked on next: fair between hosts, within each host's budget. Holds ids
/// only, so that a thousand operations of a dead host cost little and stand in nobody's way.
class Scheduler
{
public:
    using HostKey = std::optional<store::HostId>;

    struct Entry {
        store::OperationId id = {};
        HostKey host = {};
        std::shared_ptr<Run> run = {}; ///< what is still in memory, if anything
    };

    explicit Scheduler(const EngineOptions& options) : options_(options) {}

    bool knows(store::OperationId id) const { return places_.contains(id); }
    /// Does nothing to one that is queued; wakes one that sleeps; is remembered for one that is
    /// running.
    void queue(Entry entry);
    void sleep_until(Entry entry, WallTime when);
    /// Queues those whose time has come.
    void wake_due(WallTime now);
    void wake_sleepers_of(store::HostId host);
    std::optional<WallTime> next_due() const;

    /// The next one to work on, if a budget is free; it is running from now on.
    std::optional<Entry> take();
    /// It is no longer running, and no longer known. True when somebody queued it meanwhile.
    bool release(const Entry& entry);
    std::size_t running() const noexcept { return running_; }

private:
    enum class Place { queued, running, running_and_queued, sleeping };
    struct HostQueue {
        std::deque<Entry> waiting;
        std::size_t running = 0;
        bool listed = false;
    };
    struct Sleeper {
        WallTime when;
        HostKey host;
    };

    std::size_t budget_of(const HostKey& host) const
    {
        return host ? options_.per_host : options_.unplaced;
    }
    void list_if_ready(const HostKey& host, HostQueue& queue);
    void wake(store::OperationId id);

    const EngineOptions& options_;
    std::unordered_map<store::OperationId, Place> places_;
    std::map<HostKey, HostQueue> hosts_;
    std::deque<HostKey> ready_; ///< hosts with something waiting and budget left, in turn
    std::unordered_map<store::OperationId, Sleeper> sleepers_;
    std::set<std::pair<WallTime, store::OperationId>> due_;
    std::size_t running_ = 0;
};

} // namespace watari::operations
