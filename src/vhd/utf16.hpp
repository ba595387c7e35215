#pragma once

#include "vhd/bytes.hpp"

#include <string>

namespace watari::vhd {

enum class Endian { big, little };

/// UTF-8 to UTF-16 without terminator; what is not UTF-8 becomes U+FFFD.
Bytes to_utf16(std::string_view text, Endian endian);
/// UTF-16 to UTF-8 up to the first NUL; lone surrogates become U+FFFD, an odd last byte is dropped.
std::string from_utf16(ByteView bytes, Endian endian);

} // namespace watari::vhd
