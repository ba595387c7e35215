#include "sim/scaled_clock.hpp"

#include "core/sync.hpp"

#include <algorithm>

namespace watari::sim {

class ScaledClock::Handle final : public Timer
{
public:
    Handle(std::weak_ptr<Calls> calls, Key key) : calls_(std::move(calls)), key_(key) {}
    ~Handle() override
    {
        if (const auto calls = calls_.lock()) {
            calls->erase(key_);
        }
    }

private:
    std::weak_ptr<Calls> calls_;
    Key key_;
};

ScaledClock::ScaledClock(Clock& inner, double scale)
    : inner_(inner), scale_(scale), wall_origin_(inner.now()), origin_(inner.steady())
{
}

ScaledClock::~ScaledClock() = default;

std::chrono::nanoseconds ScaledClock::elapsed() const
{
    const auto real = std::chrono::duration<double, std::nano>(inner_.steady() - origin_);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(real * scale_) + moved_;
}

WallTime ScaledClock::now() const
{
    return wall_origin_ + std::chrono::duration_cast<std::chrono::microseconds>(elapsed());
}

SteadyTime ScaledClock::steady() const
{
    return origin_ + elapsed();
}

Task<> ScaledClock::sleep_until(SteadyTime when)
{
    if (when <= steady()) {
        co_await yield_to_others();
        co_return;
    }
    Signal over;
    const auto timer = call_at(when, [&over] { over.notify_all(); });
    co_await over.wait();
}

std::unique_ptr<Timer> ScaledClock::call_at(SteadyTime when, std::function<void()> then)
{
    const Key key{when, sequence_++};
    calls_->emplace(key, std::move(then));
    arm();
    return std::make_unique<Handle>(calls_, key);
}

void ScaledClock::advance(std::chrono::nanoseconds duration)
{
    moved_ += duration;
    arm();
}

void ScaledClock::arm()
{
    if (calls_->empty()) {
        alarm_.reset();
        return;
    }
    const auto wait = std::max(std::chrono::nanoseconds{0},
                               std::chrono::nanoseconds{calls_->begin()->first.first - steady()});
    const auto real = std::chrono::duration<double, std::nano>(wait) / scale_;
    alarm_ =
        inner_.call_at(inner_.steady() + std::chrono::duration_cast<std::chrono::nanoseconds>(real),
                       [this] { ring(); });
}

void ScaledClock::ring()
{
    const auto calls = calls_;
    const SteadyTime reached = steady();
    while (!calls->empty() && calls->begin()->first.first <= reached) {
        const auto due = calls->extract(calls->begin());
        due.mapped()();
    }
    arm();
}

} // namespace watari::sim
