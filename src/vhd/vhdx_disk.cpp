#include "vhd/vhdx_disk.hpp"

#include "vhd/hresult.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

[[noreturn]] void corrupt(const char* part, std::uint32_t code = hresult::bat_corrupt)
{
    throw Error{ErrorKind::invalid, message::vhd_part_corrupt{.part = part}, {.code = code}};
}

bool bit_is_set(ByteView bitmap, std::uint64_t sector)
{
    return (bitmap[sector / 8] & (1U << (sector % 8))) != 0;
}

} // namespace

VhdxDisk::~VhdxDisk()
{
    try {
        close();
    } catch (const std::exception&) {
        // The log completes the file at the next opening.
        failed_ = true;
    }
}

BatEntry VhdxDisk::entry_at(std::uint64_t index, std::uint64_t length)
{
    const Bytes bytes = read_bytes(*file_, entry_place(index), 8);
    const BatEntry entry = BatEntry::parse(get_little<std::uint64_t>(bytes, 0));
    if (!entry.has_place()) {
        return entry;
    }
    const auto overlaps = [&](const Region& region) {
        return overlap(entry.offset, length, region.offset, region.length);
    };
    if (entry.offset < mib || !fits(entry.offset, length, file_->size()) ||
        overlaps(image_.regions.bat) || overlaps(image_.regions.metadata) ||
        overlaps({.offset = image_.header.log_offset, .length = image_.header.log_length})) {
        corrupt("VHDX block allocation table");
    }
    return entry;
}

std::optional<std::uint64_t> VhdxDisk::bitmap_place(std::uint64_t chunk)
{
    const BatEntry entry = entry_at(map().bitmap_index(chunk), mib);
    if (entry.state == BlockState::not_present) {
        return std::nullopt;
    }
    if (entry.state != BlockState::fully_present) {
        corrupt("VHDX block allocation table");
    }
    return entry.offset;
}

VhdxDisk::BitRange VhdxDisk::bit_range(const Piece& piece) const
{
    const std::uint64_t sector =
        (piece.block % map().chunk_ratio()) * sectors_per_block() + piece.within / sector_size();
    const std::uint64_t end = sector + piece.length / sector_size();
    return {
        .first_bit = sector % 8, .offset = sector / 8, .length = divide_up(end, 8) - sector / 8};
}

void VhdxDisk::read(std::uint64_t offset, ByteSpan into)
{
    check_access(offset, into.size(), image_.metadata.size, image_.metadata.logical_sector_size);
    for_each_piece(offset, into.size(), block_size(), [&](const Piece& piece) {
        read_piece(offset + piece.position, piece, into.subspan(piece.position, piece.length));
    });
}

void VhdxDisk::read_piece(std::uint64_t offset, const Piece& piece, ByteSpan into)
{
    const BatEntry entry = payload_entry(piece.block);
    switch (entry.state) {
    case BlockState::not_present:
        if (is_child()) {
            read_from_parent(parent_.get(), offset, into);
            return;
        }
        [[fallthrough]];
    case BlockState::undefined:
    case BlockState::zero:
    case BlockState::unmapped:
        std::ranges::fill(into, std::uint8_t{0});
        return;
    case BlockState::fully_present:
        file_->read_at(entry.offset + piece.within, into);
        return;
    case BlockState::partially_present:
        read_partial(offset, piece, entry.offset + piece.within, into);
        return;
    }
}

void VhdxDisk::read_partial(std::uint64_t offset, const Piece& piece, std::uint64_t data,
                            ByteSpan into)
{
    for_each_part(piece, [&](std::uint64_t from, std::uint64_t length, bool is_here) {
        const ByteSpan target = into.subspan(from, length);
        if (is_here) {
            file_->read_at(data + from, target);
        } else {
            read_from_parent(parent_.get(), offset + from, target);
        }
    });
}

