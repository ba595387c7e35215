#include "operations/context.hpp"

#include <algorithm>

namespace watari::operations {

namespace {

/// How long a change may wait for its turn on the connection after it was marked; also saves writes
/// when changes follow each other quickly.
constexpr std::chrono::seconds queueing{30};

} // namespace

const boost::json::value& Runner::Context::result_of(std::string_view step) const
{
    static const boost::json::value nothing;
    const auto found = std::ranges::find(run_.steps, step, &store::StepRecord::step);
    return found == run_.steps.end() ? nothing : found->result;
}

WallTime Runner::Context::settled_after(WallTime now) const
{
    return now +
           std::chrono::ceil<std::chrono::microseconds>(within_ + services_.options.settle_margin);
}

Task<> Runner::Context::mark_sent(std::chrono::nanoseconds within)
{
    within_ = std::max(within_, within);
    const auto now = services_.clock.now();
    // Called before every change: what is already durable and lasts long enough is not written
    // again.
    const bool known = sent_now_ && record().settles && *record().settles >= settled_after(now);
    const auto settles = settled_after(now + queueing);
    sent_now_ = true;
    if (known) {
        co_return;
    }
    store::StepRecord step = record();
    step.sent = step.sent.value_or(now);
    step.settles = std::max(settles, step.settles.value_or(settles));
    auto operation = run_.operation;
    co_await services_.store.transact([&](store::Transaction& transaction) {
        operation = store::save_work(transaction, run_.operation);
        store::update_step(transaction, step);
    });
    run_.operation = std::move(operation);
    record() = std::move(step);
    services_.changed({.operation = run_.operation, .step = record()});
}

void Runner::Context::progress(int percent)
{
    record().progress = std::clamp(percent, 0, 100);
}

} // namespace watari::operations
