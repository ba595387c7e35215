#pragma once

#include <algorithm>
#include <chrono>

namespace watari::hyperv {

/// Pauses between looks at something that takes its time on a host: 0.2 s, half as long again each
/// time, at most 5 s.
class Backoff
{
public:
    std::chrono::milliseconds next()
    {
        const auto pause = pause_;
        pause_ = std::min(pause_ * 3 / 2, longest);
        return pause;
    }

private:
    static constexpr std::chrono::milliseconds longest{5'000};
    std::chrono::milliseconds pause_{200};
};

} // namespace watari::hyperv
