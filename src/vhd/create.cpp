#include "vhd/create.hpp"

#include "vhd/image.hpp"
#include "vhd/utf16.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

namespace watari::vhd {

namespace {

constexpr std::string_view creator = "Watari";

/// `disk` with its gaps filled; throws what is wrong with it.
NewDisk complete(NewDisk disk)
{
    if ((disk.kind == Kind::differencing) != disk.parent.has_value()) {
        throw Error{ErrorKind::invalid,
                    message::vhd_kind_not_fitting{.kind = std::string{to_string(disk.kind)}}};
    }
    if (disk.parent) {
        const Info& parent = disk.parent->info;
        if (parent.format != disk.format) {
            throw Error{ErrorKind::conflict, message::vhd_parent_unlike{}};
        }
        if (disk.parent->paths.relative.empty() && disk.parent->paths.absolute.empty() &&
            disk.parent->paths.volume.empty()) {
            throw Error{ErrorKind::invalid, message::vhd_parent_path_missing{}};
        }
        if (disk.size != ByteSize{} && disk.size != parent.virtual_size) {
            throw Error{ErrorKind::invalid,
                        message::vhd_parent_size_mismatch{
                            .child = std::to_string(disk.size.in_bytes()),
                            .parent = std::to_string(parent.virtual_size.in_bytes())}};
        }
        disk.size = parent.virtual_size;
        disk.logical_sector_size = parent.logical_sector_size;
        disk.physical_sector_size = parent.physical_sector_size;
        if (disk.format == Format::vhd && parent.block_size != ByteSize{}) {
            disk.block_size = parent.block_size;
        }
    }
    if (disk.block_size == ByteSize{} || (disk.format == Format::vhd && disk.kind == Kind::fixed)) {
        disk.block_size = default_block_size(disk.format, disk.kind);
    }
    check_creatable(disk.format, disk.kind, disk.size,
                    disk.format == Format::vhd ? 512 : disk.logical_sector_size);
    check_block_size(disk.format, disk.kind, disk.block_size);
    if (disk.format == Format::vhdx && disk.physical_sector_size != 512 &&
        disk.physical_sector_size != 4096) {
        throw Error{ErrorKind::invalid, message::vhd_sector_size_not_allowed{
                                            .sector = std::to_string(disk.physical_sector_size)}};
    }
    return disk;
}

void create_vhd(File& file, const NewDisk& disk, Random& random)
{
    const std::uint64_t size = disk.size.in_bytes();
    const Footer footer = Footer::make(disk.kind, size, Uuid::random(random), disk.created);
    if (disk.kind == Kind::fixed) {
        file.truncate(size + footer_size);
        file.write_at(size, footer.raw);
        return;
    }
    const auto block_size = static_cast<std::uint32_t>(disk.block_size.in_bytes());
    const auto entries = static_cast<std::uint32_t>(divide_up(size, block_size));
    const std::uint64_t table_size = round_up(std::uint64_t{entries} * 4, 512);
    DynamicHeader header = DynamicHeader::make(vhd_table_offset_new, entries, block_size);
    file.write_at(vhd_table_offset_new, Bytes(table_size, 0xFF));
    std::uint64_t end = vhd_table_offset_new + table_size;
    if (disk.parent) {
        end = write_parent(file, header, *disk.parent, end);
    }
    file.write_at(vhd_header_offset_new, header.raw);
    file.write_at(0, footer.raw);
    file.write_at(end, footer.raw);
}

Metadata metadata_of(const NewDisk& disk, Random& random)
{
    Metadata metadata;
    metadata.block_size = static_cast<std::uint32_t>(disk.block_size.in_bytes());
    metadata.leave_blocks_allocated = disk.kind == Kind::fixed;
    metadata.has_parent = disk.parent.has_value();
    metadata.size = disk.size.in_bytes();
    // A child is the same disk to its guest. Source: MS-VHDX 2.6.2, items of the virtual disk.
    metadata.id = disk.parent ? disk.parent->info.id : Uuid::random(random);
    metadata.logical_sector_size = disk.logical_sector_size;
    metadata.physical_sector_size = disk.physical_sector_size;
    if (disk.parent) {
        metadata.parent = ParentLink{
            .id = disk.parent->info.link_id, .paths = disk.parent->paths, .modified = {}};
    }
    return metadata;
}

/// All blocks of a fixed disk lie behind the BAT in their order.
void write_fixed_entries(File& file, const BatMap& map, const Region& bat)
{
    constexpr std::uint64_t batch = 64 * kib;
    Bytes entries(std::min(bat.length, round_up(map.entries() * 8, batch)));
    std::uint64_t place = bat.offset + bat.length;
    for (std::uint64_t block = 0; block < map.payload_blocks(); ++block) {
        const BatEntry entry{.state = BlockState::fully_present, .offset = place};
        put_little<std::uint64_t>(entries, map.payload_index(block) * 8, entry.encode());
        place += map.block_size;
    }
    file.write_at(bat.offset, entries);
    file.truncate(place);
}

void create_vhdx(File& file, const NewDisk& disk, Random& random)
{
    const BatMap map{.size = disk.size.in_bytes(),
                     .block_size = disk.block_size.in_bytes(),
                     .sector_size = disk.logical_sector_size,
                     .has_parent = disk.parent.has_value()};
    const Region bat{.offset = vhdx_bat_offset_new, .length = map.region_length()};
    const RegionTable regions =
        RegionTable::make(bat, {.offset = vhdx_metadata_offset_new, .length = mib});
    file.truncate(bat.offset + bat.length);
    if (disk.kind == Kind::fixed) {
        write_fixed_entries(file, map, bat);
    }
    file.write_at(vhdx_metadata_offset_new, metadata_of(disk, random).encode());
    for (const std::uint64_t offset : vhdx_region_offsets) {
        file.write_at(offset, regions.raw);
    }
    VhdxImage image;
    image.header = {.file_write_guid = Uuid::random(random),
                    .data_write_guid = Uuid::random(random),
                    .log_length = static_cast<std::uint32_t>(mib),
                    .log_offset = vhdx_log_offset_new};
    write_headers(file, image);
    Bytes identifier(8);
    put_text(identifier, 0, "vhdxfile");
    const Bytes name = to_utf16(creator, Endian::little);
    identifier.insert(identifier.end(), name.begin(), name.end());
    file.write_at(0, identifier);
}

} // namespace

void create(File& file, const NewDisk& disk, Random& random)
{
    const NewDisk whole = complete(disk);
    if (file.size() != 0) {
        throw Error{ErrorKind::conflict, message::vhd_file_not_empty{}};
    }
    if (whole.format == Format::vhd) {
        create_vhd(file, whole, random);
    } else {
        create_vhdx(file, whole, random);
    }
    file.flush();
}

} // namespace watari::vhd
