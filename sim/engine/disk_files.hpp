#pragma once

#include "sim/engine/storage.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Real virtual disks for Storage: Windows paths below a folder of this machine, through the vhd
/// library. Failures are refusals.
namespace watari::sim {

/// `<folder>/<letter>/…`; where a part exists in another letter case, that one.
std::filesystem::path real_path(const std::filesystem::path& folder,
                                const std::string& windows_path);

struct FoundFile {
    std::string path; ///< Windows
};
std::vector<FoundFile> find_files(const std::filesystem::path& folder);

struct RealFile {
    std::uint64_t size = 0;
    std::optional<DiskInfo> disk;
};
RealFile read_real_file(const std::filesystem::path& folder, const std::string& windows_path);

void make_real_folder(const std::filesystem::path& folder, const std::string& windows_path);
void remove_real_file(const std::filesystem::path& file);
void rename_real_file(const std::filesystem::path& from, const std::filesystem::path& to);
void create_real_disk(const std::filesystem::path& folder, const DiskSpec& spec);
void resize_real_disk(const std::filesystem::path& file, std::uint64_t size);
/// Copies what `from` holds into `to`, which exists and is empty.
void copy_real_disk(const std::filesystem::path& folder, const DiskSpec& from, const DiskSpec& to);
void merge_real_disk(const std::filesystem::path& folder, const DiskSpec& child,
                     const DiskSpec& into);
void set_real_parent(const std::filesystem::path& folder, const DiskSpec& child,
                     const DiskSpec& parent);

} // namespace watari::sim
