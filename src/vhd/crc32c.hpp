#pragma once

#include "vhd/bytes.hpp"

namespace watari::vhd {

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as all of VHDX uses. Source: MS-VHDX 2.
/// `before` continues a checksum over several pieces.
std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0) noexcept;

/// The same, taking the four bytes at `field` for zero: that is where structures keep their
/// checksum.
std::uint32_t crc32c_without(ByteView bytes, std::size_t field);

} // namespace watari::vhd
