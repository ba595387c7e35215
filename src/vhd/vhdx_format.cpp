#include "vhd/vhdx_format.hpp"

#include "vhd/crc32c.hpp"
#include "vhd/hresult.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

namespace watari::vhd {

namespace {

constexpr std::size_t checksum_field = 4;

const Uuid bat_region = *Uuid::parse("2DC27766-F623-4200-9D64-115E9BFD4A08");
const Uuid metadata_region = *Uuid::parse("8B7CA206-4790-4B9A-B8FE-575F050F886E");

constexpr std::uint32_t entries_max = 2047;

[[noreturn]] void corrupt(const char* part, std::uint32_t code = hresult::header_corrupt)
{
    throw Error{ErrorKind::invalid, message::vhd_part_corrupt{.part = part}, {.code = code}};
}

[[noreturn]] void unsupported(const char* part, const std::string& version)
{
    throw Error{ErrorKind::unsupported,
                message::vhd_version_unsupported{.part = part, .version = version},
                {.code = hresult::format_version}};
}

bool is_sealed(ByteView bytes)
{
    return get_little<std::uint32_t>(bytes, checksum_field) ==
           crc32c_without(bytes, checksum_field);
}

void seal(ByteSpan bytes)
{
    put_little<std::uint32_t>(bytes, checksum_field, crc32c_without(bytes, checksum_field));
}

void put_region(ByteSpan raw, std::size_t at, const Uuid& id, const Region& region)
{
    put_guid(raw, at, id);
    put_little<std::uint64_t>(raw, at + 16, region.offset);
    put_little<std::uint32_t>(raw, at + 24, static_cast<std::uint32_t>(region.length));
    put_little<std::uint32_t>(raw, at + 28, 1);
}

Region get_region(ByteView raw, std::size_t at)
{
    const Region region{.offset = get_little<std::uint64_t>(raw, at + 16),
                        .length = get_little<std::uint32_t>(raw, at + 24)};
    if (region.offset < mib || region.offset % mib != 0 ||
        region.offset > (std::uint64_t{1} << 60) || region.length == 0 ||
        region.length % mib != 0) {
        corrupt("VHDX region table");
    }
    return region;
}

} // namespace

Bytes VhdxHeader::encode() const
{
    Bytes bytes(vhdx_sector);
    put_text(bytes, 0, "head");
    put_little<std::uint64_t>(bytes, 8, sequence);
    put_guid(bytes, 16, file_write_guid);
    put_guid(bytes, 32, data_write_guid);
    put_guid(bytes, 48, log_guid);
    put_little<std::uint16_t>(bytes, 64, 0);
    put_little<std::uint16_t>(bytes, 66, 1);
    put_little<std::uint32_t>(bytes, 68, log_length);
    put_little<std::uint64_t>(bytes, 72, log_offset);
    seal(bytes);
    return bytes;
}

std::optional<VhdxHeader> VhdxHeader::parse(ByteView bytes)
{
    if (bytes.size() != vhdx_sector || !has_text(bytes, 0, "head") || !is_sealed(bytes)) {
        return std::nullopt;
    }
    if (const auto version = get_little<std::uint16_t>(bytes, 66); version != 1) {
        unsupported("VHDX header", std::to_string(version));
    }
    const VhdxHeader header{.sequence = get_little<std::uint64_t>(bytes, 8),
                            .file_write_guid = get_guid(bytes, 16),
                            .data_write_guid = get_guid(bytes, 32),
                            .log_guid = get_guid(bytes, 48),
                            .log_length = get_little<std::uint32_t>(bytes, 68),
                            .log_offset = get_little<std::uint64_t>(bytes, 72)};
    if (const auto version = get_little<std::uint16_t>(bytes, 64);
        version != 0 && !header.log_guid.is_nil()) {
        unsupported("VHDX log", std::to_string(version));
    }
    if (header.log_length % mib != 0 || header.log_length == 0 || header.log_offset % mib != 0 ||
        header.log_offset < mib || header.log_offset > (std::uint64_t{1} << 60)) {
        corrupt("VHDX header");
    }
    return header;
}

RegionTable RegionTable::make(const Region& bat, const Region& metadata)
{
    RegionTable table;
    table.raw.resize(vhdx_region_size);
    table.bat = bat;
    table.metadata = metadata;
    table.bat_entry_ = 16;
    put_text(table.raw, 0, "regi");
    put_little<std::uint32_t>(table.raw, 8, 2);
    put_region(table.raw, 16, bat_region, bat);
    put_region(table.raw, 48, metadata_region, metadata);
    seal(table.raw);
    return table;
}

std::optional<RegionTable> RegionTable::parse(Bytes bytes)
{
    if (bytes.size() != vhdx_region_size || !has_text(bytes, 0, "regi") || !is_sealed(bytes)) {
        return std::nullopt;
    }
    RegionTable table;
    const auto count = get_little<std::uint32_t>(bytes, 8);
    if (count > entries_max) {
        corrupt("VHDX region table");
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = 16 + 32 * i;
        const Uuid id = get_guid(bytes, at);
        const Region region = get_region(bytes, at);
        Region* known = id == bat_region        ? &table.bat
                        : id == metadata_region ? &table.metadata
                                                : nullptr;
        if (known == nullptr) {
            if ((get_little<std::uint32_t>(bytes, at + 28) & 1) != 0) {
                unsupported("VHDX region", id.lower());
            }
            continue;
        }
        if (known->length != 0) {
            corrupt("VHDX region table");
        }
        *known = region;
        if (known == &table.bat) {
            table.bat_entry_ = at;
        }
    }
    if (table.bat.length == 0 || table.metadata.length == 0 ||
        overlap(table.bat.offset, table.bat.length, table.metadata.offset, table.metadata.length)) {
        corrupt("VHDX region table");
    }
    table.raw = std::move(bytes);
    return table;
}

void RegionTable::move_bat(const Region& region)
{
    bat = region;
    put_little<std::uint64_t>(raw, bat_entry_ + 16, region.offset);
    put_little<std::uint32_t>(raw, bat_entry_ + 24, static_cast<std::uint32_t>(region.length));
    seal(raw);
}

BatEntry BatEntry::parse(std::uint64_t value)
{
    constexpr std::uint64_t reserved = 0xFFFF8;
    const auto state = static_cast<std::uint8_t>(value & 7);
    if ((value & reserved) != 0 || state == 4 || state == 5) {
        corrupt("VHDX block allocation table", hresult::bat_corrupt);
    }
    return {.state = static_cast<BlockState>(state), .offset = value >> 20 << 20};
}

std::uint64_t BatMap::entries() const
{
    const std::uint64_t blocks = payload_blocks();
    if (has_parent) {
        return divide_up(blocks, chunk_ratio()) * (chunk_ratio() + 1);
    }
    return blocks == 0 ? 0 : blocks + (blocks - 1) / chunk_ratio();
}

} // namespace watari::vhd
