#include "core/task.hpp"

#include "core/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace watari {

void spawn(const Executor& executor, Task<> task, std::string what)
{
    boost::asio::co_spawn(
        executor, std::move(task), [what = std::move(what)](std::exception_ptr failure) {
            if (!failure) {
                return;
            }
            try {
                std::rethrow_exception(failure);
            } catch (const Error& error) {
                if (error.kind() != ErrorKind::cancelled) {
                    log::error("task_failed", {{"task", what}, {"error", error.what()}});
                }
            } catch (const boost::system::system_error& error) {
                if (error.code() != boost::asio::error::operation_aborted) {
                    log::error("task_failed", {{"task", what}, {"error", error.what()}});
                }
            } catch (const std::exception& error) {
                log::error("task_failed", {{"task", what}, {"error", error.what()}});
            }
        });
}

Task<> yield_to_others()
{
    co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                               boost::asio::use_awaitable);
}

} // namespace watari
