#include "vhd/hresult.hpp"
#include "vhd/image.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

[[noreturn]] void corrupt(const char* part, std::uint32_t code)
{
    throw Error{ErrorKind::invalid, message::vhd_part_corrupt{.part = part}, {.code = code}};
}

class VhdDisk final : public Disk
{
public:
    VhdDisk(std::unique_ptr<File> file, VhdImage image, std::unique_ptr<Disk> parent, bool writable)
        : file_(std::move(file)),
          image_(std::move(image)),
          parent_(std::move(parent)),
          writable_(writable)
    {
    }

    Info info() override { return info_of(image_, *file_); }
    ByteSize size() const override { return ByteSize::bytes(image_.place.footer.size()); }
    void read(std::uint64_t offset, ByteSpan into) override;
    void write(std::uint64_t offset, ByteView data) override;
    void grow(ByteSize size) override;
    void flush() override { file_->flush(); }
    void close() override;
    bool may_hold_data(std::uint64_t offset, std::uint64_t length) override;
    std::vector<Extent> held(std::uint64_t offset, std::uint64_t length) override;

private:
    Footer& footer() { return image_.place.footer; }
    std::uint64_t footer_offset() const { return image_.place.offset; }
    bool is_fixed() const { return !image_.header.has_value(); }
    bool is_child() const { return image_.place.footer.kind() == Kind::differencing; }
    std::uint64_t block_size() const { return image_.header->block_size(); }
    std::uint64_t blocks() const { return divide_up(image_.place.footer.size(), block_size()); }
    std::uint64_t bitmap_size() const { return round_up(divide_up(block_size(), 512 * 8), 512); }
    std::uint64_t table_end() const
    {
        return image_.header->table_offset() +
               round_up(std::uint64_t{image_.header->entries()} * 4, 512);
    }

    /// Where the block's bitmap is; nullopt if the block is not in this file.
    std::optional<std::uint64_t> block_place(std::uint64_t block);
    void read_piece(std::uint64_t offset, const Piece& piece, ByteSpan into);
    void write_piece(const Piece& piece, ByteView data);
    void write_new_block(const Piece& piece, ByteView data);
    Bytes new_bitmap(const Piece& piece) const;
    void set_bits(std::uint64_t place, const Piece& piece);

    void check_writable() const;
    void begin_change();
    /// Moves the footer at the end by `length` bytes: what was there before is free then, and the
    /// file always has a good end.
    void move_footer(std::uint64_t length);
    void set_size(std::uint64_t size);
    void grow_fixed(std::uint64_t size);
    void grow_table(std::uint64_t entries);
    void move_table(std::uint64_t entries);
    void write_table_fields();
    void clear_tail(std::uint64_t new_size);

    std::unique_ptr<File> file_;
    VhdImage image_;
    std::unique_ptr<Disk> parent_;
    bool writable_;
    bool changing_ = false;
};

bool bit_is_set(ByteView bitmap, std::uint64_t sector)
{
    return (bitmap[sector / 8] & (0x80U >> (sector % 8))) != 0;
}

void set_bit(ByteSpan bitmap, std::uint64_t sector)
{
    bitmap[sector / 8] = static_cast<std::uint8_t>(bitmap[sector / 8] | (0x80U >> (sector % 8)));
}

std::optional<std::uint64_t> VhdDisk::block_place(std::uint64_t block)
{
    const DynamicHeader& header = *image_.header;
    const Bytes entry = read_bytes(*file_, header.table_offset() + block * 4, 4);
    const auto sector = get_big<std::uint32_t>(entry, 0);
    if (sector == no_block) {
        return std::nullopt;
    }
    const std::uint64_t place = std::uint64_t{sector} * 512;
    const std::uint64_t length = bitmap_size() + block_size();
    const std::uint64_t table = header.table_offset();
    const std::uint64_t header_at = image_.place.footer.data_offset();
    if (place < footer_size || !fits(place, length, footer_offset()) ||
        overlap(place, length, table, table_end() - table) ||
        overlap(place, length, header_at, dynamic_header_size)) {
        corrupt("VHD block allocation table", hresult::bat_corrupt);
    }
    return place;
}

