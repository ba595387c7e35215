#include "hyperv/wmi/ids.hpp"

#include <charconv>

#include <fmt/format.h>

namespace watari::hyperv::wmi {

namespace {

constexpr std::string_view prefix = "Microsoft:";
constexpr std::string_view ide_type = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4";
constexpr std::size_t guid_length = 36;

std::string_view parent_of(std::string_view id)
{
    const auto at = id.rfind('\\');
    return at == std::string_view::npos ? std::string_view{} : id.substr(0, at);
}

} // namespace

std::string settings_id(const HostVmId& vm)
{
    return fmt::format("{}{}", prefix, vm.value().upper());
}

std::string memory_id(const HostVmId& vm)
{
    return settings_id(vm) + "\\4764334d-e001-4176-82ee-5594ec9b530e";
}

std::string processor_id(const HostVmId& vm)
{
    return settings_id(vm) + "\\b637f346-6a0e-4dec-af52-bd70cb80a21d\\0";
}

std::string ide_controller_id(const HostVmId& vm, unsigned number)
{
    return fmt::format("{}\\{}\\{}", settings_id(vm), ide_type, number);
}

std::string drive_id(std::string_view controller, unsigned position)
{
    return fmt::format("{}\\{}\\D", controller, position);
}

std::optional<Uuid> owner_of(std::string_view instance_id)
{
    if (instance_id.size() < prefix.size() + guid_length ||
        !cim::same_name(instance_id.substr(0, prefix.size()), prefix)) {
        return std::nullopt;
    }
    const auto rest = instance_id.substr(prefix.size() + guid_length);
    if (!rest.empty() && rest.front() != '\\') {
        return std::nullopt;
    }
    return Uuid::parse(instance_id.substr(prefix.size(), guid_length));
}

bool is_below(std::string_view instance_id, std::string_view ancestor)
{
    return instance_id.size() >= ancestor.size() &&
           cim::same_name(instance_id.substr(0, ancestor.size()), ancestor) &&
           (instance_id.size() == ancestor.size() || instance_id[ancestor.size()] == '\\');
}

bool is_ide(std::string_view instance_id)
{
    return cim::folded(instance_id).find(cim::folded(ide_type)) != std::string::npos;
}

std::optional<Place> place_of(std::string_view drive_or_medium)
{
    const auto at_slot = parent_of(drive_or_medium); // …\<slot>
    const auto controller = parent_of(at_slot);
    if (controller.empty()) {
        return std::nullopt;
    }
    const auto digits = at_slot.substr(controller.size() + 1);
    Place place{.controller = std::string{controller}};
    const auto end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, place.position);
    return error == std::errc{} && stopped == end ? std::optional{std::move(place)} : std::nullopt;
}

} // namespace watari::hyperv::wmi
