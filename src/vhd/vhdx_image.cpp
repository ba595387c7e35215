#include "vhd/hresult.hpp"
#include "vhd/image.hpp"
#include "vhd/vhdx_log.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

[[noreturn]] void corrupt(const char* part)
{
    throw Error{ErrorKind::invalid,
                message::vhd_part_corrupt{.part = part},
                {.code = hresult::header_corrupt}};
}

/// The valid header with the larger sequence, and its slot.
std::pair<VhdxHeader, std::size_t> current_header(File& file)
{
    std::optional<std::pair<VhdxHeader, std::size_t>> current;
    for (std::size_t slot = 0; slot < vhdx_header_offsets.size(); ++slot) {
        const auto header =
            VhdxHeader::parse(read_bytes(file, vhdx_header_offsets[slot], vhdx_sector));
        if (header && (!current || header->sequence > current->first.sequence)) {
            current = {*header, slot};
        }
    }
    if (!current) {
        corrupt("VHDX headers");
    }
    return *current;
}

RegionTable region_table(File& file)
{
    for (const std::uint64_t offset : vhdx_region_offsets) {
        if (auto table = RegionTable::parse(read_bytes(file, offset, vhdx_region_size))) {
            return std::move(*table);
        }
    }
    corrupt("VHDX region tables");
}

void check_places(const VhdxImage& image, std::uint64_t file_size)
{
    const Region log{.offset = image.header.log_offset, .length = image.header.log_length};
    for (const Region& region : {image.regions.bat, image.regions.metadata}) {
        if (!fits(region.offset, region.length, file_size) ||
            overlap(region.offset, region.length, log.offset, log.length)) {
            corrupt("VHDX region table");
        }
    }
}

} // namespace

BatMap VhdxImage::bat_map() const
{
    return {.size = metadata.size,
            .block_size = metadata.block_size,
            .sector_size = metadata.logical_sector_size,
            .has_parent = metadata.has_parent};
}

void write_headers(File& file, VhdxImage& image)
{
    for (int i = 0; i < 2; ++i) {
        const std::size_t slot = 1 - image.header_slot;
        ++image.header.sequence;
        file.write_at(vhdx_header_offsets[slot], image.header.encode());
        file.flush();
        image.header_slot = slot;
    }
}

VhdxImage load_vhdx(std::unique_ptr<File>& file, bool replays)
{
    if (file->size() < mib || !has_text(read_bytes(*file, 0, 8), 0, "vhdxfile")) {
        throw Error{
            ErrorKind::invalid, message::vhd_format_unknown{}, {.code = hresult::format_unknown}};
    }
    VhdxImage image;
    std::tie(image.header, image.header_slot) = current_header(*file);
    if (!image.header.log_guid.is_nil()) {
        LogContents log = read_log(*file, image.header);
        if (replays) {
            apply(log, *file);
            image.header.log_guid = {};
            write_headers(*file, image);
        } else {
            file = patched(std::move(file), std::move(log));
            image.needs_replay = true;
        }
    }
    image.regions = region_table(*file);
    check_places(image, file->size());
    image.metadata = Metadata::parse(*file, image.regions.metadata);
    if (image.bat_map().entries() * 8 > image.regions.bat.length) {
        corrupt("VHDX block allocation table");
    }
    return image;
}

Info info_of(const VhdxImage& image, File& file)
{
    const Metadata& metadata = image.metadata;
    const Kind kind = metadata.has_parent               ? Kind::differencing
                      : metadata.leave_blocks_allocated ? Kind::fixed
                                                        : Kind::dynamic;
    return {.format = Format::vhdx,
            .kind = kind,
            .virtual_size = ByteSize::bytes(metadata.size),
            .file_size = ByteSize::bytes(file.size()),
            .block_size = ByteSize::bytes(metadata.block_size),
            .logical_sector_size = metadata.logical_sector_size,
            .physical_sector_size = metadata.physical_sector_size,
            .id = metadata.id,
            .link_id = image.header.data_write_guid,
            .parent = metadata.parent,
            .needs_replay = image.needs_replay};
}

} // namespace watari::vhd
