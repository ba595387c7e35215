#include "vhd/hresult.hpp"
#include "vhd/image.hpp"
#include "vhd/vhdx_log.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

[[noreturn]] void corrupt(const char* part, std::uint32_t code = hresult::bat_corrupt)
{
    throw Error{ErrorKind::invalid, message::vhd_part_corrupt{.part = part}, {.code = code}};
}

Bytes number(std::uint64_t value)
{
    Bytes bytes(8);
    put_little<std::uint64_t>(bytes, 0, value);
    return bytes;
}

bool bit_is_set(ByteView bitmap, std::uint64_t sector)
{
    return (bitmap[sector / 8] & (1U << (sector % 8))) != 0;
}

/// Order of every change: data and room first and stable, then the metadata that points there,
/// through the log.
class VhdxDisk final : public Disk
{
public:
    VhdxDisk(std::unique_ptr<File> file, VhdxImage image, std::unique_ptr<Disk> parent,
             Random* random)
        : file_(std::move(file)),
          image_(std::move(image)),
          parent_(std::move(parent)),
          random_(random)
    {
    }
    ~VhdxDisk() override;
    VhdxDisk(const VhdxDisk&) = delete;
    VhdxDisk& operator=(const VhdxDisk&) = delete;

    Info info() override { return info_of(image_, *file_); }
    ByteSize size() const override { return ByteSize::bytes(image_.metadata.size); }
    void read(std::uint64_t offset, ByteSpan into) override;
    void write(std::uint64_t offset, ByteView data) override;
    void grow(ByteSize size) override;
    void flush() override { file_->flush(); }
    void close() override;
    bool may_hold_data(std::uint64_t offset, std::uint64_t length) override;
    std::vector<Extent> held(std::uint64_t offset, std::uint64_t length) override;

private:
    std::uint64_t block_size() const { return image_.metadata.block_size; }
    std::uint64_t sector_size() const { return image_.metadata.logical_sector_size; }
    std::uint64_t sectors_per_block() const { return block_size() / sector_size(); }
    bool is_child() const { return image_.metadata.has_parent; }
    BatMap map() const { return image_.bat_map(); }
    std::uint64_t entry_place(std::uint64_t index) const
    {
        return image_.regions.bat.offset + index * 8;
    }

    BatEntry entry_at(std::uint64_t index, std::uint64_t length);
    BatEntry payload_entry(std::uint64_t block)
    {
        return entry_at(map().payload_index(block), block_size());
    }
    /// The place of the chunk's bitmap block; nullopt if it has none.
    std::optional<std::uint64_t> bitmap_place(std::uint64_t chunk);
    /// The bits of the piece's sectors, and where their first byte is in the file.
    struct BitRange {
        std::uint64_t first_bit = 0; ///< in the first byte
        std::uint64_t offset = 0;    ///< in the bitmap block
        std::uint64_t length = 0;
    };
    BitRange bit_range(const Piece& piece) const;

    void read_piece(std::uint64_t offset, const Piece& piece, ByteSpan into);
    void for_each_part(const Piece& piece,
                       const std::function<void(std::uint64_t, std::uint64_t, bool)>& visit);
    void read_partial(std::uint64_t offset, const Piece& piece, std::uint64_t data, ByteSpan into);
    void write_piece(const Piece& piece, ByteView data);
    void write_new_block(const Piece& piece, ByteView data, BlockState before);
    void set_bits(const Piece& piece, LogChange& change);
    void clear_bits(std::uint64_t block);
    void ensure_bitmap(std::uint64_t block);

    void begin_change();
    void commit(const LogChange& change);
    std::uint64_t append_room(std::uint64_t length);
    void clear_tail(std::uint64_t new_size);
    void move_bat(std::uint64_t length);
    void fill_entries(const BatMap& before, const BatMap& after);

    std::unique_ptr<File> file_;
    VhdxImage image_;
    std::unique_ptr<Disk> parent_;
    Random* random_;
    std::optional<LogWriter> log_;
    bool changing_ = false;
    bool failed_ = false;
};

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
    change.put(entry_place(map().payload_index(piece.block)), number(entry.encode()));
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
    change.put(entry_place(map().bitmap_index(chunk)), number(entry.encode()));
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

    LogChange change{*file_};
    change.put(image_.regions.metadata.offset + image_.metadata.size_offset, number(after.size));
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

} // namespace

std::unique_ptr<Disk> make_vhdx_disk(std::unique_ptr<File> file, VhdxImage image,
                                     std::unique_ptr<Disk> parent, Random* random)
{
    return std::make_unique<VhdxDisk>(std::move(file), std::move(image), std::move(parent), random);
}

} // namespace watari::vhd
