#pragma once

#include "core/clock.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <map>
#include <utility>

namespace watari {

/// Time that moves only when everything on the loop waits: a ten-minute host job takes a
/// millisecond, and the same seed gives the same run. One thread; owns no work itself.
class SimulatedClock final : public Clock
{
public:
    explicit SimulatedClock(boost::asio::io_context& loop, WallTime start = default_start);

    /// 2026-01-01T00:00:00Z
    static constexpr WallTime default_start{std::chrono::seconds{1767225600}};

    WallTime now() const override
    {
        return start_ + std::chrono::duration_cast<std::chrono::microseconds>(elapsed_);
    }
    SteadyTime steady() const override { return SteadyTime{} + std::chrono::hours{1} + elapsed_; }
    Task<> sleep_until(SteadyTime when) override;
    std::unique_ptr<Timer> call_at(SteadyTime when, std::function<void()> then) override;

    /// Runs ready work and moves time from timer to timer until `done` says so; false when nothing
    /// is left to run.
    bool run_until(const std::function<bool()>& done);
    /// Runs everything that happens within `duration`, then stands that much later.
    void advance(std::chrono::nanoseconds duration);
    /// Runs a coroutine to its end on simulated time and gives its result; rethrows what it throws.
    template <class T>
    T run(Task<T> task);

private:
    struct Entry;
    class Handle;
    using Key = std::pair<SteadyTime, std::uint64_t>;

    bool step(SteadyTime limit);

    boost::asio::io_context& loop_;
    WallTime start_;
    std::chrono::nanoseconds elapsed_{0};
    std::uint64_t sequence_ = 0;
    std::shared_ptr<std::map<Key, std::function<void()>>> timers_;
};

} // namespace watari

#include "core/simulated_clock_run.hpp"
