#pragma once

#include "operations/engine.hpp"
#include "operations/rules.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace watari::operations {

/// What running operations share.
struct Services {
    store::Store& store;
    Clock& clock;
    Random& random;
    const EngineOptions& options;
    const bool& stopping;
    std::function<void(const Change&)> changed;
};

/// One operation in memory, as the store has it but for the step being done.
struct Run {
    const Workflow* workflow = nullptr;
    store::OperationRecord operation;
    std::vector<store::StepRecord> steps;
};

/// Why work on an operation paused.
enum class Pause {
    ended,
    later,        ///< until operation.next_try
    other_host,   ///< goes on within another host's budget
    stopped,      ///< the engine stops
    store_failed, ///< to be loaded again: what is in memory may differ from the store
};

/// Takes one operation forward (or back) from step to step until something makes it pause.
class Runner
{
public:
    /// `give_up` cancels the coroutine that works.
    Runner(const Services& services, Run& run, std::function<void()> give_up)
        : services_(services), run_(run), give_up_(std::move(give_up))
    {
    }

    Task<Pause> work();

private:
    class Context;
    using Hook = std::function<void(store::Transaction&)>;
    /// Applies a change of state to the operation and one of its steps, which are copies.
    using Mark = std::function<void(store::OperationRecord&, store::StepRecord&, WallTime now)>;

    std::optional<std::size_t> next_to_do() const;
    std::optional<std::size_t> next_to_undo() const;
    bool undo_reaches_outside() const;

    Task<std::optional<Pause>> go_on(std::size_t position);
    /// Whether the effect of a change that may still be running is there already.
    Task<bool> is_done_already(std::size_t position);
    Task<std::optional<Pause>> perform(std::size_t position);
    Task<std::optional<Pause>> undo(std::size_t position);
    Task<std::optional<Pause>> end_without_step();
    Task<std::optional<Pause>> after_failure(std::size_t position, Context& context,
                                             Failure failure);
    Task<std::optional<Pause>> after_failed_undo(std::size_t position, Context& context,
                                                 Failure failure);
    /// What failed is not the step: the store beneath it, or the engine stops.
    std::optional<Pause> without_conclusion(const Failure& failure) const;
    Task<std::optional<Pause>> block(std::size_t position, const Failure& failure);
    Task<std::optional<Pause>> pause_until(std::size_t position, store::OperationState state,
                                           WallTime when, std::string_view event);
    Task<std::optional<Pause>> turn_back(std::size_t position, std::string_view event);

    Task<> act(const Step& step, Context& context);
    /// Cancels a call that does not end by its deadline (and some grace): one step cannot hold a
    /// host's budget for ever.
    template <class T>
    Task<T> guarded(Task<T> call, const Context& context);
    void keep_failure(std::size_t position, const Context& context, const Failure& failure);
    void turn_back_if_cancelled();
    void mark_finished(store::OperationRecord& operation, WallTime now) const;
    bool finishes_after(std::size_t position) const;

    /// One transaction: the hook, the marks, an event, and what ends the operation. None: done;
    /// else what the hook or the store threw.
    Task<std::optional<Failure>> save(std::size_t position, Mark mark, std::string_view event,
                                      Hook hook = {});
    void write_end(store::Transaction& transaction, const store::OperationRecord& operation) const;

    const Services& services_;
    Run& run_;
    std::function<void()> give_up_;
};

} // namespace watari::operations
