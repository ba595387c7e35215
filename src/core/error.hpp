#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari {

/// What the caller can do about a failure, not where it broke. A kind exists only because some code
/// acts on it.
enum class ErrorKind {
    invalid,         ///< the request is wrong in itself: do not retry
    not_found,       ///< do not retry
    conflict,        ///< the present state forbids it: do not retry unchanged
    denied,          ///< the peer refuses this account: do not retry
    unsupported,     ///< this host cannot do it: do not retry
    unavailable,     ///< nothing was changed: retry later
    timed_out,       ///< nothing was changed: retry later
    outcome_unknown, ///< a change was sent and no answer came: look before retrying
    exhausted,       ///< capacity, quota or rate: arguments limit, used, requested
    unauthenticated, ///< who are you
    cancelled,
    internal, ///< a bug of ours
};

std::string_view to_string(ErrorKind kind) noexcept;
std::optional<ErrorKind> error_kind_from(std::string_view name) noexcept;

/// A text a person may read, as data: a stable code and its arguments. Rendered only at the edges
/// (api, CLI, reports) from data/messages/{en,ja}.json. Made by the generated types of `message::`
/// (messages/<section>.hpp).
struct Message {
    std::string code;
    std::vector<std::pair<std::string, std::string>> arguments;

    friend bool operator==(const Message&, const Message&) = default;
};

/// What a peer (a host, a database, the operating system) said about a failure, unaltered.
struct PeerSays {
    std::optional<std::uint32_t> code = {}; ///< return code, HRESULT or errno
    std::string text = {};                  ///< in the peer's language; shown, never interpreted

    friend bool operator==(const PeerSays&, const PeerSays&) = default;
};

/// The one exception of the project. Secrets are never part of it.
class Error : public std::exception
{
public:
    Error(ErrorKind kind, Message message, PeerSays peer = {});

    ErrorKind kind() const noexcept { return kind_; }
    const Message& message() const noexcept { return message_; }
    const std::string& code() const noexcept { return message_.code; }
    const PeerSays& peer() const noexcept { return peer_; }
    /// What we were doing, outermost first.
    const std::vector<std::string>& frames() const noexcept { return frames_; }

    Error&& in(std::string frame) &&;
    void add_frame(std::string frame);
    Error with_kind(ErrorKind kind) const;

    /// One English line for logs: frames, code, arguments, the peer's words and number.
    const char* what() const noexcept override { return what_.c_str(); }

private:
    void render();

    ErrorKind kind_;
    Message message_;
    PeerSays peer_;
    std::vector<std::string> frames_;
    std::string what_;
};

/// Whether the same request may simply be sent again later (nothing was changed).
bool is_retryable(ErrorKind kind) noexcept;

} // namespace watari
