#pragma once

#include "core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace watari {

template <class T = void>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

/// Awaits `task`; an Error that comes out of it carries `doing` as its outermost frame.
template <class T>
Task<T> in_context(std::string doing, Task<T> task)
{
    try {
        co_return co_await std::move(task);
    } catch (Error& error) {
        error.add_frame(std::move(doing));
        throw;
    }
}

/// Starts a coroutine nobody awaits. What escapes from it is logged as an error (cancellation is
/// not an error). The task must take values, never references to the spawner's locals.
void spawn(const Executor& executor, Task<> task, std::string what);

/// Lets other ready work of this loop run.
Task<> yield_to_others();

} // namespace watari
