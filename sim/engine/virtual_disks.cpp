// The virtual disks among a host's files.
#include "sim/engine/storage_state.hpp"

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::uint64_t mib = 1U << 20;
constexpr std::uint64_t gib = 1U << 30;
constexpr std::uint64_t vhd_size_max = 2040ULL * gib; ///< disk-formats.md
constexpr std::uint64_t vhdx_size_max = 64ULL * 1024 * gib;
constexpr std::uint64_t disk_size_min = 3 * mib;

bool has_extension(std::string_view path, std::string_view extension)
{
    return path.size() > extension.size() &&
           cim::same_name(path.substr(path.size() - extension.size()), extension);
}

/// What the file takes on the volume before a guest writes: format overhead, or everything when
/// fixed (disk-formats.md).
std::uint64_t fresh_file_size(const DiskSpec& spec)
{
    const bool is_vhd = spec.format == DiskFormat::vhd;
    if (spec.kind == DiskKind::fixed) {
        return is_vhd ? spec.size + 512 : spec.size + 4 * mib;
    }
    const std::uint64_t blocks = (spec.size + 2 * mib - 1) / (2 * mib);
    return is_vhd ? 512 + 1024 + (blocks * 4 + 511) / 512 * 512 + 512 : 4 * mib;
}

} // namespace

void Storage::check_create(const DiskSpec& spec) const
{
    const std::string path = local_path(spec.path);
    const bool is_vhdx = spec.format == DiskFormat::vhdx;
    const bool named_vhdx = has_extension(path, ".vhdx") || has_extension(path, ".avhdx");
    const bool named_vhd = has_extension(path, ".vhd") || has_extension(path, ".avhd");
    if ((is_vhdx && !named_vhdx) || (!is_vhdx && !named_vhd)) {
        refuse(code::invalid_parameter,
               fmt::format("The extension of '{}' does not fit the format", path));
    }
    if (is_vhdx && state_->options.generation < Generation::ws2012) {
        refuse(code::not_supported, "The format is not supported");
    }
    if (spec.kind != DiskKind::differencing) {
        if (spec.size < disk_size_min || spec.size > (is_vhdx ? vhdx_size_max : vhd_size_max) ||
            spec.size % spec.logical_sector != 0) {
            refuse(code::invalid_parameter,
                   fmt::format("{} is no size for a virtual hard disk", spec.size));
        }
    } else if (!spec.parent.empty()) {
        const DiskInfo parent = disk(spec.parent);
        if (parent.spec.format != spec.format) {
            refuse(code::invalid_parameter, "Parent and child have different formats");
        }
    } else {
        refuse(code::invalid_parameter, "A differencing disk needs a parent");
    }
    if (file_exists(path)) {
        refuse(code::hresult_file_exists, fmt::format("The file '{}' exists", path));
    }
    if (!folder_exists(parent_folder(path))) {
        refuse(code::hresult_path_not_found,
               fmt::format("The system cannot find the path '{}'", path));
    }
    if (fresh_file_size(spec) > free_bytes(path[0])) {
        refuse(code::hresult_disk_full, "There is not enough space on the disk");
    }
}

void Storage::create_disk(const DiskSpec& given)
{
    check_create(given);
    DiskSpec spec = given;
    spec.path = local_path(spec.path);
    if (spec.kind == DiskKind::differencing) {
        const DiskInfo parent = disk(spec.parent);
        spec.parent = parent.spec.path;
        spec.size = spec.size == 0 ? parent.spec.size : spec.size;
        spec.logical_sector = parent.spec.logical_sector;
    }
    if (spec.block_size == 0) {
        spec.block_size =
            spec.kind == DiskKind::fixed
                ? 0
                : (spec.format == DiskFormat::vhd || spec.kind == DiskKind::differencing
                       ? 2 * mib
                       : 32 * mib);
    }
    if (spec.physical_sector == 0) {
        spec.physical_sector = spec.format == DiskFormat::vhd ? 512 : 4096;
    }
    State::Entry entry{.info = {.path = spec.path,
                                .size = fresh_file_size(spec),
                                .created = state_->clock.now(),
                                .written = state_->clock.now()},
                       .disk = DiskInfo{.spec = spec,
                                        .file_size = fresh_file_size(spec),
                                        .virtual_disk_id = Uuid::random(state_->random)}};
    if (state_->is_real()) {
        create_real_disk(state_->options.folder, spec);
    }
    state_->files[cim::folded(spec.path)] = std::move(entry);
}

void Storage::check_resize(std::string_view path, std::uint64_t size, bool despite_children) const
{
    const DiskInfo info = disk(path);
    if (info.spec.kind == DiskKind::differencing && info.spec.format == DiskFormat::vhd) {
        refuse(code::not_supported,
               "A differencing VHD cannot be resized"); // a VHDX can (disk-formats.md 5)
    }
    if (!despite_children && has_children(path)) {
        refuse(code::in_use, fmt::format("'{}' is the parent of another virtual hard disk", path));
    }
    const bool is_vhdx = info.spec.format == DiskFormat::vhdx;
    if (size < info.spec.size && (!is_vhdx || state_->options.generation < Generation::ws2012r2)) {
        refuse(code::invalid_parameter, "The virtual hard disk cannot be made smaller");
    }
    if (size > (is_vhdx ? vhdx_size_max : vhd_size_max) || size < disk_size_min ||
        size % 512 != 0) {
        refuse(code::invalid_parameter, fmt::format("{} is no size for a virtual hard disk", size));
    }
    if (info.spec.kind == DiskKind::fixed && size > info.spec.size &&
        size - info.spec.size > free_bytes(info.spec.path[0])) {
        refuse(code::hresult_disk_full, "There is not enough space on the disk");
    }
}

