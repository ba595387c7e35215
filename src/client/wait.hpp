#pragma once

#include "client/client.hpp"

#include <functional>

namespace watari::client {

/// Whether nothing more happens to an operation in this state. Waiting and blocked operations go on
/// by themselves.
bool has_ended(std::string_view state) noexcept;

struct WaitOptions {
    Deadline deadline = Deadline::never();
    std::chrono::seconds round{1}; ///< how long one question may stand; progress moves that often
    std::chrono::seconds patience{60}; ///< how long the server may be gone before we give up
    std::function<void(const contract::Operation&)> on_progress = {};
    /// Before each new try while the server does not answer.
    std::function<void(const Error&)> on_lost = {};
};

struct WaitResult {
    Answer<contract::Operation> last;
    bool ended = false; ///< false: the deadline came first; the operation goes on
};

/// Follows an operation to its end. A server that restarts meanwhile is waited for: the operation
/// is durable.
Task<WaitResult> wait_for_operation(Client& client, Clock& clock, Answer<contract::Operation> first,
                                    WaitOptions options);

/// ok, wait_timed_out or operation_failed.
ExitCode exit_code_of(const WaitResult& result) noexcept;

} // namespace watari::client
