#pragma once

#include "core/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace watari::http {

/// Mon, 05 Jan 2026 08:49:37 GMT (RFC 9110, 5.6.7)
std::string http_date(WallTime time);
/// What http_date() prints; nullopt for anything else.
std::optional<WallTime> http_date_from(std::string_view text);

} // namespace watari::http
