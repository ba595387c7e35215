#include "wsman/client/retry.hpp"

#include <algorithm>

namespace watari::wsman {

std::optional<std::chrono::nanoseconds> Retry::next(Trouble trouble, Deadline start_by)
{
    if (attempt_ >= options_.attempts_max) {
        return std::nullopt;
    }
    constexpr int doublings_max = 16;
    const auto first = trouble == Trouble::passing ? options_.first : options_.first_when_busy;
    const auto most =
        std::min(first * (1 << std::min(attempt_ - 1, doublings_max)), options_.longest);
    const std::chrono::nanoseconds pause{
        static_cast<std::int64_t>(static_cast<double>(most.count()) * random_.fraction())};
    if (pause >= start_by.left(clock_)) {
        return std::nullopt;
    }
    ++attempt_;
    return pause;
}

} // namespace watari::wsman
