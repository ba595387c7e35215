#pragma once

#include "vhd/file.hpp"
#include "vhd/limits.hpp"

#include "core/byte_size.hpp"
#include "core/clock.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// VHD and VHDX files: what no library for Linux writes (children, resizing, VHD to VHDX).
///
/// - limits.hpp: what a host allows, without any file
/// - file.hpp: the host file underneath: open_file, MemoryFile
/// - create.hpp: create a new empty disk or a child of another one; set_parent
/// - disk.hpp: open, open_writable: read, write and grow a disk through its chain; info: its facts
/// - copy.hpp: copy all data into a new disk of any format; merge a child into its parent
/// - fuzz.hpp: the entry of the fuzz target
///
/// Everything blocks (run it on a Pool), nothing asks for time or chance: both come in as
/// arguments. A Disk belongs to one thread at a time. Sources: MS-VHDX 8.0; Virtual Hard Disk Image
/// Format Specification 1.0.
///
/// A crash at any point leaves a disk that opens with its old or its new size and with every
/// flushed byte.
namespace watari::vhd {

/// Where a child says that its parent is; empty when it does not say.
struct ParentPaths {
    std::string relative; ///< from the child's folder: ..\img\base.vhdx
    std::string absolute; ///< D:\img\base.vhd; the \\?\ that VHDX files have in front is left out
    std::string volume;   ///< \\?\Volume{guid}\img\base.vhdx; VHDX only
    std::string name;     ///< VHD only: the name in the header
};

struct ParentLink {
    Uuid id; ///< compares with the parent's Info::link_id
    ParentPaths paths;
    std::optional<WallTime> modified; ///< VHD only
};

struct Info {
    Format format = Format::vhd;
    Kind kind = Kind::fixed;
    ByteSize virtual_size;
    ByteSize file_size;
    ByteSize block_size; ///< zero for a fixed VHD
    std::uint32_t logical_sector_size = 512;
    std::uint32_t physical_sector_size = 512;
    Uuid id; ///< VHD: unique id; VHDX: virtual disk id, WMI's VirtualDiskId
    Uuid
        link_id; ///< what children name: VHD: unique id; VHDX: DataWriteGuid, new with every change
    std::optional<ParentLink> parent; ///< exactly for differencing disks
    bool in_saved_state = false;      ///< VHD only
    bool needs_replay = false;        ///< VHDX only: not closed cleanly, the log completes it
};

/// A parent's file and where it is; an empty `file` means not found.
struct ParentFile {
    std::unique_ptr<File> file;
    std::string location;
    std::optional<Format> format = {};
};

/// Finds the parent of the disk at `child` (a location given by the caller or by this resolver).
using ParentResolver = std::function<ParentFile(const std::string& child, const ParentLink& link)>;

struct OpenOptions {
    /// Say which it is wherever the file name tells: what a guest wrote into its disk can look like
    /// the other format.
    std::optional<Format> format = {};
    std::string location = {};
    /// Without it a child opens and grows, but reading what lies in its parent throws not_found.
    ParentResolver parents = {};
};

struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const Extent&, const Extent&) = default;
};

/// An open virtual disk. Offsets and lengths are multiples of the logical sector size.
class Disk
{
public:
    virtual ~Disk() = default;

    virtual Info info() = 0;
    virtual ByteSize size() const = 0;
    /// Throws invalid (outside the disk, not aligned; a damaged file), not_found (no parent given).
    virtual void read(std::uint64_t offset, ByteSpan into) = 0;
    /// Throws conflict (opened for reading), besides what read throws.
    virtual void write(std::uint64_t offset, ByteView data) = 0;
    /// Rules: check_growable; conflict while the disk belongs to a VM in saved state. Breaks the
    /// disk's children.
    virtual void grow(ByteSize size) = 0;
    /// Everything written is stable after this.
    virtual void flush() = 0;
    /// Leaves the file at rest, so that readers that know no log see all of it; then the disk is
    /// for reading only. The destructor tries the same and cannot say when it fails.
    virtual void close() = 0;
    /// False only if the range surely reads as zeros; cheap.
    virtual bool may_hold_data(std::uint64_t offset, std::uint64_t length) = 0;
    /// The parts of the range that do not come from the parent, in order: all of it where there is
    /// no parent.
    virtual std::vector<Extent> held(std::uint64_t offset, std::uint64_t length) = 0;
};

/// Throws invalid (damaged, unknown), unsupported (a version or feature that is not known),
/// not_found (parent), conflict (a parent that is not the one the child was made of).
std::unique_ptr<Disk> open(std::unique_ptr<File> file, const OpenOptions& options = {});
/// `random` outlives the disk.
std::unique_ptr<Disk> open_writable(std::unique_ptr<File> file, Random& random,
                                    const OpenOptions& options = {});

/// The format by content. Throws invalid if it is neither, or if it could be both.
Format detect_format(File& file);

/// The facts of one file; parents are not opened.
Info info(File& file, std::optional<Format> format = {});

} // namespace watari::vhd
