#include "hyperv/ownership.hpp"

#include "core/error.hpp"
#include "messages/hyperv.hpp"

#include <algorithm>
#include <cctype>

namespace watari::hyperv {

namespace {

constexpr std::string_view born_prefix = "watari-";

std::string lower(std::string_view text)
{
    std::string folded{text};
    std::ranges::transform(folded, folded.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return folded;
}

} // namespace

std::string birth_name(const VmId& vm)
{
    return std::string{born_prefix} + vm.value().lower();
}

std::optional<VmId> born_as(std::string_view name)
{
    if (!lower(name).starts_with(born_prefix)) {
        return std::nullopt;
    }
    const auto id = Uuid::parse(name.substr(born_prefix.size()));
    return id ? std::optional{VmId{*id}} : std::nullopt;
}

bool is_proven(const VmRef& wanted, const SeenVm& seen)
{
    const auto mark = mark_in(seen.notes);
    if (mark && *mark != wanted.mark) {
        return false;
    }
    const bool is_in_our_folder = !wanted.folder.empty() && same_path(wanted.folder, seen.folder);
    const int proofs = (wanted.guid_is_recorded ? 1 : 0) + (mark || seen.has_birth_name ? 1 : 0) +
                       (is_in_our_folder ? 1 : 0);
    return proofs >= 2;
}

void prove_ownership(const VmRef& wanted, const SeenVm& seen)
{
    if (is_proven(wanted, seen)) {
        return;
    }
    const auto mark = mark_in(seen.notes);
    throw Error{ErrorKind::conflict, message::ownership_lost{.found = mark ? mark->line() : "-",
                                                             .guid = wanted.guid.value().upper(),
                                                             .name = seen.name,
                                                             .wanted = wanted.mark.line()}};
}

bool carries_id(std::string_view path, const VmId& vm)
{
    const std::string id = vm.value().lower();
    return lower(file_name(path)).starts_with(id) || lower(file_name(folder_of(path))) == id;
}

} // namespace watari::hyperv
