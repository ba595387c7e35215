#pragma once

#include "vhd/image.hpp"
#include "vhd/vhdx_log.hpp"

#include <utility>

namespace watari::vhd {

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

} // namespace watari::vhd
