#pragma once

#include "core/clock.hpp"
#include "core/sync.hpp"

#include <cstddef>

namespace watari::wsman {

/// What one account has under way on one host, kept well below what hosts refuse: a running request
/// or an open enumeration each count there, and 15 of them are the least a host allows (wsman.md
/// 9). Shared by all sessions of the account with the host.
class HostQuota
{
public:
    struct Limits {
        std::size_t under_way_max = 5;
        std::size_t waiting_max = 256;
    };

    explicit HostQuota(Clock& clock) : HostQuota(clock, Limits{}) {}
    HostQuota(Clock& clock, Limits limits)
        : clock_(clock), limits_(limits), places_(limits.under_way_max), queue_(limits.waiting_max)
    {
    }

    /// A place, given back when destroyed. Waits for one and for a rest to end. Throws exhausted
    /// (message::wsman_queue_full) when too many wait, timed_out.
    Task<Semaphore::Permit> enter(Deadline start_by);
    /// The host has refused for a quota: nothing is begun for that long.
    void rest(std::chrono::nanoseconds pause);

private:
    Clock& clock_;
    Limits limits_;
    Semaphore places_;
    Semaphore queue_; ///< held while waiting for a place
    SteadyTime rests_until_ = SteadyTime::min();
};

} // namespace watari::wsman
