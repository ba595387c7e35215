#pragma once

#include "core/clock.hpp"

#include <string>

namespace watari::http {

/// Mon, 05 Jan 2026 08:49:37 GMT (RFC 9110, 5.6.7)
std::string http_date(WallTime time);

} // namespace watari::http
