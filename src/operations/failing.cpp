// How a runner goes on after a failure.
#include "core/log.hpp"
#include "operations/context.hpp"

#include <algorithm>

namespace watari::operations {

using store::OperationRecord;
using store::OperationState;
using store::StepRecord;
using store::StepState;
using store::StoredError;

void Runner::keep_failure(std::size_t position, const Context& context, const Failure& failure)
{
    auto& record = run_.steps[position];
    record.error = StoredError::from(failure.error);
    if (context.sent_now()) {
        // An answer, even a refusal, says that nothing sent before it is still under way.
        record.settles = failure.effect_unknown
                             ? std::optional{context.settled_after(services_.clock.now())}
                             : std::nullopt;
    }
}

std::optional<Pause> Runner::without_conclusion(const Failure& failure) const
{
    if (failure.of_store) {
        log::warn("operation_store_failed",
                  {{"operation", run_.operation.id}, {"error", failure.error.what()}});
        return Pause::store_failed;
    }
    return services_.stopping && failure.error.kind() == ErrorKind::cancelled
               ? std::optional{Pause::stopped}
               : std::nullopt;
}

Task<std::optional<Pause>> Runner::block(std::size_t position, const Failure& failure)
{
    log::warn("operation_blocked",
              {{"operation", run_.operation.id}, {"error", failure.error.what()}});
    const auto pause = blocked_pause(services_.options, services_.random);
    co_return co_await pause_until(position, OperationState::blocked,
                                   after(services_.clock.now(), pause), "operation.blocked");
}

Task<std::optional<Pause>> Runner::after_failure(std::size_t position, Context& context,
                                                 Failure failure)
{
    if (const auto pause = without_conclusion(failure)) {
        co_return pause;
    }
    const auto before = run_.steps[position].error;
    keep_failure(position, context, failure);
    run_.operation.error = run_.steps[position].error;
    const auto& options = services_.options;
    const auto now = services_.clock.now();
    const Step& step = run_.workflow->steps[position];
    if (step.waits_for && step.waits_for(failure.error)) {
        const auto until =
            after(*run_.steps[position].started, step.wait_limit.value_or(step.time_limit));
        const auto next = after(now, options.look_interval);
        if (next >= until) {
            co_return co_await turn_back(position, "step.failed");
        }
        run_.operation.attempts = 0;
        const bool is_known = before && before->message == failure.error.message();
        co_return co_await pause_until(position, OperationState::waiting, next,
                                       is_known ? "" : "step.failed");
    }
    switch (verdict_on(failure.error.kind(), run_.workflow->steps[position],
                       run_.operation.attempts, options)) {
    case Verdict::retry: {
        const auto next = after(now, backoff(run_.operation.attempts, options, services_.random));
        co_return co_await pause_until(
            position, OperationState::waiting,
            run_.workflow->steps[position].look
                ? next
                : std::max(next, run_.steps[position].settles.value_or(next)),
            "step.failed");
    }
    case Verdict::block:
        if (run_.workflow->forward_only || undo_reaches_outside()) {
            co_return co_await block(position, failure);
        }
        break;
    case Verdict::undo:
        break;
    }
    co_return co_await turn_back(position, "step.failed");
}

Task<std::optional<Pause>> Runner::after_failed_undo(std::size_t position, Context& context,
                                                     Failure failure)
{
    if (const auto pause = without_conclusion(failure)) {
        co_return pause;
    }
    keep_failure(position, context, failure);
    const auto& options = services_.options;
    const auto now = services_.clock.now();
    if (verdict_on_undo(failure.error.kind(), run_.operation.attempts, options) == Verdict::retry) {
        const auto next = after(now, backoff(run_.operation.attempts, options, services_.random));
        co_return co_await pause_until(position, OperationState::undoing,
                                       std::max(next, run_.steps[position].settles.value_or(next)),
                                       "step.undo_failed");
    }
    co_return co_await block(position, failure);
}

Task<std::optional<Pause>> Runner::turn_back(std::size_t position, std::string_view event)
{
    log::warn("operation_failed",
              {{"operation", run_.operation.id},
               {"kind", run_.operation.kind},
               {"error", run_.operation.error ? run_.operation.error->message.code : ""}});
    run_.steps[position].state = StepState::failed;
    run_.operation.backward = true;
    run_.operation.attempts = 0;
    run_.operation.state = OperationState::undoing;
    const bool ends_here = run_.workflow->forward_only;
    const auto failure = co_await save(
        position,
        [&](OperationRecord& operation, StepRecord&, WallTime now) {
            if (ends_here) {
                mark_finished(operation, now);
            }
        },
        event);
    if (failure) {
        co_return Pause::store_failed;
    }
    co_return ends_here ? std::optional{Pause::ended} : std::nullopt;
}

Task<std::optional<Pause>> Runner::pause_until(std::size_t position, OperationState state,
                                               WallTime when, std::string_view event)
{
    const auto failure = co_await save(
        position,
        [&](OperationRecord& operation, StepRecord&, WallTime) {
            operation.state = state;
            operation.next_try = when;
        },
        event);
    co_return failure ? Pause::store_failed : Pause::later;
}

} // namespace watari::operations
