#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "store/records/operation.hpp"

#include <any>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::operations {

/// What a look at the world found. `unknown`: cannot tell now; the engine looks again later.
enum class Looked { done, not_done, unknown };

/// What a step's functions work with; lives as long as the step runs.
class StepContext
{
public:
    virtual ~StepContext() = default;

    virtual const store::OperationRecord& operation() const = 0;
    const boost::json::value& input() const { return operation().input; }
    /// What the step of that id left in result(); null when it left nothing.
    virtual const boost::json::value& result_of(std::string_view step) const = 0;
    /// What this step leaves for later steps and for its own undo; durable with the step's end, and
    /// with mark_sent.
    virtual boost::json::value& result() = 0;
    /// What act leaves for the commit of the same attempt; in memory only.
    virtual std::any& scratch() = 0;

    virtual store::Store& store() = 0;
    virtual Clock& clock() = 0;
    virtual Random& random() = 0;
    /// For everything this call of look, act, verify or undo sends.
    virtual Deadline deadline() const = 0;
    /// Whether a change may have been sent in an earlier attempt (also one by a process that died
    /// since).
    virtual bool may_have_sent() const = 0;

    /// To be awaited before every change that is sent to the outside: makes durable that it may
    /// have been, together with result(). `within` is the longest that it may still run after its
    /// answer is lost.
    virtual Task<> mark_sent(std::chrono::nanoseconds within = std::chrono::minutes{1}) = 0;
    /// The operation's steps use this host's budget from the next step on.
    virtual void set_host(store::HostId host) = 0;
    virtual void progress(int percent) = 0;
    /// For the books: requests this step sent to a host.
    virtual void count_requests(std::int64_t more) = 0;
};

/// One step: look → act → verify, then `commit` in the transaction that marks it done.
///
/// `look` is called only when an earlier attempt may have sent a change; it changes nothing,
/// because that change may still be running. What it finds done is done at once; otherwise it is
/// called again after the change has run or never will, and only then the step acts. Failures by
/// kind: unavailable, timed_out and outcome_unknown are tried again (after a look), then the
/// operation is blocked and goes on by itself; exhausted is tried again, then permanent; the rest
/// is permanent. After a permanent failure the step itself (if it may have sent) and all steps done
/// are undone in reverse.
struct Step {
    using Look = std::function<Task<Looked>(StepContext&)>;
    using Act = std::function<Task<>(StepContext&)>;
    using Commit = std::function<void(store::Transaction&, StepContext&)>;

    std::string id = {}; ///< stable for ever within its workflow
    Message title = {};
    /// Whether the effect of act is there (then it also fills result()). Absent: act may be
    /// repeated safely.
    Look look = {};
    Act act = {};
    /// Throws when the effect is not as ordered; runs after act, and after a look that said done.
    Act verify = {};
    /// Takes the effect back; looks itself, because it may be called when nothing or all of it is
    /// there, and again after a failure.
    Act undo = {};
    /// The step's rows. What it throws counts as what act throws. May run more than once.
    Commit commit = {};
    /// Runs in the transaction that marks the step undone; also for a step that failed before its
    /// commit.
    Commit uncommit = {};
    std::chrono::nanoseconds time_limit = std::chrono::minutes{2}; ///< of each call
    /// Refusals that only time cures, such as that of a guest that is still starting: the step acts
    /// again every look_interval until its time limit has passed since it began, then it fails.
    std::function<bool(const Error&)> waits_for = {};
    std::optional<std::chrono::nanoseconds> wait_limit = {}; ///< instead of the time limit
    bool retry_exhausted =
        true; ///< false where exhausted means capacity of ours, which no waiting brings back
};

/// A named list of steps, read from top to bottom. A changed list is a new version; old ones stay
/// while operations use them.
struct Workflow {
    std::string name = {};
    std::int64_t version = 1;
    std::vector<Step> steps = {};
    /// Nothing is ever undone (removing a VM): a permanent failure ends the operation as it stands,
    /// and once a change may have been sent it cannot be cancelled.
    bool forward_only = false;
    /// Runs in the transaction that ends the operation; `operation.state` says how.
    std::function<void(store::Transaction&, const store::OperationRecord& operation)> ended = {};
};

} // namespace watari::operations
