#include "core/simulated_clock.hpp"

#include "core/sync.hpp"
#include "messages/core.hpp"

namespace watari {

class SimulatedClock::Handle final : public Timer
{
public:
    Handle(const std::shared_ptr<std::map<Key, std::function<void()>>>& timers, Key key)
        : timers_(timers), key_(key)
    {
    }
    ~Handle() override
    {
        if (const auto timers = timers_.lock()) {
            timers->erase(key_);
        }
    }

private:
    std::weak_ptr<std::map<Key, std::function<void()>>> timers_; ///< the clock's alone
    Key key_;
};

SimulatedClock::SimulatedClock(boost::asio::io_context& loop, WallTime start)
    : loop_(loop), start_(start), timers_(std::make_shared<std::map<Key, std::function<void()>>>())
{
}

Task<> SimulatedClock::sleep_until(SteadyTime when)
{
    // Owned by the timer, not by this frame: who still sleeps when the clock goes is woken, and not
    // kept for ever by itself.
    auto owned = std::make_shared<Signal>();
    Signal& reached = *owned;
    const auto timer = call_at(when, [signal = std::move(owned)] { signal->notify_all(); });
    co_await reached.wait();
}

std::unique_ptr<Timer> SimulatedClock::call_at(SteadyTime when, std::function<void()> then)
{
    const Key key{when, sequence_++};
    timers_->emplace(key, std::move(then));
    return std::make_unique<Handle>(timers_, key);
}

bool SimulatedClock::step(SteadyTime limit)
{
    loop_.restart();
    if (loop_.poll_one() > 0) {
        return true;
    }
    if (timers_->empty() || timers_->begin()->first.first > limit) {
        return false;
    }
    auto node = timers_->extract(timers_->begin());
    if (node.key().first > steady()) {
        elapsed_ += node.key().first - steady();
    }
    node.mapped()();
    return true;
}

bool SimulatedClock::run_until(const std::function<bool()>& done)
{
    while (!done()) {
        if (!step(SteadyTime::max() - std::chrono::hours{1})) {
            return false;
        }
    }
    return true;
}

void SimulatedClock::advance(std::chrono::nanoseconds duration)
{
    const SteadyTime end = steady() + duration;
    while (step(end)) {
    }
    if (steady() < end) {
        elapsed_ += end - steady();
    }
}

} // namespace watari
