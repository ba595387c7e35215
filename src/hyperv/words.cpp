#include "hyperv/words.hpp"

#include "core/error.hpp"
#include "messages/hyperv.hpp"

#include <array>
#include <cctype>

namespace watari::hyperv {

namespace {

template <class Enum, std::size_t count>
using Names = std::array<std::pair<Enum, std::string_view>, count>;

constexpr Names<PowerState, 10> power_state_names{{
    {PowerState::off, "off"},
    {PowerState::running, "running"},
    {PowerState::paused, "paused"},
    {PowerState::saved, "saved"},
    {PowerState::starting, "starting"},
    {PowerState::stopping, "stopping"},
    {PowerState::saving, "saving"},
    {PowerState::pausing, "pausing"},
    {PowerState::resuming, "resuming"},
    {PowerState::unknown, "unknown"},
}};
constexpr Names<DiskFormat, 2> disk_format_names{
    {{DiskFormat::vhd, "vhd"}, {DiskFormat::vhdx, "vhdx"}}};
constexpr Names<DiskKind, 3> disk_kind_names{{{DiskKind::fixed, "fixed"},
                                              {DiskKind::dynamic, "dynamic"},
                                              {DiskKind::differencing, "differencing"}}};
constexpr Names<Capability, 8> capability_names{{
    {Capability::vhdx, "vhdx"},
    {Capability::differencing_from_image, "differencing_from_image"},
    {Capability::vm_generation_2, "vm_generation_2"},
    {Capability::runtime_memory, "runtime_memory"},
    {Capability::grow_online, "grow_online"},
    {Capability::configuration_versions, "configuration_versions"},
    {Capability::shutdown_by_state_change, "shutdown_by_state_change"},
    {Capability::class_metadata, "class_metadata"},
}};

template <class Enum, std::size_t count>
std::string_view name_of(const Names<Enum, count>& names, Enum value) noexcept
{
    for (const auto& [candidate, name] : names) {
        if (candidate == value) {
            return name;
        }
    }
    return "unknown";
}

template <class Enum, std::size_t count>
std::optional<Enum> value_of(const Names<Enum, count>& names, std::string_view text) noexcept
{
    for (const auto& [value, name] : names) {
        if (name == text) {
            return value;
        }
    }
    return std::nullopt;
}

char folded(char c) noexcept
{
    return c == '/' ? '\\' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

constexpr std::string_view mark_prefix = "watari:1:";

std::optional<OwnershipMark> mark_of(std::string_view line)
{
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    // watari:1:<36>:<36>
    if (!line.starts_with(mark_prefix) || line.size() != mark_prefix.size() + 36 + 1 + 36 ||
        line[mark_prefix.size() + 36] != ':') {
        return std::nullopt;
    }
    const auto site = Uuid::parse(line.substr(mark_prefix.size(), 36));
    const auto vm = Uuid::parse(line.substr(mark_prefix.size() + 37));
    if (!site || !vm) {
        return std::nullopt;
    }
    return OwnershipMark{SiteId{*site}, VmId{*vm}};
}

/// Calls `use` with each line, without its '\n'.
template <class Use>
void for_each_line(std::string_view text, Use use)
{
    while (!text.empty()) {
        const auto end = text.find('\n');
        use(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

} // namespace

std::string_view to_string(Namespace ns) noexcept
{
    return ns == Namespace::v1 ? "v1" : "v2";
}

std::string OwnershipMark::line() const
{
    return std::string{mark_prefix} + site.value().lower() + ":" + vm.value().lower();
}

std::optional<OwnershipMark> mark_in(std::string_view notes)
{
    std::optional<OwnershipMark> found;
    for_each_line(notes, [&](std::string_view line) {
        if (!found) {
            found = mark_of(line);
        }
    });
    return found;
}

std::string with_mark(std::string_view notes, const OwnershipMark& mark)
{
    std::string text;
    for_each_line(notes, [&](std::string_view line) {
        if (!mark_of(line)) {
            text += line;
            text += '\n';
        }
    });
    return text + mark.line();
}

std::string_view to_string(PowerState state) noexcept
{
    return name_of(power_state_names, state);
}

std::optional<PowerState> power_state_from(std::string_view name) noexcept
{
    return value_of(power_state_names, name);
}

std::string_view to_string(DiskFormat format) noexcept
{
    return name_of(disk_format_names, format);
}

std::string_view to_string(DiskKind kind) noexcept
{
    return name_of(disk_kind_names, kind);
}

std::optional<DiskFormat> disk_format_from(std::string_view name) noexcept
{
    return value_of(disk_format_names, name);
}

std::string_view to_string(Capability capability) noexcept
{
    return name_of(capability_names, capability);
}

bool same_path(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (folded(a[i]) != folded(b[i])) {
            return false;
        }
    }
    return true;
}

std::string_view file_name(std::string_view path) noexcept
{
    const auto slash = path.find_last_of("\\/");
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view folder_of(std::string_view path) noexcept
{
    const auto slash = path.find_last_of("\\/");
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view drive_of(std::string_view path) noexcept
{
    return path.size() >= 2 && path[1] == ':' &&
                   std::isalpha(static_cast<unsigned char>(path[0])) != 0
               ? path.substr(0, 2)
               : std::string_view{};
}

void require_local(std::string_view path)
{
    const bool rooted =
        !drive_of(path).empty() && path.size() >= 3 && (path[2] == '\\' || path[2] == '/');
    bool clean = rooted;
    for (std::size_t i = 2; clean && i < path.size(); ++i) {
        clean = static_cast<unsigned char>(path[i]) >= 0x20 &&
                std::string_view{"<>:\"|?*"}.find(path[i]) == std::string_view::npos;
    }
    if (!clean || path.find("..") != std::string_view::npos) {
        throw Error{ErrorKind::invalid, message::path_not_local{.path = std::string{path}}};
    }
}

std::optional<MacAddress> MacAddress::parse(std::string_view text)
{
    MacAddress mac;
    for (const char c : text) {
        if (c == ':' || c == '-' || c == '.') {
            continue;
        }
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
            return std::nullopt;
        }
        mac.digits += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return mac.digits.size() == 12 ? std::optional{mac} : std::nullopt;
}

std::string MacAddress::colons() const
{
    std::string text;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        text += text.empty() ? "" : ":";
        text += static_cast<char>(std::tolower(static_cast<unsigned char>(digits[i])));
        text += static_cast<char>(std::tolower(static_cast<unsigned char>(digits[i + 1])));
    }
    return text;
}

bool Capabilities::has(Capability capability) const noexcept
{
    const auto found = known_.find(capability);
    return found != known_.end() && found->second.present;
}

void Capabilities::require(Capability capability, std::string_view host) const
{
    if (!has(capability)) {
        throw Error{ErrorKind::unsupported,
                    message::capability_missing{.capability = std::string{to_string(capability)},
                                                .host = std::string{host}}};
    }
}

} // namespace watari::hyperv
