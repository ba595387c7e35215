#include "operations/rules.hpp"

#include "messages/core.hpp"
#include "messages/operations.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace watari::operations {

Verdict verdict_on(ErrorKind kind, const Step& step, std::int64_t attempts,
                   const EngineOptions& options)
{
    const bool again = attempts < options.attempts_max;
    switch (kind) {
    case ErrorKind::unavailable:
    case ErrorKind::timed_out:
    case ErrorKind::outcome_unknown:
    case ErrorKind::cancelled: // a call that was given up, not the operation
        return again ? Verdict::retry : Verdict::block;
    case ErrorKind::exhausted:
        return again && step.retry_exhausted ? Verdict::retry : Verdict::undo;
    case ErrorKind::invalid:
    case ErrorKind::not_found:
    case ErrorKind::conflict:
    case ErrorKind::denied:
    case ErrorKind::unsupported:
    case ErrorKind::unauthenticated:
    case ErrorKind::internal:
        return Verdict::undo;
    }
    return Verdict::undo;
}

Verdict verdict_on_undo(ErrorKind, std::int64_t attempts, const EngineOptions& options)
{
    // Whatever stands in the way of an undo, giving up would leave something behind: a person may
    // have to remove the obstacle, and then it goes on.
    return attempts < options.attempts_max ? Verdict::retry : Verdict::block;
}

std::chrono::nanoseconds backoff(std::int64_t attempts, const EngineOptions& options,
                                 Random& random)
{
    auto pause = options.backoff_first;
    for (std::int64_t i = 1; i < attempts && pause < options.backoff_max; ++i) {
        pause *= 2;
    }
    pause = std::min(pause, options.backoff_max);
    return pause / 2 + std::chrono::nanoseconds{static_cast<std::int64_t>(
                           static_cast<double>(pause.count() / 2) * random.fraction())};
}

std::chrono::nanoseconds blocked_pause(const EngineOptions& options, Random& random)
{
    const auto pause = static_cast<double>(options.blocked_interval.count());
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(pause * (0.75 + 0.5 * random.fraction()))};
}

Failure failure_from(std::exception_ptr thrown, const std::string& step)
{
    try {
        std::rethrow_exception(thrown);
    } catch (const Error& error) {
        const bool unknown =
            error.kind() == ErrorKind::outcome_unknown || error.kind() == ErrorKind::cancelled;
        return {.error = error,
                .of_store = error.code().starts_with("store_"),
                .effect_unknown = unknown};
    } catch (const boost::system::system_error& error) {
        if (error.code() == boost::asio::error::operation_aborted) {
            return {.error = Error{ErrorKind::cancelled, message::cancelled{}},
                    .effect_unknown = true};
        }
        return {.error = Error{ErrorKind::internal,
                               message::step_broke{.step = step},
                               {.text = error.what()}},
                .effect_unknown = true};
    } catch (const std::exception& error) {
        return {.error = Error{ErrorKind::internal,
                               message::step_broke{.step = step},
                               {.text = error.what()}},
                .effect_unknown = true};
    } catch (...) {
        return {.error = Error{ErrorKind::internal, message::step_broke{.step = step}},
                .effect_unknown = true};
    }
}

} // namespace watari::operations