void VhdDisk::read(std::uint64_t offset, ByteSpan into)
{
    check_access(offset, into.size(), footer().size(), 512);
    if (is_fixed()) {
        file_->read_at(offset, into);
        return;
    }
    for_each_piece(offset, into.size(), block_size(), [&](const Piece& piece) {
        read_piece(offset + piece.position, piece, into.subspan(piece.position, piece.length));
    });
}

void VhdDisk::read_piece(std::uint64_t offset, const Piece& piece, ByteSpan into)
{
    const auto place = block_place(piece.block);
    if (!place) {
        if (is_child()) {
            read_from_parent(parent_.get(), offset, into);
        } else {
            std::ranges::fill(into, std::uint8_t{0});
        }
        return;
    }
    const std::uint64_t data = *place + bitmap_size() + piece.within;
    if (!is_child()) {
        file_->read_at(data, into); // a sector whose bit is 0 is zeros on disk
        return;
    }
    const Bytes bitmap = read_bytes(*file_, *place, bitmap_size());
    const std::uint64_t first = piece.within / 512;
    for_each_run(
        piece.length / 512, [&](std::uint64_t i) { return bit_is_set(bitmap, first + i); },
        [&](std::uint64_t from, std::uint64_t count, bool is_here) {
            const ByteSpan target = into.subspan(from * 512, count * 512);
            if (is_here) {
                file_->read_at(data + from * 512, target);
            } else {
                read_from_parent(parent_.get(), offset + from * 512, target);
            }
        });
}

bool VhdDisk::may_hold_data(std::uint64_t offset, std::uint64_t length)
{
    if (is_fixed()) {
        return file_->has_data(offset, length);
    }
    bool found = false;
    for_each_piece(offset, length, block_size(), [&](const Piece& piece) {
        const auto place = found ? std::nullopt : block_place(piece.block);
        const bool below =
            is_child() &&
            (!parent_ || parent_->may_hold_data(offset + piece.position, piece.length));
        found = found || below ||
                (place && file_->has_data(*place + bitmap_size() + piece.within, piece.length));
    });
    return found;
}

std::vector<Extent> VhdDisk::held(std::uint64_t offset, std::uint64_t length)
{
    check_access(offset, length, footer().size(), 512);
    if (!is_child()) {
        return {{.offset = offset, .length = length}};
    }
    std::vector<Extent> extents;
    for_each_piece(offset, length, block_size(), [&](const Piece& piece) {
        const auto place = block_place(piece.block);
        if (!place) {
            return;
        }
        const Bytes bitmap = read_bytes(*file_, *place, bitmap_size());
        for_each_run(
            piece.length / 512,
            [&](std::uint64_t i) { return bit_is_set(bitmap, piece.within / 512 + i); },
            [&](std::uint64_t from, std::uint64_t count, bool is_here) {
                if (is_here) {
                    extents.push_back(
                        {.offset = offset + piece.position + from * 512, .length = count * 512});
                }
            });
    });
    return extents;
}

void VhdDisk::check_writable() const
{
    if (!writable_) {
        throw Error{ErrorKind::conflict, message::vhd_opened_for_reading{}};
    }
}

void VhdDisk::begin_change()
{
    check_writable();
    if (changing_) {
        return;
    }
    if (!image_.place.end_is_good || !image_.place.front_is_equal) {
        file_->write_at(footer_offset(), footer().raw);
        file_->flush();
        if (!is_fixed()) {
            file_->write_at(0, footer().raw);
            file_->flush();
        }
        image_.place.end_is_good = true;
        image_.place.front_is_equal = true;
    }
    changing_ = true;
}

void VhdDisk::write(std::uint64_t offset, ByteView data)
{
    check_access(offset, data.size(), footer().size(), 512);
    begin_change();
    if (is_fixed()) {
        file_->write_at(offset, data);
        return;
    }
    for_each_piece(offset, data.size(), block_size(), [&](const Piece& piece) {
        write_piece(piece, data.subspan(piece.position, piece.length));
    });
}

void VhdDisk::write_piece(const Piece& piece, ByteView data)
{
    const auto place = block_place(piece.block);
    if (!place) {
        write_new_block(piece, data);
        return;
    }
    file_->write_at(*place + bitmap_size() + piece.within, data);
    set_bits(*place, piece);
}

