#include "core/sync.hpp"

#include "messages/core.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>

namespace watari {

struct Signal::Waiter {
    Executor executor;
    std::function<void(boost::system::error_code)> resume;

    /// Resumes once; later calls do nothing.
    void complete(boost::system::error_code result)
    {
        if (!resume) {
            return;
        }
        boost::asio::post(executor,
                          [call = std::exchange(resume, nullptr), result] { call(result); });
    }
};

Signal::~Signal()
{
    for (const auto& waiter : waiters_) {
        waiter->complete(boost::asio::error::operation_aborted);
    }
}

Task<> Signal::wait()
{
    co_await wait_with(nullptr, Deadline::never());
}

Task<bool> Signal::wait(Clock& clock, Deadline deadline)
{
    if (deadline.at() == SteadyTime::max()) {
        co_return co_await wait_with(nullptr, deadline);
    }
    if (deadline.passed(clock)) {
        co_return false;
    }
    co_return co_await wait_with(&clock, deadline);
}

Task<bool> Signal::wait_with(Clock* clock, Deadline deadline)
{
    bool expired = false;
    const auto executor = co_await boost::asio::this_coro::executor;
    std::unique_ptr<Timer> timer;
    auto enqueue = [&](auto handler) {
        auto waiter = std::make_shared<Waiter>();
        waiter->executor = executor;
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        waiter->resume = [shared](boost::system::error_code code) { std::move (*shared)(code); };
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr{waiter}](boost::asio::cancellation_type) {
                if (const auto alive = weak.lock()) {
                    alive->complete(boost::asio::error::operation_aborted);
                }
            });
        }
        if (clock != nullptr) {
            timer = clock->call_at(deadline.at(), [weak = std::weak_ptr{waiter}, &expired] {
                if (const auto alive = weak.lock(); alive && alive->resume) {
                    expired = true;
                    alive->complete({});
                }
            });
        }
        std::erase_if(waiters_, [](const auto& other) { return !other->resume; });
        waiters_.push_back(std::move(waiter));
    };
    try {
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                             void(boost::system::error_code)>(
            enqueue, boost::asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        throw Error{ErrorKind::cancelled, message::cancelled{}};
    }
    co_return !expired;
}

void Signal::notify_one()
{
    while (!waiters_.empty()) {
        const auto waiter = std::move(waiters_.front());
        waiters_.pop_front();
        if (waiter->resume) {
            waiter->complete({});
            return;
        }
    }
}

void Signal::notify_all()
{
    auto waiting = std::move(waiters_);
    waiters_.clear();
    for (const auto& waiter : waiting) {
        waiter->complete({});
    }
}

Semaphore::Permit& Semaphore::Permit::operator=(Permit&& other) noexcept
{
    std::swap(owner_, other.owner_);
    return *this;
}

Semaphore::Permit::~Permit()
{
    if (owner_ != nullptr) {
        ++owner_->free_;
        owner_->released_.notify_one();
    }
}

std::optional<Semaphore::Permit> Semaphore::try_acquire()
{
    if (free_ == 0 || queued_ > 0) {
        return std::nullopt;
    }
    --free_;
    return Permit{this};
}

Task<Semaphore::Permit> Semaphore::acquire(Clock& clock, Deadline deadline)
{
    if (auto permit = try_acquire()) {
        co_return std::move(*permit);
    }
    ++queued_;
    std::exception_ptr failure;
    bool in_time = true;
    bool waited = false; // a permit that is free now belongs to whoever was woken for it
    try {
        while ((free_ == 0 || !waited) && in_time) {
            in_time = co_await released_.wait(clock, deadline);
            waited = true;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    --queued_;
    if (!failure && free_ > 0) {
        if (--free_ > 0) {
            released_.notify_one();
        }
        co_return Permit{this};
    }
    if (free_ > 0) {
        released_.notify_one();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    throw Error{ErrorKind::timed_out, message::no_free_slot{}};
}

} // namespace watari
