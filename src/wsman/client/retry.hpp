#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"

#include <chrono>
#include <optional>

namespace watari::wsman {

/// Why a request may be sent again although nothing is wrong with it. Of a change that is said only
/// where nothing was done.
enum class Trouble {
    passing, ///< no connection, a cut one, a service that is starting
    busy,    ///< HTTP 503
    quota,   ///< the host counts too much under way (wsman.md 8.2)
};

struct RetryOptions {
    int attempts_max = 4;
    std::chrono::nanoseconds first = std::chrono::milliseconds{250};
    std::chrono::nanoseconds first_when_busy = std::chrono::seconds{1};
    std::chrono::nanoseconds longest = std::chrono::seconds{8};
};

/// The attempts of one request: how many there are, and how long to wait between them. Pauses have
/// full jitter, so that those a host has refused together do not come back together.
class Retry
{
public:
    Retry(const Clock& clock, Random& random, RetryOptions options)
        : clock_(clock), random_(random), options_(options)
    {
    }

    int attempt() const noexcept { return attempt_; } ///< from 1
    /// How long to wait before the next attempt, which this begins; nullopt: there is none, because
    /// they are used up or the next would begin after `start_by`.
    std::optional<std::chrono::nanoseconds> next(Trouble trouble, Deadline start_by);

private:
    const Clock& clock_;
    Random& random_;
    RetryOptions options_;
    int attempt_ = 1;
};

} // namespace watari::wsman