/// A bit is never set before its data is stable.
void VhdDisk::set_bits(std::uint64_t place, const Piece& piece)
{
    Bytes bitmap = read_bytes(*file_, place, bitmap_size());
    const Bytes before = bitmap;
    for (std::uint64_t i = 0; i < piece.length / 512; ++i) {
        set_bit(bitmap, piece.within / 512 + i);
    }
    if (bitmap != before) {
        file_->flush();
        file_->write_at(place, bitmap);
    }
}

Bytes VhdDisk::new_bitmap(const Piece& piece) const
{
    if (!is_child()) {
        return Bytes(bitmap_size(),
                     0xFF); // the rest of the block is zeros, which is what a new block reads as
    }
    Bytes bitmap(bitmap_size());
    for (std::uint64_t i = 0; i < piece.length / 512; ++i) {
        set_bit(bitmap, piece.within / 512 + i);
    }
    return bitmap;
}

void VhdDisk::write_new_block(const Piece& piece, ByteView data)
{
    const std::uint64_t place = round_up(footer_offset(), 512);
    const std::uint64_t length = bitmap_size() + block_size();
    if (place / 512 >= no_block) {
        corrupt("VHD file size", hresult::file_size_invalid);
    }
    move_footer(place - footer_offset() + length);
    file_->write_at(place, new_bitmap(piece));
    file_->write_at(place + bitmap_size() + piece.within, data);
    file_->flush();
    Bytes entry(4);
    put_big<std::uint32_t>(entry, 0, static_cast<std::uint32_t>(place / 512));
    file_->write_at(image_.header->table_offset() + piece.block * 4, entry);
}

void VhdDisk::move_footer(std::uint64_t length)
{
    file_->write_at(footer_offset() + length, footer().raw);
    file_->flush();
    image_.place.offset += length;
}

void VhdDisk::close()
{
    if (writable_) {
        file_->flush();
    }
    writable_ = false;
}

void VhdDisk::grow(ByteSize size)
{
    check_writable();
    check_growable(Format::vhd, footer().kind(), this->size(), size);
    if (footer().in_saved_state()) {
        throw Error{
            ErrorKind::conflict, message::vhd_in_saved_state{}, {.code = hresult::state_invalid}};
    }
    if (size == this->size()) {
        return;
    }
    begin_change();
    if (is_fixed()) {
        grow_fixed(size.in_bytes());
        return;
    }
    clear_tail(size.in_bytes());
    grow_table(divide_up(size.in_bytes(), block_size()));
    set_size(size.in_bytes());
}

/// First the old footer appears at the new end, then its old place becomes zeros, then the new size
/// appears: the file always ends in a good footer, and the old one is never seen as data.
void VhdDisk::grow_fixed(std::uint64_t size)
{
    const std::uint64_t old_size = footer().size();
    const std::uint64_t old_place = footer_offset();
    const std::uint64_t new_place = std::max(size, old_place);
    if (new_place > old_place) {
        move_footer(new_place - old_place);
    }
    file_->write_zeros(old_size, std::min(new_place, old_place + footer_size) - old_size);
    file_->flush();
    Footer larger = footer();
    larger.resize(size);
    file_->write_at(new_place, larger.raw);
    file_->flush();
    footer() = larger;
}

void VhdDisk::set_size(std::uint64_t size)
{
    Footer larger = footer();
    larger.resize(size);
    file_->write_at(0, larger.raw);
    file_->flush();
    file_->write_at(footer_offset(), larger.raw);
    file_->flush();
    footer() = larger;
}

/// The last block may hold old data behind the end of the disk, which must not appear when the end
/// moves.
void VhdDisk::clear_tail(std::uint64_t new_size)
{
    const std::uint64_t end = footer().size();
    const std::uint64_t within = end % block_size();
    if (within == 0) {
        return;
    }
    if (const auto place = block_place(end / block_size())) {
        const std::uint64_t length = std::min(block_size() - within, new_size - end);
        file_->write_zeros(*place + bitmap_size() + within, length);
        file_->flush();
    }
}

