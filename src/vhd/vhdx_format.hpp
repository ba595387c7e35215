#pragma once

#include "vhd/disk.hpp"

#include <array>

namespace watari::vhd {

inline constexpr std::uint64_t vhdx_sector = 4096; ///< the unit of the log
inline constexpr std::array<std::uint64_t, 2> vhdx_header_offsets{64 * kib, 128 * kib};
inline constexpr std::array<std::uint64_t, 2> vhdx_region_offsets{192 * kib, 256 * kib};
inline constexpr std::uint64_t vhdx_region_size = 64 * kib;
inline constexpr std::uint64_t vhdx_log_offset_new = 1 * mib;
inline constexpr std::uint64_t vhdx_metadata_offset_new = 2 * mib;
inline constexpr std::uint64_t vhdx_bat_offset_new = 3 * mib;

/// One of the two headers. Source: MS-VHDX 2.2.2.
struct VhdxHeader {
    std::uint64_t sequence = 0;
    Uuid file_write_guid;
    Uuid data_write_guid;
    Uuid log_guid;
    std::uint32_t log_length = 0;
    std::uint64_t log_offset = 0;

    Bytes encode() const;
    /// Nullopt unless signature and checksum are right. Throws unsupported for another version.
    static std::optional<VhdxHeader> parse(ByteView bytes);
};

struct Region {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Source: MS-VHDX 2.2.3.
struct RegionTable {
    Bytes raw;
    Region bat;
    Region metadata;

    static RegionTable make(const Region& bat, const Region& metadata);
    /// Nullopt unless signature and checksum are right. Throws invalid (places), unsupported (a
    /// required region).
    static std::optional<RegionTable> parse(Bytes bytes);
    void move_bat(const Region& bat);

private:
    std::size_t bat_entry_ = 0;
};

/// Source: MS-VHDX 2.6.
struct Metadata {
    std::uint32_t block_size = 0;
    bool leave_blocks_allocated = false;
    bool has_parent = false;
    std::uint64_t size = 0;
    std::uint64_t size_offset = 0; ///< of the size, from the start of the region; not set by make
    Uuid id;
    std::uint32_t logical_sector_size = 512;
    std::uint32_t physical_sector_size = 4096;
    std::optional<ParentLink> parent;
    std::uint64_t locator_entry = 0; ///< the parent locator's, in the table
    std::uint64_t items_end = 0;     ///< behind the last item, from the start of the region

    /// The region's used bytes. Throws invalid if the paths do not fit.
    Bytes encode() const;
    /// Throws invalid, unsupported (a required item).
    static Metadata parse(File& file, const Region& region);
};

/// The parent locator item. Source: MS-VHDX 2.6.2.6.
Bytes encode_parent_locator(const ParentLink& link);
ParentLink parse_parent_locator(ByteView item);

enum class BlockState : std::uint8_t {
    not_present = 0,
    undefined = 1,
    zero = 2,
    unmapped = 3,
    fully_present = 6,
    partially_present = 7
};

struct BatEntry {
    BlockState state = BlockState::not_present;
    std::uint64_t offset = 0;

    std::uint64_t encode() const { return offset | static_cast<std::uint64_t>(state); }
    Bytes bytes() const
    {
        Bytes entry(8);
        put_little<std::uint64_t>(entry, 0, encode());
        return entry;
    }
    /// Throws invalid for other states and set reserved bits.
    static BatEntry parse(std::uint64_t value);
    bool has_place() const
    {
        return state == BlockState::fully_present || state == BlockState::partially_present;
    }
};

/// Where things are in the BAT. No index depends on the size, so growing moves no entry. Source:
/// MS-VHDX 2.5.
struct BatMap {
    std::uint64_t size = 0;
    std::uint64_t block_size = 0;
    std::uint32_t sector_size = 512;
    bool has_parent = false;

    std::uint64_t chunk_ratio() const
    {
        return (std::uint64_t{1} << 23) * sector_size / block_size;
    }
    std::uint64_t payload_blocks() const { return divide_up(size, block_size); }
    std::uint64_t payload_index(std::uint64_t block) const { return block + block / chunk_ratio(); }
    std::uint64_t bitmap_index(std::uint64_t chunk) const
    {
        return chunk * (chunk_ratio() + 1) + chunk_ratio();
    }
    std::uint64_t entries() const;
    /// Of the BAT's region, in whole MiB.
    std::uint64_t region_length() const { return std::max(mib, round_up(entries() * 8, mib)); }
};

} // namespace watari::vhd
