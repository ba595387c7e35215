#include "core/error.hpp"

#include <array>

#include <fmt/format.h>

namespace watari {

namespace {

constexpr std::array<std::pair<ErrorKind, std::string_view>, 12> kind_names{{
    {ErrorKind::invalid, "invalid"},
    {ErrorKind::not_found, "not_found"},
    {ErrorKind::conflict, "conflict"},
    {ErrorKind::denied, "denied"},
    {ErrorKind::unsupported, "unsupported"},
    {ErrorKind::unavailable, "unavailable"},
    {ErrorKind::timed_out, "timed_out"},
    {ErrorKind::outcome_unknown, "outcome_unknown"},
    {ErrorKind::exhausted, "exhausted"},
    {ErrorKind::unauthenticated, "unauthenticated"},
    {ErrorKind::cancelled, "cancelled"},
    {ErrorKind::internal, "internal"},
}};

} // namespace

std::string_view to_string(ErrorKind kind) noexcept
{
    for (const auto& [value, name] : kind_names) {
        if (value == kind) {
            return name;
        }
    }
    return "internal";
}

std::optional<ErrorKind> error_kind_from(std::string_view name) noexcept
{
    for (const auto& [value, text] : kind_names) {
        if (text == name) {
            return value;
        }
    }
    return std::nullopt;
}

Error::Error(ErrorKind kind, Message message, PeerSays peer)
    : kind_(kind), message_(std::move(message)), peer_(std::move(peer))
{
    render();
}

Error&& Error::in(std::string frame) &&
{
    add_frame(std::move(frame));
    return std::move(*this);
}

void Error::add_frame(std::string frame)
{
    frames_.insert(frames_.begin(), std::move(frame));
    render();
}

Error Error::with_kind(ErrorKind kind) const
{
    Error copy = *this;
    copy.kind_ = kind;
    copy.render();
    return copy;
}

void Error::render()
{
    std::string text;
    for (const auto& frame : frames_) {
        text += frame + ": ";
    }
    text += fmt::format("{} ({})", message_.code, to_string(kind_));
    for (const auto& [name, value] : message_.arguments) {
        text += fmt::format(" {}={}", name, value);
    }
    if (peer_.code) {
        text += fmt::format(" peer_code={}", *peer_.code);
    }
    if (!peer_.text.empty()) {
        text += fmt::format(" peer: {}", peer_.text);
    }
    what_ = std::move(text);
}

bool is_retryable(ErrorKind kind) noexcept
{
    return kind == ErrorKind::unavailable || kind == ErrorKind::timed_out;
}

} // namespace watari
