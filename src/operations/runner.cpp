#include "operations/runner.hpp"

#include "core/log.hpp"
#include "messages/operations.hpp"
#include "operations/context.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <type_traits>

namespace watari::operations {

using store::OperationRecord;
using store::OperationState;
using store::StepRecord;
using store::StepState;
using store::StoredError;
using store::Transaction;

Task<Pause> Runner::work()
{
    const auto host = run_.operation.host;
    while (!services_.stopping) {
        turn_back_if_cancelled();
        const auto position = run_.operation.backward ? next_to_undo() : next_to_do();
        std::optional<Pause> pause;
        if (position) {
            pause = co_await go_on(*position);
        } else {
            pause = co_await end_without_step();
        }
        if (pause) {
            co_return *pause;
        }
        if (run_.operation.host != host) {
            co_return Pause::other_host;
        }
    }
    co_return Pause::stopped;
}

std::optional<std::size_t> Runner::next_to_do() const
{
    const auto found = std::ranges::find_if(
        run_.steps, [](const auto& step) { return step.state != StepState::done; });
    return found == run_.steps.end()
               ? std::nullopt
               : std::optional{static_cast<std::size_t>(found - run_.steps.begin())};
}

std::optional<std::size_t> Runner::next_to_undo() const
{
    for (std::size_t i = run_.steps.size(); i > 0; --i) {
        const auto state = run_.steps[i - 1].state;
        if (state != StepState::pending && state != StepState::undone) {
            return i - 1;
        }
    }
    return std::nullopt;
}

bool Runner::undo_reaches_outside() const
{
    for (std::size_t i = 0; i < run_.steps.size(); ++i) {
        const auto& step = run_.steps[i];
        if (run_.workflow->steps[i].undo && (step.sent || step.state == StepState::done)) {
            return true;
        }
    }
    return false;
}

Task<std::optional<Pause>> Runner::go_on(std::size_t position)
{
    // A lost request may still run: nothing is changed before it has run or never will. If its
    // effect is there already, there is nothing to wait for.
    const auto settles = run_.steps[position].settles;
    if (settles && services_.clock.now() < *settles && !co_await is_done_already(position)) {
        const auto state =
            run_.operation.backward ? OperationState::undoing : OperationState::waiting;
        const bool looks = !run_.operation.backward && run_.workflow->steps[position].look;
        const auto next =
            looks ? after(services_.clock.now(), services_.options.look_interval) : *settles;
        co_return co_await pause_until(position, state, std::min(next, *settles),
                                       "operation.settling");
    }
    if (run_.operation.backward) {
        co_return co_await undo(position);
    }
    co_return co_await perform(position);
}

Task<bool> Runner::is_done_already(std::size_t position)
{
    const Step& step = run_.workflow->steps[position];
    if (run_.operation.backward || !step.look) {
        co_return false;
    }
    Context context{services_, run_, position, step.time_limit};
    try {
        co_return co_await guarded(step.look(context), context) == Looked::done;
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            throw;
        }
    }
    co_return false; // what could not be seen now is looked at again later
}

template <class T>
Task<T> Runner::guarded(Task<T> call, const Context& context)
{
    bool overran = false;
    const auto timer =
        services_.clock.call_at(context.deadline().at() + services_.options.overrun_grace, [&] {
            overran = true;
            give_up_();
        });
    std::exception_ptr thrown;
    std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(call);
        } else {
            result.emplace(co_await std::move(call));
        }
    } catch (...) {
        thrown = std::current_exception();
    }
    if (overran) {
        // Cancelled was the call, not the operation, which goes on.
        co_await boost::asio::this_coro::reset_cancellation_state();
    }
    if (thrown && overran) {
        throw Error{ErrorKind::outcome_unknown, message::step_overran{.step = context.step()}};
    }
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    if constexpr (!std::is_void_v<T>) {
        co_return std::move(*result);
    }
}

Task<> Runner::act(const Step& step, Context& context)
{
    auto looked = Looked::not_done;
    if (step.look && context.may_have_sent()) {
        looked = co_await guarded(step.look(context), context);
    }
    if (looked == Looked::unknown) {
        throw Error{ErrorKind::outcome_unknown, message::effect_unknown{.step = step.id}};
    }
    if (looked == Looked::not_done && step.act) {
        context.renew_deadline();
        co_await guarded(step.act(context), context);
    }
    if (step.verify) {
        context.renew_deadline();
        co_await guarded(step.verify(context), context);
    }
}