/// Entries behind the last block mean nothing so far, whatever they are.
void VhdDisk::grow_table(std::uint64_t entries)
{
    const DynamicHeader& header = *image_.header;
    const std::uint64_t place = header.table_offset() + blocks() * 4;
    if (header.table_offset() + entries * 4 > table_end()) {
        move_table(entries);
        return;
    }
    const Bytes none((entries - blocks()) * 4, 0xFF);
    if (read_bytes(*file_, place, none.size()) != none) {
        file_->write_at(place, none);
        file_->flush();
    }
    if (entries > header.entries()) {
        image_.header->set_table(header.table_offset(), static_cast<std::uint32_t>(entries));
        write_table_fields();
    }
}

void VhdDisk::move_table(std::uint64_t entries)
{
    const std::uint64_t place = round_up(footer_offset(), 512);
    const std::uint64_t length = round_up(entries * 4, 512);
    const std::uint64_t used = blocks() * 4;
    const std::uint64_t old_place = image_.header->table_offset();
    move_footer(place - footer_offset() + length);
    for (std::uint64_t at = 0; at < length;) {
        const std::uint64_t step = std::min(length - at, 64 * kib);
        Bytes piece(step, 0xFF);
        if (at < used) {
            file_->read_at(old_place + at, ByteSpan{piece}.first(std::min(step, used - at)));
        }
        file_->write_at(place + at, piece);
        at += step;
    }
    file_->flush();
    image_.header->set_table(place, static_cast<std::uint32_t>(entries));
    write_table_fields();
}

/// Table offset, entries and checksum lie in the header's first sector, which is written at once.
void VhdDisk::write_table_fields()
{
    file_->write_at(footer().data_offset(), ByteView{image_.header->raw}.first(512));
    file_->flush();
}

} // namespace

VhdImage load_vhd(File& file)
{
    auto place = find_footer(file);
    if (!place) {
        throw Error{
            ErrorKind::invalid, message::vhd_format_unknown{}, {.code = hresult::footer_missing}};
    }
    VhdImage image{.place = *place, .header = {}, .parent = {}};
    const Footer& footer = image.place.footer;
    const std::uint64_t size = footer.size();
    if (size == 0 || size % 512 != 0 || size > 64 * tib) {
        corrupt("VHD virtual size", hresult::virtual_size_invalid);
    }
    if (footer.kind() == Kind::fixed) {
        if (size > image.place.offset) {
            corrupt("VHD virtual size", hresult::file_size_invalid);
        }
        return image;
    }
    if (footer.data_offset() < footer_size || footer.data_offset() % 512 != 0 ||
        !fits(footer.data_offset(), dynamic_header_size, file.size())) {
        corrupt("VHD footer", hresult::footer_corrupt);
    }
    const DynamicHeader header =
        DynamicHeader::parse(read_bytes(file, footer.data_offset(), dynamic_header_size));
    if (header.entries() < divide_up(size, header.block_size()) ||
        header.table_offset() < footer_size ||
        !fits(header.table_offset(), std::uint64_t{header.entries()} * 4, file.size()) ||
        overlap(header.table_offset(), std::uint64_t{header.entries()} * 4, footer.data_offset(),
                dynamic_header_size)) {
        corrupt("VHD block allocation table", hresult::header_corrupt);
    }
    if (footer.kind() == Kind::differencing) {
        image.parent = parent_link(file, header);
    }
    image.header = header;
    return image;
}

Info info_of(const VhdImage& image, File& file)
{
    const Footer& footer = image.place.footer;
    return {.format = Format::vhd,
            .kind = footer.kind(),
            .virtual_size = ByteSize::bytes(footer.size()),
            .file_size = ByteSize::bytes(file.size()),
            .block_size = ByteSize::bytes(image.header ? image.header->block_size() : 0),
            .id = footer.id(),
            .link_id = footer.id(),
            .parent = image.parent,
            .in_saved_state = footer.in_saved_state()};
}

std::unique_ptr<Disk> make_vhd_disk(std::unique_ptr<File> file, VhdImage image,
                                    std::unique_ptr<Disk> parent, bool writable)
{
    return std::make_unique<VhdDisk>(std::move(file), std::move(image), std::move(parent),
                                     writable);
}

} // namespace watari::vhd
