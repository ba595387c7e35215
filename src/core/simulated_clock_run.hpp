// The template body of SimulatedClock::run; included by core/simulated_clock.hpp only.
#pragma once

#include "core/simulated_clock.hpp"

#include <boost/asio/co_spawn.hpp>

#include <optional>
#include <stdexcept>
#include <type_traits>

namespace watari {

template <class T>
T SimulatedClock::run(Task<T> task)
{
    bool ended = false;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr thrown) {
            failure = thrown;
            ended = true;
        });
        run_until([&] { return ended; });
    } else {
        std::optional<T> result;
        boost::asio::co_spawn(
            loop_,
            [](Task<T> inner, std::optional<T>& out) -> Task<> {
                out.emplace(co_await std::move(inner));
            }(std::move(task), result),
            [&](std::exception_ptr thrown) {
                failure = thrown;
                ended = true;
            });
        run_until([&] { return ended; });
        if (ended && !failure) {
            return std::move(*result);
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (!ended) {
        throw std::logic_error{"the simulated world came to rest before the task ended"};
    }
    if constexpr (!std::is_void_v<T>) {
        throw std::logic_error{"unreachable"};
    }
}

} // namespace watari
