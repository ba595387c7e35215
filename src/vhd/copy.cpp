#include "vhd/copy.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

constexpr std::uint64_t step_size = 2 * mib;
constexpr std::uint64_t grain = 64 * kib;

/// Writes the parts of `data` that are not zero, in runs of whole grains.
void write_data(Disk& to, std::uint64_t offset, ByteView data)
{
    for (std::uint64_t at = 0; at < data.size();) {
        std::uint64_t end = at;
        while (end < data.size() &&
               !is_zero(data.subspan(end, std::min<std::uint64_t>(grain, data.size() - end)))) {
            end = std::min<std::uint64_t>(end + grain, data.size());
        }
        if (end > at) {
            to.write(offset + at, data.subspan(at, end - at));
        }
        at = std::min<std::uint64_t>(std::max(end, at) + grain, data.size());
    }
}

} // namespace

void copy(Disk& from, File& into, NewDisk disk, Random& random, const Progress& progress)
{
    if (disk.kind == Kind::differencing) {
        throw Error{ErrorKind::invalid,
                    message::vhd_kind_not_fitting{.kind = std::string{to_string(disk.kind)}}};
    }
    if (disk.size == ByteSize{}) {
        disk.size = from.size();
    }
    if (disk.size < from.size()) {
        throw Error{ErrorKind::invalid,
                    message::vhd_shrink_refused{.current = std::to_string(from.size().in_bytes()),
                                                .size = std::to_string(disk.size.in_bytes())}};
    }
    create(into, disk, random);
    auto to = open_writable(borrowed_without_flush(into), random, {.format = disk.format});
    const std::uint64_t total = from.size().in_bytes();
    Bytes buffer(step_size);
    for (std::uint64_t offset = 0; offset < total; offset += step_size) {
        const std::uint64_t length = std::min(step_size, total - offset);
        if (from.may_hold_data(offset, length)) {
            const ByteSpan data = ByteSpan{buffer}.first(length);
            from.read(offset, data);
            write_data(*to, offset, data);
        }
        if (progress) {
            progress(ByteSize::bytes(offset + length), from.size());
        }
    }
    to->close();
    into.flush();
}

void merge(Disk& child, Disk& parent, const Progress& progress)
{
    if (child.info().format != parent.info().format ||
        child.info().logical_sector_size != parent.info().logical_sector_size) {
        throw Error{ErrorKind::conflict, message::vhd_parent_unlike{}};
    }
    if (child.size() > parent.size()) {
        parent.grow(child.size());
    }
    const bool parent_is_root = !parent.info().parent;
    const std::uint64_t total = child.size().in_bytes();
    Bytes buffer(step_size);
    for (std::uint64_t offset = 0; offset < total; offset += step_size) {
        const std::uint64_t length = std::min(step_size, total - offset);
        for (const Extent& extent : child.held(offset, length)) {
            const ByteSpan data = ByteSpan{buffer}.first(extent.length);
            child.read(extent.offset, data);
            const bool is_zero_there =
                parent_is_root && !parent.may_hold_data(extent.offset, extent.length);
            if (!is_zero_there || !is_zero(data)) {
                parent.write(extent.offset, data);
            }
        }
        if (progress) {
            progress(ByteSize::bytes(offset + length), child.size());
        }
    }
    parent.flush();
}

} // namespace watari::vhd
