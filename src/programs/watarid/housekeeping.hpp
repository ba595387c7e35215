#pragma once

#include "core/clock.hpp"
#include "core/sync.hpp"
#include "store/database.hpp"

#include <chrono>

namespace watari {

/// Forgets what is kept for a time only: idempotency keys that expired, events older than those a
/// reader may resume from.
class Housekeeping
{
public:
    static constexpr std::chrono::minutes first{1}; ///< a start has more urgent work
    static constexpr std::chrono::hours every{1};
    static constexpr std::chrono::hours events_kept{7 * 24};

    Housekeeping(store::Store& store, Clock& clock) : store_(store), clock_(clock) {}

    /// Tidies every hour until stop().
    Task<> run();
    void stop();

private:
    Task<> tidy();

    store::Store& store_;
    Clock& clock_;
    Signal stopping_;
    bool stopped_ = false;
};

} // namespace watari
