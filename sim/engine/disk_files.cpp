#include "sim/engine/disk_files.hpp"

#include "cim/value.hpp"
#include "vhd/copy.hpp"
#include "vhd/create.hpp"
#include "vhd/disk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <system_error>

namespace watari::sim {

namespace {

namespace fs = std::filesystem;

/// Runs a call of the disk library; its failures become refusals with the number a host would show.
template <class Function>
auto hosted(const Function& function)
{
    try {
        return function();
    } catch (const Error& error) {
        refuse(error.peer().code.value_or(code::failed), error.what());
    } catch (const fs::filesystem_error& error) {
        refuse(code::failed, error.what());
    }
}

fs::path child_named(const fs::path& folder, const std::string& name)
{
    if (std::error_code none; fs::exists(folder / name, none)) {
        return folder / name;
    }
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
        if (cim::same_name(entry.path().filename().string(), name)) {
            return entry.path();
        }
    }
    return folder / name;
}

vhd::Format format_of(DiskFormat format)
{
    return format == DiskFormat::vhdx ? vhd::Format::vhdx : vhd::Format::vhd;
}

vhd::Kind kind_of(DiskKind kind)
{
    switch (kind) {
    case DiskKind::fixed:
        return vhd::Kind::fixed;
    case DiskKind::dynamic:
        return vhd::Kind::dynamic;
    case DiskKind::differencing:
        return vhd::Kind::differencing;
    }
    std::unreachable();
}

DiskKind kind_of(vhd::Kind kind)
{
    switch (kind) {
    case vhd::Kind::fixed:
        return DiskKind::fixed;
    case vhd::Kind::dynamic:
        return DiskKind::dynamic;
    case vhd::Kind::differencing:
        return DiskKind::differencing;
    }
    std::unreachable();
}

/// Windows path of a parent as seen from its child's Windows path.
std::string relative_path(const std::string& child, const std::string& parent)
{
    const auto folder = child.substr(0, child.rfind('\\'));
    const auto parent_folder = parent.substr(0, parent.rfind('\\'));
    const auto name = parent.substr(parent.rfind('\\') + 1);
    if (cim::same_name(folder, parent_folder)) {
        return ".\\" + name;
    }
    std::string forward_from = folder;
    std::string forward_to = parent;
    std::ranges::replace(forward_from, '\\', '/');
    std::ranges::replace(forward_to, '\\', '/');
    std::string relative = fs::path{forward_to}.lexically_relative(forward_from).string();
    std::ranges::replace(relative, '/', '\\');
    return relative;
}

WallTime modified(const fs::path& file)
{
    std::error_code ignored;
    const auto written = fs::last_write_time(file, ignored);
    return std::chrono::time_point_cast<WallTime::duration>(
        std::chrono::file_clock::to_sys(written));
}

std::optional<vhd::Format> format_named(const fs::path& file)
{
    return vhd::format_named(file.string());
}

/// What a child at one Windows path records of its parent at another.
vhd::NewParent new_parent(const fs::path& folder, const std::string& child,
                          const std::string& parent)
{
    const fs::path file = real_path(folder, parent);
    const auto opened = vhd::open_file(file, vhd::FileMode::read);
    return {.info = vhd::info(*opened, format_named(file)),
            .paths = {.relative = relative_path(child, parent), .absolute = parent},
            .modified = modified(file)};
}

vhd::ParentResolver resolver(const fs::path& folder)
{
    return [folder](const std::string& child, const vhd::ParentLink& link) -> vhd::ParentFile {
        std::vector<fs::path> candidates;
        if (!link.paths.relative.empty()) {
            std::string forward = link.paths.relative;
            std::ranges::replace(forward, '\\', '/');
            candidates.push_back((fs::path{child}.parent_path() / forward).lexically_normal());
        }
        if (!link.paths.absolute.empty()) {
            candidates.push_back(real_path(folder, link.paths.absolute));
        }
        for (const fs::path& candidate : candidates) {
            if (std::error_code none; fs::exists(candidate, none)) {
                return {.file = vhd::open_file(candidate, vhd::FileMode::read),
                        .location = candidate.string(),
                        .format = format_named(candidate)};
            }
        }
        return {};
    };
}

std::unique_ptr<vhd::Disk> open_disk(const fs::path& folder, const fs::path& file)
{
    return vhd::open(
        vhd::open_file(file, vhd::FileMode::read),
        {.format = format_named(file), .location = file.string(), .parents = resolver(folder)});
}

Random& disk_random()
{
    // Ids inside files need only differ; the engine's own stream stays undisturbed by what files
    // hold.
    static const std::unique_ptr<Random> random = seeded_random(0x7761746172690001ULL);
    return *random;
}

} // namespace

fs::path real_path(const fs::path& folder, const std::string& windows_path)
{
    fs::path at = child_named(folder, windows_path.substr(0, 1));
    std::size_t begin = std::min<std::size_t>(3, windows_path.size());
    while (begin < windows_path.size()) {
        const auto end = std::min(windows_path.find('\\', begin), windows_path.size());
        at = child_named(at, windows_path.substr(begin, end - begin));
        begin = end + 1;
    }
    return at;
}

std::vector<FoundFile> find_files(const fs::path& folder)
{
    std::vector<FoundFile> found;
    std::error_code ignored;
    for (const fs::directory_entry& drive : fs::directory_iterator(folder, ignored)) {
        const std::string letter = drive.path().filename().string();
        if (letter.size() != 1 || std::isalpha(static_cast<unsigned char>(letter[0])) == 0 ||
            !drive.is_directory()) {
            continue;
        }
        for (const fs::directory_entry& entry :
             fs::recursive_directory_iterator(drive.path(), ignored)) {
            if (entry.is_regular_file()) {
                std::string rest = entry.path().lexically_relative(drive.path()).string();
                std::ranges::replace(rest, '/', '\\');
                found.push_back({.path = fmt::format("{}:\\{}",
                                                     static_cast<char>(std::toupper(
                                                         static_cast<unsigned char>(letter[0]))),
                                                     rest)});
            }
        }
    }
    return found;
}

