#pragma once

#include "core/clock.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace watari::sim {

/// Another clock's time, running `scale` times as fast, that can be moved on by hand: host jobs of
/// minutes end in seconds.
class ScaledClock final : public Clock
{
public:
    ScaledClock(Clock& inner, double scale);
    ~ScaledClock() override;

    WallTime now() const override;
    SteadyTime steady() const override;
    Task<> sleep_until(SteadyTime when) override;
    std::unique_ptr<Timer> call_at(SteadyTime when, std::function<void()> then) override;

    /// What falls due within `duration` happens soon, in order.
    void advance(std::chrono::nanoseconds duration);

private:
    using Key = std::pair<SteadyTime, std::uint64_t>;
    using Calls = std::map<Key, std::function<void()>>;
    class Handle;

    std::chrono::nanoseconds elapsed() const;
    void arm();
    void ring();

    Clock& inner_;
    double scale_;
    WallTime wall_origin_;
    SteadyTime origin_;
    std::chrono::nanoseconds moved_{0};
    std::uint64_t sequence_ = 0;
    std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
    std::unique_ptr<Timer> alarm_;
};

} // namespace watari::sim