/// The parts of a piece of a partial block: visit(offset in the piece, length, whether it is here).
void VhdxDisk::for_each_part(const Piece& piece,
                             const std::function<void(std::uint64_t, std::uint64_t, bool)>& visit)
{
    const auto place = is_child() ? bitmap_place(piece.block / map().chunk_ratio()) : std::nullopt;
    if (!place) {
        corrupt("VHDX sector bitmap", hresult::bitmap_mismatch);
    }
    const BitRange range = bit_range(piece);
    const Bytes bits = read_bytes(*file_, *place + range.offset, range.length);
    const std::uint64_t unit = sector_size();
    for_each_run(
        piece.length / unit, [&](std::uint64_t i) { return bit_is_set(bits, range.first_bit + i); },
        [&](std::uint64_t from, std::uint64_t count, bool is_here) {
            visit(from * unit, count * unit, is_here);
        });
}

std::vector<Extent> VhdxDisk::held(std::uint64_t offset, std::uint64_t length)
{
    check_access(offset, length, image_.metadata.size, image_.metadata.logical_sector_size);
    if (!is_child()) {
        return {{.offset = offset, .length = length}};
    }
    std::vector<Extent> extents;
    for_each_piece(offset, length, block_size(), [&](const Piece& piece) {
        const BlockState state = payload_entry(piece.block).state;
        const std::uint64_t start = offset + piece.position;
        if (state == BlockState::partially_present) {
            for_each_part(piece, [&](std::uint64_t from, std::uint64_t count, bool is_here) {
                if (is_here) {
                    extents.push_back({.offset = start + from, .length = count});
                }
            });
        } else if (state != BlockState::not_present) {
            extents.push_back({.offset = start, .length = piece.length});
        }
    });
    return extents;
}

bool VhdxDisk::may_hold_data(std::uint64_t offset, std::uint64_t length)
{
    bool found = false;
    for_each_piece(offset, length, block_size(), [&](const Piece& piece) {
        if (found) {
            return;
        }
        const BatEntry entry = payload_entry(piece.block);
        const bool through = is_child() && (entry.state == BlockState::not_present ||
                                            entry.state == BlockState::partially_present);
        found = (entry.has_place() && file_->has_data(entry.offset + piece.within, piece.length)) ||
                (through &&
                 (!parent_ || parent_->may_hold_data(offset + piece.position, piece.length)));
    });
    return found;
}

/// New ids before the first change, so that children notice. Source: MS-VHDX 2.2.2.1.
void VhdxDisk::begin_change()
{
    if (random_ == nullptr) {
        throw Error{ErrorKind::conflict, message::vhd_opened_for_reading{}};
    }
    if (failed_) {
        throw Error{ErrorKind::conflict, message::vhd_needs_reopening{}};
    }
    if (changing_) {
        return;
    }
    if (file_->size() % mib != 0) {
        file_->truncate(round_up(file_->size(), mib)); // log entries count whole MiB
        file_->flush();
    }
    image_.header.file_write_guid = Uuid::random(*random_);
    image_.header.data_write_guid = Uuid::random(*random_);
    write_headers(*file_, image_);
    changing_ = true;
}

/// After a failure the file may need its log, so nothing may touch the headers before it is opened
/// again.
void VhdxDisk::commit(const LogChange& change)
{
    if (failed_) {
        throw Error{ErrorKind::conflict, message::vhd_needs_reopening{}};
    }
    failed_ = true;
    if (!log_) {
        const Uuid guid = Uuid::random(*random_);
        log_.emplace(*file_, image_.header, guid);
        log_->write_empty();
        image_.header.log_guid = guid;
        write_headers(*file_, image_);
    }
    log_->commit(change);
    failed_ = false;
}

std::uint64_t VhdxDisk::append_room(std::uint64_t length)
{
    const std::uint64_t place = round_up(file_->size(), mib);
    file_->truncate(place + length);
    return place;
}

void VhdxDisk::write(std::uint64_t offset, ByteView data)
{
    check_access(offset, data.size(), image_.metadata.size, image_.metadata.logical_sector_size);
    begin_change();
    for_each_piece(offset, data.size(), block_size(), [&](const Piece& piece) {
        write_piece(piece, data.subspan(piece.position, piece.length));
    });
}

