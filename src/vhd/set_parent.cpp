#include "vhd/image.hpp"
#include "vhd/utf16.hpp"
#include "vhd/vhdx_log.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

std::string last_name(const ParentPaths& paths)
{
    const std::string& path = paths.absolute.empty() ? paths.relative : paths.absolute;
    return path.substr(path.find_last_of("\\/") + 1);
}

/// Puts a locator's text at `place` and returns the place behind it.
std::uint64_t write_locator(File& file, DynamicHeader& header, std::size_t index, Locator code,
                            const std::string& path, std::uint64_t place)
{
    if (path.empty()) {
        return place;
    }
    const Bytes text = to_utf16(path, Endian::little);
    if (text.size() > 64 * kib) {
        throw Error{ErrorKind::invalid, message::vhd_parent_path_missing{}};
    }
    const std::uint64_t space = round_up(text.size(), 512);
    put_locator(header, index,
                {.code = static_cast<std::uint32_t>(code),
                 .space = space,
                 .length = static_cast<std::uint32_t>(text.size()),
                 .offset = place});
    file.write_at(place, text);
    return place + space;
}

void check(const Info& child, const Info& parent)
{
    if (!child.parent) {
        throw Error{ErrorKind::unsupported,
                    message::vhd_kind_not_fitting{.kind = std::string{to_string(child.kind)}}};
    }
    if (parent.logical_sector_size != child.logical_sector_size) {
        throw Error{ErrorKind::conflict, message::vhd_parent_unlike{}};
    }
    if (child.format == Format::vhd && parent.virtual_size != child.virtual_size) {
        throw Error{ErrorKind::conflict,
                    message::vhd_parent_size_mismatch{
                        .child = std::to_string(child.virtual_size.in_bytes()),
                        .parent = std::to_string(parent.virtual_size.in_bytes())}};
    }
}

/// The new paths go where the footer was. The header has no copy and is written at once, but is two
/// sectors long.
void set_vhd_parent(File& file, VhdImage image, const NewParent& parent)
{
    const std::uint64_t place = round_up(image.place.offset, 512);
    DynamicHeader header = *image.header;
    MemoryFile paths;
    const std::uint64_t length = write_parent(paths, header, parent, 0);
    file.write_at(place + length, image.place.footer.raw);
    file.flush();
    write_parent(file, header, parent, place);
    file.flush();
    file.write_at(image.place.footer.data_offset(), header.raw);
    file.flush();
}

/// A new item behind the others, then the table entry that points there: one entry of the log.
void set_vhdx_parent(File& file, VhdxImage image, const NewParent& parent, Random& random)
{
    const Bytes item =
        encode_parent_locator({.id = parent.info.link_id, .paths = parent.paths, .modified = {}});
    const Region region = image.regions.metadata;
    const std::uint64_t place = round_up(image.metadata.items_end, 8);
    if (!fits(place, item.size(), region.length) ||
        item.size() > (log_sectors_max - 4) * vhdx_sector) {
        throw Error{ErrorKind::invalid, message::vhd_parent_path_missing{}};
    }
    file.truncate(round_up(file.size(), mib));
    image.header.file_write_guid = Uuid::random(random);
    write_headers(file, image);
    const Uuid log_guid = Uuid::random(random);
    LogWriter log{file, image.header, log_guid};
    log.write_empty();
    image.header.log_guid = log_guid;
    write_headers(file, image);

    Bytes entry(8);
    put_little<std::uint32_t>(entry, 0, static_cast<std::uint32_t>(place));
    put_little<std::uint32_t>(entry, 4, static_cast<std::uint32_t>(item.size()));
    LogChange change{file};
    change.put(region.offset + place, item);
    change.put(region.offset + image.metadata.locator_entry + 16, entry);
    log.commit(change);
    image.header.log_guid = {};
    write_headers(file, image);
}

} // namespace

std::uint64_t write_parent(File& file, DynamicHeader& header, const NewParent& parent,
                           std::uint64_t place)
{
    header.set_parent(parent.info.link_id, vhd_time(parent.modified),
                      parent.paths.name.empty() ? last_name(parent.paths) : parent.paths.name);
    place = write_locator(file, header, 0, Locator::absolute, parent.paths.absolute, place);
    return write_locator(file, header, 1, Locator::relative, parent.paths.relative, place);
}

void set_parent(File& file, const NewParent& parent, Random& random)
{
    if (parent.info.format == Format::vhd) {
        VhdImage image = load_vhd(file);
        check(info_of(image, file), parent.info);
        set_vhd_parent(file, std::move(image), parent);
        return;
    }
    auto view = borrowed(file);
    VhdxImage image = load_vhdx(view, true);
    check(info_of(image, file), parent.info);
    set_vhdx_parent(file, std::move(image), parent, random);
}

} // namespace watari::vhd
