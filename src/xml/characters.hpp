#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace watari::xml {

/// Length of the UTF-8 sequence at the start of `text` if it is complete, shortest-form and a
/// character XML 1.0 allows; 0 otherwise. `text` is not empty.
std::size_t allowed_character(std::string_view text) noexcept;

/// UTF-8 of UTF-16 bytes without their byte order mark; nullopt when the length is odd or a
/// surrogate stands alone.
std::optional<std::string> utf8_from_utf16(std::string_view bytes, bool big_endian);

} // namespace watari::xml
