#pragma once

#include "core/byte_size.hpp"
#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/uuid.hpp"
#include "generations/generation.hpp"
#include "sim/engine/words.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

struct VolumeOptions {
    char letter = 'C';
    ByteSize size = ByteSize::bytes(2'000'000'000'000);
    ByteSize used = ByteSize::bytes(30'000'000'000); ///< by what is not ours
};

enum class DiskFormat { vhd = 2, vhdx = 3 };
enum class DiskKind { fixed = 2, dynamic = 3, differencing = 4 };

struct DiskSpec {
    std::string path;
    DiskFormat format = DiskFormat::vhd;
    DiskKind kind = DiskKind::dynamic;
    std::uint64_t size = 0;       ///< MaxInternalSize, bytes; 0 for differencing: the parent's
    std::string parent;           ///< differencing
    std::uint32_t block_size = 0; ///< 0: the format's default
    std::uint32_t logical_sector = 512;
    std::uint32_t physical_sector = 0; ///< 0: the format's default
};

struct DiskInfo {
    DiskSpec spec;
    std::uint64_t file_size = 0;
    Uuid virtual_disk_id;
};

struct FileInfo {
    std::string path; ///< as it was first written
    std::uint64_t size = 0;
    WallTime created{};
    WallTime written{};
};

/// Who holds a file open; a running VM's disk, or a host job.
struct Lock {
    std::string path;
    bool exclusive = true; ///< false: as a parent, or read-only
    std::string holder;
};

/// A host's volumes, files and virtual disks. Paths are Windows', local, compared without regard to
/// case. With a folder, disks are real files; otherwise only what is known of them is kept. Checks
/// are the same.
class Storage
{
public:
    struct Options {
        Generation generation = Generation::ws2012r2;
        std::vector<VolumeOptions> volumes;
        std::filesystem::path folder = {}; ///< empty: metadata only; else <folder>/<letter>/…
    };
    Storage(Clock& clock, Random& random, Options options);
    ~Storage();

    // All throw refuse(): hresult_* of words.hpp, or 32773 for what is malformed.
    /// Local, absolute, no "..": normalised ("C:\a\b"). UNC: 0x80070005 (no delegation in a WinRM
    /// session).
    std::string local_path(std::string_view path) const;
    bool file_exists(std::string_view path) const;
    bool folder_exists(std::string_view path) const;
    void make_folder(std::string_view path);
    /// A file that is no virtual disk: VM configuration, saved state, ISO. Replaces.
    void write_file(std::string_view path, std::uint64_t size, std::string contents = {});
    void remove_file(std::string_view path);
    void rename_file(std::string_view from, std::string_view to);
    std::optional<FileInfo> file(std::string_view path) const;
    std::vector<FileInfo> files() const;

    /// What creating would refuse, without doing it: existing file, missing folder, no space, bad
    /// size, wrong format for the generation.
    void check_create(const DiskSpec& spec) const;
    void create_disk(const DiskSpec& spec);
    /// `despite_children`: as a 2008-era host does, although a child's VM then fails to start.
    void check_resize(std::string_view path, std::uint64_t size,
                      bool despite_children = false) const;
    void resize_disk(std::string_view path, std::uint64_t size, bool despite_children = false);
    /// Copies the data of `source` into a new disk of `target`'s format and kind; its size 0 means
    /// the source's.
    void convert_disk(std::string_view source, DiskSpec target);
    void merge_disk(std::string_view child, std::string_view into);
    void set_parent(std::string_view child, std::string_view parent);
    /// 0xC03A… for a file that is no disk, file_not_found when absent.
    DiskInfo disk(std::string_view path) const;
    /// The path and its parents, nearest first.
    std::vector<std::string> chain(std::string_view path) const;
    bool has_children(std::string_view path) const;
    /// A real file put in by tests or the control API is read anew.
    void refresh(std::string_view path);

    /// hresult_sharing_violation when held exclusively by another, or held shared and wanted
    /// exclusively.
    void lock(const std::string& path, bool exclusive, const std::string& holder);
    void unlock(const std::string& holder);
    std::optional<Lock> locked(std::string_view path) const;

    const std::vector<VolumeOptions>& volumes() const noexcept;
    std::uint64_t free_bytes(char letter) const;
    /// Bytes counted as used besides files (fault: disk full).
    void set_filler(char letter, std::uint64_t bytes);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace watari::sim
