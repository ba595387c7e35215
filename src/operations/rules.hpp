#pragma once

#include "core/random.hpp"
#include "operations/engine.hpp"

#include <exception>

namespace watari::operations {

/// Where an operation goes after an attempt failed.
enum class Verdict {
    retry, ///< the same way, after a backoff
    block, ///< the same way, after a long time, with an alarm; the other way first if that is open
    undo,  ///< back
};

/// A failure of a step, or of the store beneath it: then nothing is concluded about the step, and
/// it is loaded again later.
struct Failure {
    Error error;
    bool of_store = false;
    bool effect_unknown = false; ///< what was sent may still run
};

Verdict verdict_on(ErrorKind kind, const Step& step, std::int64_t attempts,
                   const EngineOptions& options);
Verdict verdict_on_undo(ErrorKind kind, std::int64_t attempts, const EngineOptions& options);

inline WallTime after(WallTime now, std::chrono::nanoseconds pause)
{
    return now + std::chrono::ceil<std::chrono::microseconds>(pause);
}

/// Doubles per attempt up to the limit, between half and all of that.
std::chrono::nanoseconds backoff(std::int64_t attempts, const EngineOptions& options,
                                 Random& random);
/// The blocked interval, a quarter more or less.
std::chrono::nanoseconds blocked_pause(const EngineOptions& options, Random& random);

/// What came out of a step's function, as an Error.
Failure failure_from(std::exception_ptr thrown, const std::string& step);

} // namespace watari::operations
