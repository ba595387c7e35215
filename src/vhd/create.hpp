#pragma once

#include "vhd/disk.hpp"

namespace watari::vhd {

/// What a new child records of its parent.
struct NewParent {
    Info info;
    ParentPaths
        paths; ///< relative and absolute should both be there: readers differ in which they use
    WallTime modified; ///< of the parent's file; VHD only
};

struct NewDisk {
    Format format = Format::vhdx;
    Kind kind = Kind::dynamic;
    ByteSize size = {};       ///< differencing: zero or the parent's
    ByteSize block_size = {}; ///< zero: default_block_size; a differencing VHD takes its parent's
    std::uint32_t logical_sector_size = 512;   ///< VHDX; a child takes its parent's
    std::uint32_t physical_sector_size = 4096; ///< VHDX; a child takes its parent's
    WallTime created = {};                     ///< VHD
    std::optional<NewParent> parent = {};      ///< exactly for differencing disks
};

/// Fills the empty `file` and flushes it. Throws invalid, see limits.hpp.
void create(File& file, const NewDisk& disk, Random& random);

/// Records another place of the parent, or another parent with the same contents, in the child
/// `file`, which nobody has open. Throws unsupported unless it is a child, conflict if format, size
/// or sector size do not fit. Ids are not compared.
void set_parent(File& file, const NewParent& parent, Random& random);

} // namespace watari::vhd
