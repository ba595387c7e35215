#include "vhd/vhdx_disk.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

void VhdxDisk::grow(ByteSize size)
{
    if (random_ == nullptr) {
        throw Error{ErrorKind::conflict, message::vhd_opened_for_reading{}};
    }
    check_growable(Format::vhdx, info().kind, this->size(), size,
                   image_.metadata.logical_sector_size);
    if (size == this->size()) {
        return;
    }
    begin_change();
    clear_tail(size.in_bytes());
    const BatMap before = map();
    BatMap after = before;
    after.size = size.in_bytes();
    if (after.entries() * 8 > image_.regions.bat.length) {
        move_bat(after.region_length());
    }
    fill_entries(before, after);

    Bytes size_bytes(8);
    put_little<std::uint64_t>(size_bytes, 0, after.size);
    LogChange change{*file_};
    change.put(image_.regions.metadata.offset + image_.metadata.size_offset, size_bytes);
    commit(change);
    image_.metadata.size = after.size;
}

/// The last block may hold old data behind the end of the disk, which must not appear when the end
/// moves.
void VhdxDisk::clear_tail(std::uint64_t new_size)
{
    const std::uint64_t end = image_.metadata.size;
    const std::uint64_t within = end % block_size();
    if (within == 0) {
        return;
    }
    const BatEntry entry = payload_entry(end / block_size());
    if (entry.has_place()) {
        file_->write_zeros(entry.offset + within, std::min(block_size() - within, new_size - end));
        file_->flush();
    }
}

/// Copies the BAT to the end of the file; both region tables change in one entry. The old place
/// becomes free space.
void VhdxDisk::move_bat(std::uint64_t length)
{
    const Region old = image_.regions.bat;
    const Region bat{.offset = append_room(length), .length = length};
    const std::uint64_t used = map().entries() * 8;
    for (std::uint64_t at = 0; at < used; at += 64 * kib) {
        const std::uint64_t step = std::min(64 * kib, used - at);
        file_->write_at(bat.offset + at, read_bytes(*file_, old.offset + at, step));
    }
    file_->flush();

    RegionTable moved = image_.regions;
    moved.move_bat(bat);
    LogChange change{*file_};
    for (const std::uint64_t offset : vhdx_region_offsets) {
        change.put(offset, moved.raw);
    }
    commit(change);
    image_.regions = std::move(moved);
}

/// The entries that the new size brings into use: blocks with room in a fixed disk, else none.
/// Nobody looks at them before the size changes.
void VhdxDisk::fill_entries(const BatMap& before, const BatMap& after)
{
    const std::uint64_t first = before.payload_blocks();
    const std::uint64_t count = after.payload_blocks() - first;
    const bool fixed = image_.metadata.leave_blocks_allocated && !is_child();
    std::uint64_t place = 0;
    if (fixed && count > 0) {
        place = append_room(count * block_size());
        file_->flush();
    }
    const std::uint64_t end = after.entries() * 8;
    for (std::uint64_t at = before.payload_index(first) * 8; at < end;) {
        const std::uint64_t at_file = image_.regions.bat.offset + at;
        const std::uint64_t room = log_sectors_max * vhdx_sector - at_file % vhdx_sector;
        const Bytes now = read_bytes(*file_, at_file, std::min(end - at, room));
        Bytes entries = now;
        for (std::uint64_t i = 0; i < entries.size() / 8; ++i) {
            const std::uint64_t index = at / 8 + i;
            const std::uint64_t chunk = index / (after.chunk_ratio() + 1);
            const std::uint64_t in_chunk = index % (after.chunk_ratio() + 1);
            BatEntry entry;
            if (in_chunk == after.chunk_ratio()) {
                if (index < before.entries()) {
                    continue; // the bitmap block of a chunk that was in use before
                }
            } else if (fixed) {
                const std::uint64_t block = chunk * after.chunk_ratio() + in_chunk;
                entry = {.state = BlockState::fully_present,
                         .offset = place + (block - first) * block_size()};
            }
            put_little<std::uint64_t>(entries, i * 8, entry.encode());
        }
        if (entries != now) {
            LogChange change{*file_};
            change.put(at_file, entries);
            commit(change);
        }
        at += entries.size();
    }
}

} // namespace watari::vhd
