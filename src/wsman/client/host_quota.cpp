#include "wsman/client/host_quota.hpp"

#include "messages/wsman.hpp"

#include <algorithm>

namespace watari::wsman {

Task<Semaphore::Permit> HostQuota::enter(Deadline start_by)
{
    const auto queued = queue_.try_acquire();
    if (!queued) {
        const auto limit = std::to_string(limits_.waiting_max);
        throw Error{ErrorKind::exhausted,
                    message::wsman_queue_full{.limit = limit, .requested = "1", .used = limit}};
    }
    auto place = co_await places_.acquire(clock_, start_by);
    while (clock_.steady() < rests_until_) {
        if (start_by.at() <= rests_until_) {
            throw Error{ErrorKind::timed_out, message::wsman_host_rests{}};
        }
        co_await clock_.sleep_until(rests_until_);
    }
    co_return place;
}

void HostQuota::rest(std::chrono::nanoseconds pause)
{
    rests_until_ = std::max(rests_until_, clock_.steady() + pause);
}

} // namespace watari::wsman
