#pragma once

#include "core/task.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

namespace watari {

/// Where blocking work goes (database, files, GSSAPI), so that no loop waits for it.
class Pool
{
public:
    virtual ~Pool() = default;
    /// Runs `work` and resumes the caller on its own loop. `work` must not throw.
    virtual Task<> run(std::function<void()> work) = 0;
};

/// Real threads, joined at destruction; destroy it before the loops whose coroutines use it.
std::unique_ptr<Pool> thread_pool(std::size_t threads);
/// Runs the work at once on the caller's loop: how simulated time runs it.
std::unique_ptr<Pool> inline_pool();

/// `auto bytes = co_await on_pool(pool, [&] { return files.read(path); });`
template <class Function>
Task<std::invoke_result_t<Function>> on_pool(Pool& pool, Function function)
{
    using Result = std::invoke_result_t<Function>;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result>) {
        co_await pool.run([&] {
            try {
                function();
            } catch (...) {
                failure = std::current_exception();
            }
        });
        if (failure) {
            std::rethrow_exception(failure);
        }
    } else {
        std::optional<Result> result;
        co_await pool.run([&] {
            try {
                result.emplace(function());
            } catch (...) {
                failure = std::current_exception();
            }
        });
        if (failure) {
            std::rethrow_exception(failure);
        }
        co_return std::move(*result);
    }
}

} // namespace watari
