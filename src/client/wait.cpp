#include "client/wait.hpp"

#include <algorithm>

namespace watari::client {

namespace {

constexpr std::chrono::seconds pause_while_lost{1};

bool is_lost(const Error& error) noexcept
{
    const auto kind = error.kind();
    return kind == ErrorKind::unavailable || kind == ErrorKind::timed_out ||
           kind == ErrorKind::outcome_unknown;
}

std::chrono::seconds next_round(const WaitOptions& options, const Clock& clock)
{
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(options.deadline.left(clock));
    return std::clamp(left, std::chrono::seconds{0}, options.round);
}

} // namespace

bool has_ended(std::string_view state) noexcept
{
    return state == "succeeded" || state == "failed" || state == "cancelled";
}

Task<WaitResult> wait_for_operation(Client& client, Clock& clock, Answer<contract::Operation> first,
                                    WaitOptions options)
{
    WaitResult result{.last = std::move(first)};
    auto heard = clock.steady();
    while (true) {
        if (options.on_progress) {
            options.on_progress(result.last.value);
        }
        result.ended = has_ended(result.last.value.state);
        if (result.ended || options.deadline.passed(clock)) {
            co_return result;
        }
        std::optional<Error> lost;
        try {
            result.last =
                co_await client.get_operation(result.last.value.id, next_round(options, clock));
            heard = clock.steady();
        } catch (const Error& error) {
            if (!is_lost(error) || clock.steady() - heard >= options.patience) {
                throw;
            }
            lost = error;
        }
        if (lost) {
            if (options.on_lost) {
                options.on_lost(*lost);
            }
            co_await clock.sleep_until(
                std::min(clock.steady() + pause_while_lost, options.deadline.at()));
        }
    }
}

ExitCode exit_code_of(const WaitResult& result) noexcept
{
    if (!result.ended) {
        return ExitCode::wait_timed_out;
    }
    return result.last.value.state == "succeeded" ? ExitCode::ok : ExitCode::operation_failed;
}

} // namespace watari::client
