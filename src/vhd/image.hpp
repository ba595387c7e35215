#pragma once

#include "vhd/create.hpp"
#include "vhd/vhd_format.hpp"
#include "vhd/vhdx_format.hpp"

#include <functional>

/// Inside of the module: from a file's metadata to an open Disk, in the order of open.cpp.
namespace watari::vhd {

struct VhdImage {
    FooterPlace place;
    std::optional<DynamicHeader> header; ///< dynamic and differencing
    std::optional<ParentLink> parent;    ///< differencing
};

/// Throws invalid, unsupported.
VhdImage load_vhd(File& file);
Info info_of(const VhdImage& image, File& file);
/// `parent` may be absent.
std::unique_ptr<Disk> make_vhd_disk(std::unique_ptr<File> file, VhdImage image,
                                    std::unique_ptr<Disk> parent, bool writable);

/// Puts what a child says of its parent into `header`, the paths into the file at `place`, and
/// counts their offsets from there on; returns the place behind them.
std::uint64_t write_parent(File& file, DynamicHeader& header, const NewParent& parent,
                           std::uint64_t place);

struct VhdxImage {
    VhdxHeader header;
    std::size_t header_slot = 0; ///< where the current header is
    RegionTable regions;
    Metadata metadata;
    bool needs_replay = false;

    BatMap bat_map() const;
};

/// Replays the log into the file (`replays`), or else replaces `file` by a view with the log on
/// top. Throws invalid, unsupported.
VhdxImage load_vhdx(std::unique_ptr<File>& file, bool replays);
Info info_of(const VhdxImage& image, File& file);
/// `random` is null for reading only.
std::unique_ptr<Disk> make_vhdx_disk(std::unique_ptr<File> file, VhdxImage image,
                                     std::unique_ptr<Disk> parent, Random* random);

/// Writes the header that is not current with a higher sequence, twice, so that both are as
/// `image.header`.
void write_headers(File& file, VhdxImage& image);

/// A range of a disk inside one block.
struct Piece {
    std::uint64_t block = 0;
    std::uint64_t within = 0;   ///< offset in the block
    std::uint64_t position = 0; ///< offset in the caller's buffer
    std::uint64_t length = 0;
};

/// Throws invalid unless the range is whole sectors inside a disk of `size`.
void check_access(std::uint64_t offset, std::uint64_t length, std::uint64_t size,
                  std::uint32_t sector_size);
void for_each_piece(std::uint64_t offset, std::uint64_t length, std::uint64_t block_size,
                    const std::function<void(const Piece&)>& visit);

/// Reads what a child does not have: zeros beyond the end of the parent [UNVERIFIED: hosts]. Throws
/// not_found without parent.
void read_from_parent(Disk* parent, std::uint64_t offset, ByteSpan into);

/// A part of a sector bitmap, whose bit 0 is for the first of `count` sectors; the bit order
/// differs by format. Calls visit(first, count, is_set) for each run of equal bits.
void for_each_run(std::uint64_t count, const std::function<bool(std::uint64_t)>& is_set,
                  const std::function<void(std::uint64_t, std::uint64_t, bool)>& visit);

} // namespace watari::vhd
