#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>

namespace watari {

/// Coroutines of one loop wait here until somebody signals. Not for use from other threads.
class Signal
{
public:
    Signal() = default;
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    ~Signal();

    /// Resumes at the next notify(); throws cancelled when the waiter is cancelled or the signal
    /// destroyed.
    Task<> wait();
    /// As wait(), but false when the deadline passes first.
    Task<bool> wait(Clock& clock, Deadline deadline);
    void notify_one();
    void notify_all();

private:
    struct Waiter;

    Task<bool> wait_with(Clock* clock, Deadline deadline);

    std::list<std::shared_ptr<Waiter>> waiters_;
};

/// Bounds concurrency on one loop, first come first served.
class Semaphore
{
public:
    explicit Semaphore(std::size_t permits) : free_(permits) {}

    /// Gives its permit back when destroyed.
    class Permit
    {
    public:
        Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept;
        ~Permit();

    private:
        friend class Semaphore;
        explicit Permit(Semaphore* owner) : owner_(owner) {}
        Semaphore* owner_;
    };

    /// Throws timed_out when no permit came free before the deadline.
    Task<Permit> acquire(Clock& clock, Deadline deadline);
    std::optional<Permit> try_acquire();
    std::size_t free() const noexcept { return free_; }

private:
    std::size_t free_;
    std::size_t queued_ = 0;
    Signal released_;
};

} // namespace watari
