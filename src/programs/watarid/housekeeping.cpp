#include "programs/watarid/housekeeping.hpp"

#include "core/log.hpp"
#include "store/records/event.hpp"
#include "store/records/idempotency.hpp"

namespace watari {

Task<> Housekeeping::run()
{
    std::chrono::nanoseconds pause = first;
    while (!stopped_ && !co_await stopping_.wait(clock_, Deadline::after(clock_, pause))) {
        try {
            co_await tidy();
        } catch (const Error& error) { // the store may answer again next time
            log::warn("housekeeping_failed", {{"error", error.what()}});
        }
        pause = every;
    }
}

void Housekeeping::stop()
{
    stopped_ = true;
    stopping_.notify_all();
}

Task<> Housekeeping::tidy()
{
    std::uint64_t keys = 0;
    std::uint64_t events = 0;
    co_await store_.transact([&](store::Transaction& transaction) {
        keys = store::forget_expired_idempotency(transaction);
        events = store::forget_events_before(transaction, transaction.now() - events_kept);
    });
    if (keys + events > 0) {
        log::info("housekeeping_done", {{"events", events}, {"idempotency_keys", keys}});
    }
}

} // namespace watari
