#pragma once

#include "core/byte_size.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace watari::vhd {

enum class Format { vhd, vhdx };
enum class Kind { fixed, dynamic, differencing };

std::string_view to_string(Format format) noexcept;
std::string_view to_string(Kind kind) noexcept;

/// The format that the end of a file name says: .vhd and .avhd, .vhdx and .avhdx, in any case.
std::optional<Format> format_named(std::string_view path) noexcept;

/// 3 MiB, for every format and kind. Source: about-vhd.
ByteSize size_min() noexcept;
/// 2040 GiB or 64 TiB. Source: about-vhd; MS-VHDX 2.6.2.
ByteSize size_max(Format format) noexcept;
/// 2 MiB, and 32 MiB for VHDX without parent [UNVERIFIED for VHDX]; zero for a fixed VHD, which has
/// no blocks.
ByteSize default_block_size(Format format, Kind kind) noexcept;

/// Throws invalid with the HRESULT of a host in PeerSays.code. Needs no file.
void check_creatable(Format format, Kind kind, ByteSize size,
                     std::uint32_t logical_sector_size = 512);
void check_block_size(Format format, Kind kind, ByteSize block_size);
/// Throws invalid (smaller than now, too large), unsupported (differencing VHD: code UNVERIFIED).
/// Needs no file.
void check_growable(Format format, Kind kind, ByteSize now, ByteSize size,
                    std::uint32_t logical_sector_size = 512);

/// What the file of a new and empty disk takes on its host, as create() writes it.
ByteSize new_file_size(Format format, Kind kind, ByteSize size, ByteSize block_size = {},
                       std::uint32_t logical_sector_size = 512);

} // namespace watari::vhd
