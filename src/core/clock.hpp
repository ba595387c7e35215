#pragma once

#include "core/task.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace watari {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A call scheduled on a Clock; destroying it cancels the call.
class Timer
{
public:
    virtual ~Timer() = default;
};

/// Time for one event loop. Nothing else in the project asks the operating system for the time or
/// waits for it.
class Clock
{
public:
    virtual ~Clock() = default;
    virtual WallTime now() const = 0;
    virtual SteadyTime steady() const = 0;
    /// Throws cancelled when the awaiting coroutine is cancelled.
    virtual Task<> sleep_until(SteadyTime when) = 0;
    /// Calls `then` on this clock's loop at `when`, unless the returned timer is destroyed first.
    [[nodiscard]] virtual std::unique_ptr<Timer> call_at(SteadyTime when,
                                                         std::function<void()> then) = 0;

    Task<> sleep_for(std::chrono::nanoseconds duration) { return sleep_until(steady() + duration); }
};

/// The machine's clock, for the loop behind `executor`.
std::unique_ptr<Clock> system_clock(Executor executor);

/// A point in time by which an answer must be there; passed down unchanged.
class Deadline
{
public:
    explicit Deadline(SteadyTime at) : at_(at) {}
    static Deadline after(const Clock& clock, std::chrono::nanoseconds duration)
    {
        return Deadline{clock.steady() + duration};
    }
    static Deadline never() { return Deadline{SteadyTime::max()}; }

    SteadyTime at() const noexcept { return at_; }
    bool passed(const Clock& clock) const { return clock.steady() >= at_; }
    /// Never negative.
    std::chrono::nanoseconds left(const Clock& clock) const;
    Deadline sooner(Deadline other) const { return Deadline{at_ < other.at_ ? at_ : other.at_}; }

private:
    SteadyTime at_;
};

/// 2026-11-23T01:02:03.000004Z
std::string to_rfc3339(WallTime time);
/// Accepts what to_rfc3339 prints, any number of fraction digits up to 6, and offsets; nullopt
/// otherwise.
std::optional<WallTime> wall_time_from(std::string_view rfc3339);

} // namespace watari