RealFile read_real_file(const fs::path& folder, const std::string& windows_path)
{
    const fs::path file = real_path(folder, windows_path);
    std::error_code failed;
    RealFile read{.size = fs::file_size(file, failed)};
    if (failed) {
        refuse(code::hresult_file_not_found,
               fmt::format("The system cannot find the file '{}'", windows_path));
    }
    if (!format_named(file)) {
        return read;
    }
    try {
        const auto opened = vhd::open_file(file, vhd::FileMode::read);
        const vhd::Info info = vhd::info(*opened, format_named(file));
        DiskSpec spec{.path = windows_path,
                      .format =
                          info.format == vhd::Format::vhdx ? DiskFormat::vhdx : DiskFormat::vhd,
                      .kind = kind_of(info.kind),
                      .size = info.virtual_size.in_bytes(),
                      .block_size = static_cast<std::uint32_t>(info.block_size.in_bytes()),
                      .logical_sector = info.logical_sector_size,
                      .physical_sector = info.physical_sector_size};
        if (info.parent) {
            spec.parent = info.parent->paths.absolute;
        }
        read.disk =
            DiskInfo{.spec = std::move(spec), .file_size = read.size, .virtual_disk_id = info.id};
    } catch (const Error&) {
        // Not a readable virtual disk: a file like any other.
    }
    return read;
}

void make_real_folder(const fs::path& folder, const std::string& windows_path)
{
    std::error_code failed;
    fs::create_directories(real_path(folder, windows_path), failed);
    if (failed) {
        refuse(code::hresult_path_not_found, failed.message());
    }
}

void remove_real_file(const fs::path& file)
{
    std::error_code ignored;
    fs::remove(file, ignored);
}

void rename_real_file(const fs::path& from, const fs::path& to)
{
    std::error_code failed;
    if (fs::exists(from)) {
        fs::rename(from, to, failed);
    }
    if (failed) {
        refuse(code::failed, failed.message());
    }
}

void create_real_disk(const fs::path& folder, const DiskSpec& spec)
{
    hosted([&] {
        const fs::path file = real_path(folder, spec.path);
        vhd::NewDisk disk{.format = format_of(spec.format),
                          .kind = kind_of(spec.kind),
                          .size = ByteSize::bytes(spec.size),
                          .block_size = ByteSize::bytes(spec.block_size),
                          .logical_sector_size = spec.logical_sector,
                          .physical_sector_size = spec.physical_sector,
                          .created = modified(file.parent_path())};
        if (spec.kind == DiskKind::differencing) {
            disk.parent = new_parent(folder, spec.path, spec.parent);
        }
        const auto made = vhd::open_file(file, vhd::FileMode::create);
        try {
            vhd::create(*made, disk, disk_random());
        } catch (...) {
            remove_real_file(file);
            throw;
        }
    });
}

void resize_real_disk(const fs::path& file, std::uint64_t size)
{
    hosted([&] {
        const auto disk = vhd::open_writable(vhd::open_file(file, vhd::FileMode::write),
                                             disk_random(), {.format = format_named(file)});
        if (size > disk->size().in_bytes()) {
            disk->grow(ByteSize::bytes(size));
        }
        disk->close();
    });
}

void copy_real_disk(const fs::path& folder, const DiskSpec& from, const DiskSpec& to)
{
    hosted([&] {
        const fs::path target = real_path(folder, to.path);
        remove_real_file(target);
        const auto source = open_disk(folder, real_path(folder, from.path));
        const auto made = vhd::open_file(target, vhd::FileMode::create);
        const vhd::NewDisk disk{.format = format_of(to.format),
                                .kind = kind_of(to.kind),
                                .block_size = ByteSize::bytes(to.block_size),
                                .logical_sector_size = to.logical_sector,
                                .physical_sector_size = to.physical_sector,
                                .created = modified(target.parent_path())};
        try {
            vhd::copy(*source, *made, disk, disk_random());
        } catch (...) {
            remove_real_file(target);
            throw;
        }
    });
}

void merge_real_disk(const fs::path& folder, const DiskSpec& child, const DiskSpec& into)
{
    hosted([&] {
        const fs::path target = real_path(folder, into.path);
        const auto source = open_disk(folder, real_path(folder, child.path));
        const auto parent =
            vhd::open_writable(vhd::open_file(target, vhd::FileMode::write), disk_random(),
                               {.format = format_named(target),
                                .location = target.string(),
                                .parents = resolver(folder)});
        // The child's view of the whole disk is what the parent must show afterwards.
        vhd::Bytes buffer(1U << 20);
        const std::uint64_t size = source->size().in_bytes();
        for (std::uint64_t at = 0; at < size; at += buffer.size()) {
            const auto length = std::min<std::uint64_t>(buffer.size(), size - at);
            if (source->may_hold_data(at, length)) {
                source->read(at, vhd::ByteSpan{buffer}.first(length));
                parent->write(at, vhd::ByteView{buffer}.first(length));
            }
        }
        parent->flush();
        parent->close();
    });
}

void set_real_parent(const fs::path& folder, const DiskSpec& child, const DiskSpec& parent)
{
    hosted([&] {
        const auto file = vhd::open_file(real_path(folder, child.path), vhd::FileMode::write);
        vhd::set_parent(*file, new_parent(folder, child.path, parent.path), disk_random());
    });
}

} // namespace watari::sim
