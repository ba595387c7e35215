#pragma once

#include "cim/value.hpp"
#include "sim/engine/disk_files.hpp"
#include "sim/engine/storage.hpp"

#include <fmt/format.h>

#include <set>

namespace watari::sim {

/// Empty above a drive's letter.
std::string parent_folder(std::string_view path);

struct Storage::State {
    struct Entry {
        FileInfo info;
        std::optional<DiskInfo> disk;
        std::string contents;
    };

    Clock& clock;
    Random& random;
    Options options;
    std::map<std::string, Entry> files; ///< by folded path
    std::set<std::string> folders;      ///< folded
    std::vector<Lock> locks;
    std::map<char, std::uint64_t> fillers;

    Entry& get(const std::string& path)
    {
        notice(path);
        const auto at = files.find(cim::folded(path));
        if (at == files.end()) {
            refuse(code::hresult_file_not_found,
                   fmt::format("The system cannot find the file '{}'", path));
        }
        return at->second;
    }

    bool is_real() const { return !options.folder.empty(); }
    std::filesystem::path real(const std::string& path) const
    {
        return real_path(options.folder, path);
    }

    /// People copy images into the folder while the host runs: what is there but not known yet
    /// becomes known.
    void notice(const std::string& path)
    {
        if (!is_real() || files.contains(cim::folded(path)) ||
            folders.contains(cim::folded(path))) {
            return;
        }
        std::error_code ignored;
        const auto there = std::filesystem::status(real(path), ignored).type();
        std::string folder = there == std::filesystem::file_type::directory ? path : std::string{};
        if (there == std::filesystem::file_type::regular) {
            read(files[cim::folded(path)], path);
            folder = parent_folder(path);
        }
        for (; !folder.empty() && folders.insert(cim::folded(folder)).second;
             folder = parent_folder(folder)) {
        }
    }

    void read(Entry& entry, const std::string& path)
    {
        const auto read = read_real_file(options.folder, path);
        entry.info.path = path;
        entry.info.size = read.size;
        entry.info.created = entry.info.created == WallTime{} ? clock.now() : entry.info.created;
        entry.info.written = clock.now();
        entry.disk = read.disk;
    }
};

} // namespace watari::sim