void Storage::resize_disk(std::string_view path, std::uint64_t size, bool despite_children)
{
    check_resize(path, size, despite_children);
    State::Entry& entry = state_->get(local_path(path));
    if (state_->is_real()) {
        resize_real_disk(state_->real(entry.info.path), size);
    }
    entry.disk->spec.size = size;
    if (entry.disk->spec.kind == DiskKind::fixed) {
        entry.info.size = entry.disk->file_size = fresh_file_size(entry.disk->spec);
    }
    entry.info.written = state_->clock.now();
}

void Storage::convert_disk(std::string_view source, DiskSpec target)
{
    const DiskInfo from = disk(source);
    target.size = from.spec.size;
    target.parent.clear();
    if (target.kind == DiskKind::differencing) {
        refuse(code::invalid_parameter, "A copy cannot be differencing");
    }
    check_create(target);
    // A dynamic copy takes what the source holds.
    const std::uint64_t needed = target.kind == DiskKind::fixed
                                     ? fresh_file_size(target)
                                     : std::max(from.file_size, fresh_file_size(target));
    target.path = local_path(target.path);
    if (needed > free_bytes(target.path[0])) {
        refuse(code::hresult_disk_full, "There is not enough space on the disk");
    }
    create_disk(target);
    State::Entry& entry = state_->get(target.path);
    if (target.kind != DiskKind::fixed) {
        entry.info.size = entry.disk->file_size = needed;
    }
    if (state_->is_real()) {
        copy_real_disk(state_->options.folder, from.spec, entry.disk->spec);
    }
}

void Storage::merge_disk(std::string_view child, std::string_view into)
{
    const DiskInfo from = disk(child);
    const std::string target = local_path(into);
    const auto parents = chain(child);
    const auto found = std::ranges::find_if(
        parents, [&](const std::string& path) { return cim::same_name(path, target); });
    if (from.spec.kind != DiskKind::differencing || found == parents.end() ||
        found == parents.begin()) {
        refuse(code::invalid_parameter, "The virtual hard disk cannot be merged into that one");
    }
    if (state_->is_real()) {
        merge_real_disk(state_->options.folder, from.spec, disk(into).spec);
    }
    const auto removed = std::vector<std::string>(parents.begin(), found);
    for (const std::string& path : removed) {
        remove_file(path);
    }
    State::Entry& entry = state_->get(target);
    entry.info.size = std::max(entry.info.size, from.file_size);
    entry.disk->file_size = entry.info.size;
    entry.info.written = state_->clock.now();
}

void Storage::set_parent(std::string_view child, std::string_view parent)
{
    State::Entry& entry = state_->get(local_path(child));
    const DiskInfo above = disk(parent);
    const bool is_child = entry.disk && entry.disk->spec.kind == DiskKind::differencing;
    const bool is_circle = std::ranges::any_of(
        chain(parent), [&](const std::string& at) { return cim::same_name(at, entry.info.path); });
    if (!is_child || is_circle || above.spec.size > entry.disk->spec.size) {
        refuse(code::invalid_parameter, "The virtual hard disk cannot have that parent");
    }
    if (locked(local_path(child))) {
        refuse(code::hresult_sharing_violation, fmt::format("The file '{}' is in use", child));
    }
    if (state_->is_real()) {
        set_real_parent(state_->options.folder, entry.disk->spec, above.spec);
    }
    entry.disk->spec.parent = above.spec.path;
}

DiskInfo Storage::disk(std::string_view path) const
{
    const State::Entry& entry = state_->get(local_path(path));
    if (!entry.disk) {
        refuse(0xC03A0004, fmt::format("The file '{}' is not a virtual hard disk", path));
    }
    DiskInfo info = *entry.disk;
    info.file_size = entry.info.size;
    return info;
}

std::vector<std::string> Storage::chain(std::string_view path) const
{
    std::vector<std::string> found;
    std::string at{path};
    while (!at.empty() && found.size() < 64) {
        const auto entry = state_->files.find(cim::folded(local_path(at)));
        if (entry == state_->files.end()) {
            refuse(found.empty() ? code::hresult_file_not_found : 0xC03A000D,
                   fmt::format("The system cannot find the file '{}'", at));
        }
        found.push_back(entry->second.info.path);
        at = entry->second.disk ? entry->second.disk->spec.parent : std::string{};
    }
    return found;
}

bool Storage::has_children(std::string_view path) const
{
    const std::string local = local_path(path);
    return std::ranges::any_of(state_->files, [&](const auto& file) {
        return file.second.disk && !file.second.disk->spec.parent.empty() &&
               cim::same_name(file.second.disk->spec.parent, local);
    });
}

void Storage::refresh(std::string_view path)
{
    if (!state_->is_real()) {
        return;
    }
    const std::string local = local_path(path);
    state_->read(state_->files[cim::folded(local)], local);
}

} // namespace watari::sim