Task<std::optional<Pause>> Runner::perform(std::size_t position)
{
    const Step& step = run_.workflow->steps[position];
    auto& record = run_.steps[position];
    const auto now = services_.clock.now();
    record.state = StepState::running;
    record.started = record.started.value_or(now);
    ++record.attempts;
    ++run_.operation.attempts;
    run_.operation.state = OperationState::running;
    run_.operation.started = run_.operation.started.value_or(now);
    run_.operation.next_try.reset();

    Context context{services_, run_, position, step.time_limit};
    std::exception_ptr thrown;
    try {
        co_await act(step, context);
    } catch (...) {
        thrown = std::current_exception();
    }
    std::optional<Failure> failure;
    if (thrown) {
        failure = failure_from(thrown, step.id);
    } else {
        failure = co_await save(
            position,
            [&](OperationRecord& operation, StepRecord& done, WallTime time) {
                done.state = StepState::done;
                done.error.reset();
                done.settles.reset();
                done.progress = 100;
                done.ended = time;
                operation.attempts = 0;
                operation.error.reset();
                operation.host = context.next_host();
                if (finishes_after(position)) {
                    mark_finished(operation, time);
                }
            },
            "step.done",
            [&](Transaction& transaction) {
                if (step.commit) {
                    step.commit(transaction, context);
                }
            });
    }
    if (failure) {
        co_return co_await after_failure(position, context, std::move(*failure));
    }
    co_return store::has_ended(run_.operation.state) ? std::optional{Pause::ended} : std::nullopt;
}

bool Runner::finishes_after(std::size_t position) const
{
    const auto count = run_.steps.size();
    if (!run_.operation.backward) {
        return position + 1 == count;
    }
    for (std::size_t i = 0; i < position; ++i) {
        if (run_.steps[i].state != StepState::pending && run_.steps[i].state != StepState::undone) {
            return false;
        }
    }
    return true;
}

void Runner::mark_finished(OperationRecord& operation, WallTime now) const
{
    const bool cancelled = operation.cancel_requested && operation.error &&
                           operation.error->kind == ErrorKind::cancelled;
    operation.state = !operation.backward ? OperationState::succeeded
                      : cancelled         ? OperationState::cancelled
                                          : OperationState::failed;
    operation.ended = now;
    operation.next_try.reset();
}

Task<std::optional<Pause>> Runner::end_without_step()
{
    auto failure = co_await save(run_.steps.size(),
                                 [&](OperationRecord& operation, StepRecord&, WallTime now) {
                                     mark_finished(operation, now);
                                 },
                                 {});
    if (failure) {
        log::error("operation_cannot_end",
                   {{"operation", run_.operation.id}, {"error", failure->error.what()}});
        co_return Pause::store_failed;
    }
    co_return Pause::ended;
}

Task<std::optional<Pause>> Runner::undo(std::size_t position)
{
    const Step& step = run_.workflow->steps[position];
    auto& record = run_.steps[position];
    record.state = StepState::undoing;
    ++run_.operation.attempts;
    run_.operation.state = OperationState::undoing;
    run_.operation.next_try.reset();

    Context context{services_, run_, position, step.time_limit};
    std::exception_ptr thrown;
    // A step that sent nothing and never ended left nothing outside.
    if (step.undo && (record.sent || record.ended)) {
        try {
            co_await guarded(step.undo(context), context);
        } catch (...) {
            thrown = std::current_exception();
        }
    }
    std::optional<Failure> failure;
    if (thrown) {
        failure = failure_from(thrown, step.id);
    } else {
        failure = co_await save(
            position,
            [&](OperationRecord& operation, StepRecord& undone, WallTime now) {
                undone.state = StepState::undone;
                undone.settles.reset();
                undone.ended = now;
                operation.attempts = 0;
                if (finishes_after(position)) {
                    mark_finished(operation, now);
                }
            },
            "step.undone",
            [&](Transaction& transaction) {
                if (step.uncommit && record.attempts > 0) {
                    step.uncommit(transaction, context);
                }
            });
    }
    if (failure) {
        co_return co_await after_failed_undo(position, context, std::move(*failure));
    }
    co_return store::has_ended(run_.operation.state) ? std::optional{Pause::ended} : std::nullopt;
}

void Runner::turn_back_if_cancelled()
{
    auto& operation = run_.operation;
    if (!operation.cancel_requested || operation.backward) {
        return;
    }
    const bool sent =
        std::ranges::any_of(run_.steps, [](const auto& step) { return step.sent.has_value(); });
    if (run_.workflow->forward_only && sent) {
        return;
    }
    operation.backward = true;
    operation.attempts = 0;
    operation.state = OperationState::undoing;
    operation.error =
        StoredError::from(Error{ErrorKind::cancelled, message::operation_cancelled{}});
}

} // namespace watari::operations
