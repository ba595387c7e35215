#pragma once

#include "core/byte_size.hpp"

#include <string_view>

namespace watari::client {

/// A size a person typed: "2GiB", "2048MiB", "40 G". A number without unit is refused, because
/// nobody could tell what it counts. Throws invalid (message::cli_size_without_unit,
/// message::cli_size_not_understood).
ByteSize size_from(std::string_view text);

} // namespace watari::client