void VhdxDisk::write_piece(const Piece& piece, ByteView data)
{
    const BatEntry entry = payload_entry(piece.block);
    if (!entry.has_place()) {
        write_new_block(piece, data, entry.state);
        return;
    }
    if (entry.state == BlockState::partially_present && !is_child()) {
        corrupt("VHDX sector bitmap", hresult::bitmap_mismatch);
    }
    file_->write_at(entry.offset + piece.within, data);
    if (entry.state == BlockState::partially_present) {
        LogChange change{*file_};
        set_bits(piece, change);
        if (!change.sectors().empty()) {
            file_->flush();
            commit(change);
        }
    }
}

/// A child's block that showed its parent becomes partial, unless all of it is written; any other
/// was zeros and stays so where it is not written.
void VhdxDisk::write_new_block(const Piece& piece, ByteView data, BlockState before)
{
    const bool partial =
        is_child() && before == BlockState::not_present && piece.length != block_size();
    if (partial) {
        ensure_bitmap(piece.block);
        clear_bits(piece.block);
    }
    const std::uint64_t place = append_room(block_size());
    file_->write_at(place + piece.within, data);
    file_->flush();

    const BatEntry entry{.state =
                             partial ? BlockState::partially_present : BlockState::fully_present,
                         .offset = place};
    LogChange change{*file_};
    change.put(entry_place(map().payload_index(piece.block)), entry.bytes());
    if (partial) {
        set_bits(piece, change);
    }
    commit(change);
}

void VhdxDisk::ensure_bitmap(std::uint64_t block)
{
    const std::uint64_t chunk = block / map().chunk_ratio();
    if (bitmap_place(chunk)) {
        return;
    }
    const BatEntry entry{.state = BlockState::fully_present, .offset = append_room(mib)};
    file_->flush();
    LogChange change{*file_};
    change.put(entry_place(map().bitmap_index(chunk)), entry.bytes());
    commit(change);
}

/// Bits of a block that was not present mean nothing so far.
void VhdxDisk::clear_bits(std::uint64_t block)
{
    const BitRange range = bit_range({.block = block, .length = block_size()});
    const std::uint64_t start = *bitmap_place(block / map().chunk_ratio()) + range.offset;
    const std::uint64_t end = start + range.length;
    const Bytes zeros(vhdx_sector);
    for (std::uint64_t at = start; at < end;) {
        LogChange change{*file_};
        while (at < end && change.sectors().size() < log_sectors_max - 1) {
            const std::uint64_t step = std::min(end - at, vhdx_sector - at % vhdx_sector);
            if (!is_zero(read_bytes(*file_, at, step))) {
                change.put(at, ByteView{zeros}.first(step));
            }
            at += step;
        }
        if (!change.sectors().empty()) {
            commit(change);
        }
    }
}

/// Adds the piece's bits to `change`, unless they are set. A piece of the largest block (256 MiB,
/// 64 KiB of bits) is 17 sectors of bitmap at most.
void VhdxDisk::set_bits(const Piece& piece, LogChange& change)
{
    const auto block_place = bitmap_place(piece.block / map().chunk_ratio());
    if (!block_place) {
        corrupt("VHDX sector bitmap", hresult::bitmap_mismatch);
    }
    const BitRange range = bit_range(piece);
    Bytes bits = read_bytes(*file_, *block_place + range.offset, range.length);
    const Bytes before = bits;
    for (std::uint64_t i = 0; i < piece.length / sector_size(); ++i) {
        const std::uint64_t bit = range.first_bit + i;
        bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] | (1U << (bit % 8)));
    }
    if (bits != before) {
        change.put(*block_place + range.offset, bits);
    }
}

void VhdxDisk::close()
{
    if (random_ == nullptr) {
        return;
    }
    if (!failed_ && changing_) {
        file_->flush();
        if (!image_.header.log_guid.is_nil()) {
            image_.header.log_guid = {};
            write_headers(*file_, image_);
        }
    }
    log_.reset();
    random_ = nullptr;
}

std::unique_ptr<Disk> make_vhdx_disk(std::unique_ptr<File> file, VhdxImage image,
                                     std::unique_ptr<Disk> parent, Random* random)
{
    return std::make_unique<VhdxDisk>(std::move(file), std::move(image), std::move(parent), random);
}

} // namespace watari::vhd
