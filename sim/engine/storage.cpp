#include "sim/engine/storage.hpp"

#include "sim/engine/storage_state.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace watari::sim {

std::string parent_folder(std::string_view path)
{
    const auto cut = path.rfind('\\');
    return cut == std::string_view::npos ? std::string{} : std::string{path.substr(0, cut)};
}

Storage::Storage(Clock& clock, Random& random, Options options)
    : state_(std::make_unique<State>(
          State{.clock = clock, .random = random, .options = std::move(options)}))
{
    for (VolumeOptions& volume : state_->options.volumes) {
        volume.letter = static_cast<char>(std::toupper(static_cast<unsigned char>(volume.letter)));
        state_->folders.insert(fmt::format("{}:", static_cast<char>(std::tolower(volume.letter))));
    }
    if (state_->is_real()) {
        for (const FoundFile& found : find_files(state_->options.folder)) {
            make_folder(parent_folder(found.path));
            state_->files[cim::folded(found.path)].info.path = found.path;
            refresh(found.path);
        }
    }
}

Storage::~Storage() = default;

std::string Storage::local_path(std::string_view path) const
{
    if (path.starts_with("\\\\") || path.starts_with("//")) {
        // A WinRM session cannot pass the caller's ticket on: a second hop is refused.
        refuse(code::hresult_access_denied, fmt::format("Access is denied to '{}'", path));
    }
    std::string normal{path};
    std::ranges::replace(normal, '/', '\\');
    while (normal.size() > 3 && normal.back() == '\\') {
        normal.pop_back();
    }
    const bool has_letter = normal.size() >= 3 &&
                            std::isalpha(static_cast<unsigned char>(normal[0])) != 0 &&
                            normal[1] == ':' && normal[2] == '\\';
    if (!has_letter || normal.find("\\..") != std::string::npos ||
        normal.find("\\\\") != std::string::npos ||
        normal.find_first_of("<>\"|?*") != std::string::npos ||
        normal.find(':', 2) != std::string::npos) {
        refuse(code::invalid_parameter, fmt::format("'{}' is not a path", path));
    }
    if (normal.size() == 3) {
        normal.pop_back();
    }
    normal[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(normal[0])));
    return normal;
}

bool Storage::file_exists(std::string_view path) const
{
    const std::string local = local_path(path);
    state_->notice(local);
    return state_->files.contains(cim::folded(local));
}

bool Storage::folder_exists(std::string_view path) const
{
    const std::string local = local_path(path);
    state_->notice(local);
    return state_->folders.contains(cim::folded(local));
}

void Storage::make_folder(std::string_view path)
{
    std::string at = local_path(path);
    if (!state_->folders.contains(cim::folded(at.substr(0, 2)))) {
        refuse(code::hresult_path_not_found,
               fmt::format("The system cannot find the path '{}'", path));
    }
    if (state_->is_real()) {
        make_real_folder(state_->options.folder, at);
    }
    while (state_->folders.insert(cim::folded(at)).second) {
        at = parent_folder(at);
    }
}

void Storage::write_file(std::string_view path, std::uint64_t size, std::string contents)
{
    const std::string local = local_path(path);
    make_folder(parent_folder(local));
    auto [at, is_new] = state_->files.try_emplace(cim::folded(local));
    const std::uint64_t before = is_new ? 0 : at->second.info.size;
    if (size > before && size - before > free_bytes(local[0])) {
        if (is_new) {
            state_->files.erase(at);
        }
        refuse(code::hresult_disk_full, "There is not enough space on the disk");
    }
    State::Entry& entry = at->second;
    if (is_new) {
        entry.info.path = local;
        entry.info.created = state_->clock.now();
    }
    entry.info.size = size;
    entry.info.written = state_->clock.now();
    entry.contents = std::move(contents);
}

void Storage::remove_file(std::string_view path)
{
    const std::string local = local_path(path);
    const std::string real = state_->get(local).info.path;
    if (locked(local)) {
        refuse(code::hresult_sharing_violation, fmt::format("The file '{}' is in use", path));
    }
    if (state_->is_real()) {
        remove_real_file(state_->real(real));
    }
    state_->files.erase(cim::folded(local));
}

void Storage::rename_file(std::string_view from, std::string_view to)
{
    const std::string source = local_path(from);
    const std::string target = local_path(to);
    State::Entry entry = state_->get(source);
    if (locked(source)) {
        refuse(code::hresult_sharing_violation, fmt::format("The file '{}' is in use", from));
    }
    if (file_exists(target)) {
        refuse(code::hresult_file_exists, fmt::format("The file '{}' exists", to));
    }
    if (!folder_exists(parent_folder(target))) {
        refuse(code::hresult_path_not_found,
               fmt::format("The system cannot find the path '{}'", to));
    }
    if (state_->is_real()) {
        rename_real_file(state_->real(entry.info.path), state_->real(target));
    }
    state_->files.erase(cim::folded(source));
    entry.info.path = target;
    if (entry.disk) {
        entry.disk->spec.path = target;
    }
    state_->files[cim::folded(target)] = std::move(entry);
}

std::optional<FileInfo> Storage::file(std::string_view path) const
{
    const std::string local = local_path(path);
    state_->notice(local);
    const auto at = state_->files.find(cim::folded(local));
    return at == state_->files.end() ? std::nullopt : std::optional{at->second.info};
}

std::vector<FileInfo> Storage::files() const
{
    std::vector<FileInfo> found;
    for (const auto& [path, entry] : state_->files) {
        found.push_back(entry.info);
    }
    return found;
}

void Storage::lock(const std::string& path, bool exclusive, const std::string& holder)
{
    for (const Lock& lock : state_->locks) {
        if (lock.holder != holder && cim::same_name(lock.path, path) &&
            (exclusive || lock.exclusive)) {
            refuse(code::hresult_sharing_violation,
                   fmt::format("The process cannot access the file '{}' because it is being used "
                               "by another process",
                               path));
        }
    }
    state_->locks.push_back(Lock{.path = path, .exclusive = exclusive, .holder = holder});
}

void Storage::unlock(const std::string& holder)
{
    std::erase_if(state_->locks, [&](const Lock& lock) { return lock.holder == holder; });
}

std::optional<Lock> Storage::locked(std::string_view path) const
{
    const std::string local = local_path(path);
    const auto at = std::ranges::find_if(
        state_->locks, [&](const Lock& lock) { return cim::same_name(lock.path, local); });
    return at == state_->locks.end() ? std::nullopt : std::optional{*at};
}

const std::vector<VolumeOptions>& Storage::volumes() const noexcept
{
    return state_->options.volumes;
}

std::uint64_t Storage::free_bytes(char letter) const
{
    const char wanted = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    const auto volume = std::ranges::find(state_->options.volumes, wanted, &VolumeOptions::letter);
    if (volume == state_->options.volumes.end()) {
        return 0;
    }
    std::uint64_t used = volume->used.in_bytes();
    if (const auto filler = state_->fillers.find(wanted); filler != state_->fillers.end()) {
        used += filler->second;
    }
    for (const auto& [path, entry] : state_->files) {
        if (entry.info.path[0] == wanted) {
            used += entry.info.size;
        }
    }
    return used >= volume->size.in_bytes() ? 0 : volume->size.in_bytes() - used;
}

void Storage::set_filler(char letter, std::uint64_t bytes)
{
    state_->fillers[static_cast<char>(std::toupper(static_cast<unsigned char>(letter)))] = bytes;
}

} // namespace watari::sim
