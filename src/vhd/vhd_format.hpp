#pragma once

#include "vhd/disk.hpp"

#include <array>

namespace watari::vhd {

inline constexpr std::uint64_t footer_size = 512;
inline constexpr std::uint64_t dynamic_header_size = 1024;
inline constexpr std::uint64_t vhd_header_offset_new = 512;
inline constexpr std::uint64_t vhd_table_offset_new = 1536;
inline constexpr std::uint32_t no_block = 0xFFFFFFFF;
inline constexpr std::uint64_t no_offset = ~std::uint64_t{0};

struct Geometry {
    std::uint16_t cylinders = 0;
    std::uint8_t heads = 0;
    std::uint8_t sectors = 0;

    friend bool operator==(const Geometry&, const Geometry&) = default;
};

/// The product is mostly smaller than the size. Source: VHD specification, appendix "CHS
/// calculation".
Geometry geometry_of(std::uint64_t size);

/// The ones' complement of the sum of all bytes, those at `field` taken for zero.
std::uint32_t vhd_checksum(ByteView bytes, std::size_t field);

std::uint32_t vhd_time(WallTime time);
WallTime wall_time_of(std::uint32_t vhd_time);

/// The 512 bytes at the end of every VHD. Fields that are not named here are kept as they were
/// read.
struct Footer {
    std::array<std::uint8_t, footer_size> raw{};

    static Footer make(Kind kind, std::uint64_t size, const Uuid& id, WallTime created);
    /// Nullopt unless cookie, checksum, version and type are right.
    static std::optional<Footer> parse(ByteView bytes);

    Kind kind() const;
    std::uint64_t size() const { return get_big<std::uint64_t>(raw, 48); }
    std::uint64_t data_offset() const { return get_big<std::uint64_t>(raw, 16); }
    Uuid id() const { return get_uuid(raw, 68); }
    bool in_saved_state() const { return raw[84] != 0; }
    /// Sets current size and geometry; the original size stays.
    void resize(std::uint64_t size);
    void seal();

    friend bool operator==(const Footer&, const Footer&) = default;
};

/// The header of dynamic and differencing disks; fields that are not named here are kept as they
/// were read.
struct DynamicHeader {
    std::array<std::uint8_t, dynamic_header_size> raw{};

    static DynamicHeader make(std::uint64_t table_offset, std::uint32_t entries,
                              std::uint32_t block_size);
    /// Throws invalid, unsupported.
    static DynamicHeader parse(ByteView bytes);

    std::uint64_t table_offset() const { return get_big<std::uint64_t>(raw, 16); }
    std::uint32_t entries() const { return get_big<std::uint32_t>(raw, 28); }
    std::uint32_t block_size() const { return get_big<std::uint32_t>(raw, 32); }
    Uuid parent_id() const { return get_uuid(raw, 40); }
    std::uint32_t parent_time() const { return get_big<std::uint32_t>(raw, 56); }
    void set_table(std::uint64_t offset, std::uint32_t entries);
    void set_parent(const Uuid& id, std::uint32_t time, std::string_view name);
    void seal();
};

enum class Locator : std::uint32_t {
    relative = 0x57327275,
    absolute = 0x57326B75
}; // "W2ru", "W2ku"

struct LocatorEntry {
    std::uint32_t code = 0;
    std::uint64_t space = 0; ///< bytes
    std::uint32_t length = 0;
    std::uint64_t offset = 0;
};

inline constexpr std::size_t locators_max = 8;

LocatorEntry get_locator(const DynamicHeader& header, std::size_t index);
void put_locator(DynamicHeader& header, std::size_t index, const LocatorEntry& entry);

/// What header and locators say of the parent. A locator that cannot be read counts as absent.
ParentLink parent_link(File& file, const DynamicHeader& header);

/// The footer to go by: that at the end of the file, else the copy at the front.
struct FooterPlace {
    Footer footer;
    std::uint64_t offset = 0; ///< where the footer at the end is, or has to be written
    bool end_is_good = true;
    bool front_is_equal = true; ///< always true for fixed disks
};

/// Nullopt if neither end nor front hold a footer at all. Throws invalid if they do, but a damaged
/// one.
std::optional<FooterPlace> find_footer(File& file);

} // namespace watari::vhd
