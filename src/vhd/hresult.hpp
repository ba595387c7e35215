#pragma once

#include <cstdint>

/// What a Hyper-V host answers for the same failure; goes into PeerSays.code. Source: Windows SDK,
/// virtual disk errors.
namespace watari::vhd::hresult {

inline constexpr std::uint32_t footer_missing = 0xC03A0001;
inline constexpr std::uint32_t footer_checksum = 0xC03A0002;
inline constexpr std::uint32_t footer_corrupt = 0xC03A0003;
inline constexpr std::uint32_t format_unknown = 0xC03A0004;
inline constexpr std::uint32_t format_version = 0xC03A0005;
inline constexpr std::uint32_t header_checksum = 0xC03A0006;
inline constexpr std::uint32_t header_version = 0xC03A0007;
inline constexpr std::uint32_t header_corrupt = 0xC03A0008;
inline constexpr std::uint32_t bat_corrupt = 0xC03A000A;
inline constexpr std::uint32_t block_size_invalid = 0xC03A000B;
inline constexpr std::uint32_t bitmap_mismatch = 0xC03A000C;
inline constexpr std::uint32_t parent_not_found = 0xC03A000D;
inline constexpr std::uint32_t parent_id_mismatch = 0xC03A000E;
inline constexpr std::uint32_t parent_time_mismatch = 0xC03A000F;
inline constexpr std::uint32_t metadata_read_failed = 0xC03A0010;
inline constexpr std::uint32_t virtual_size_invalid = 0xC03A0012;
inline constexpr std::uint32_t file_size_invalid = 0xC03A0013;
inline constexpr std::uint32_t parent_size_mismatch = 0xC03A0017;
inline constexpr std::uint32_t cycle_in_chain = 0xC03A0018;
inline constexpr std::uint32_t kind_invalid = 0xC03A001B;
inline constexpr std::uint32_t state_invalid = 0xC03A001C;
inline constexpr std::uint32_t sector_size_mismatch = 0xC03A001D;
inline constexpr std::uint32_t shrink_would_cut = 0xC03A0025;

} // namespace watari::vhd::hresult
