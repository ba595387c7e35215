#include "core/pool.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace watari {

namespace {

class ThreadPool final : public Pool
{
public:
    explicit ThreadPool(std::size_t threads) : threads_(threads) {}

    ~ThreadPool() override
    {
        threads_.stop();
        threads_.join();
    }

    Task<> run(std::function<void()> work) override
    {
        const auto home = co_await boost::asio::this_coro::executor;
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
            [&](auto handler) {
                auto shared = std::make_shared<decltype(handler)>(std::move(handler));
                auto keep_home_running =
                    boost::asio::prefer(home, boost::asio::execution::outstanding_work.tracked);
                boost::asio::post(threads_, [shared, &work, keep_home_running] {
                    work();
                    boost::asio::post(keep_home_running, [shared] { std::move (*shared)(); });
                });
            },
            boost::asio::use_awaitable);
    }

private:
    boost::asio::thread_pool threads_;
};

class InlinePool final : public Pool
{
public:
    Task<> run(std::function<void()> work) override
    {
        work();
        co_return;
    }
};

} // namespace

std::unique_ptr<Pool> thread_pool(std::size_t threads)
{
    return std::make_unique<ThreadPool>(threads);
}

std::unique_ptr<Pool> inline_pool()
{
    return std::make_unique<InlinePool>();
}

} // namespace watari
