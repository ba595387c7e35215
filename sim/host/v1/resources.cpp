#include "sim/host/v1/resources.hpp"

#include "sim/host/v1/ports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace watari::sim::host::v1 {

namespace {

constexpr std::uint64_t memory_limit_mib = 1'048'576;

template <class T>
void take_number(const cim::Instance& given, std::string_view property, T& into)
{
    if (const auto number = given[property].unsigned_integer()) {
        into = static_cast<T>(*number);
    }
}

void take_flag(const cim::Instance& given, std::string_view property, bool& into)
{
    into = given[property].boolean().value_or(into);
}

void apply_memory(const View& view, MemorySettings& memory, const cim::Instance& given)
{
    take_number(given, "VirtualQuantity", memory.startup_mib);
    take_number(given, "Reservation", memory.minimum_mib);
    take_number(given, "Limit", memory.maximum_mib);
    take_number(given, "Weight", memory.weight);
    take_number(given, "TargetMemoryBuffer", memory.buffer_percent);
    const bool was_dynamic = std::exchange(
        memory.dynamic, given["DynamicMemoryEnabled"].boolean().value_or(memory.dynamic));
    if (!memory.dynamic) {
        memory.minimum_mib = memory.startup_mib;
        memory.maximum_mib = view.profile().is("static_memory_limit", "maximum")
                                 ? memory_limit_mib
                                 : memory.startup_mib;
    } else if (!was_dynamic && given["Limit"].is_null()) {
        memory.maximum_mib =
            std::max(memory.startup_mib, view.host().options().limits.vm_memory_mib_max);
    }
}

void apply_processor(ProcessorSettings& processor, const cim::Instance& given)
{
    take_number(given, "VirtualQuantity", processor.count);
    take_number(given, "Reservation", processor.reservation);
    take_number(given, "Limit", processor.limit);
    take_number(given, "Weight", processor.weight);
    take_flag(given, "LimitCPUID", processor.limit_cpuid);
    take_flag(given, "LimitProcessorFeatures", processor.limit_features);
    constexpr std::uint64_t whole = 100'000; // percent / 1000
    if (processor.reservation > processor.limit || processor.limit > whole) {
        refuse(code::invalid_parameter, "Reservation and limit of the processor are not in order");
    }
}

/// The only text of an array that a host takes with one element at most; nullopt: none given.
std::optional<std::string> only_text(const cim::Instance& given, std::string_view property)
{
    const auto found = elements(given[property]);
    if (found.size() > 1) {
        refuse(code::invalid_parameter, fmt::format("{} has more than one element", property));
    }
    const std::string* text = found.empty() ? nullptr : found.front().string();
    return text == nullptr ? std::nullopt : std::optional{*text};
}

std::optional<PortPlace> port_named(const View& view, const std::string& connection)
{
    if (connection.empty()) {
        return std::nullopt;
    }
    const auto path = cim::ObjectPath::parse(connection);
    if (!path || !cim::same_name(path->class_name(), "Msvm_SwitchPort")) {
        refuse(code::invalid_parameter, "The connection is no path of a switch port");
    }
    const auto place = find_port(view.host(), path->key("Name").value_or(""));
    if (!place ||
        !cim::same_name(place->network->id.upper(), path->key("SystemName").value_or(""))) {
        refuse(code::invalid_parameter, "The connection names no switch port");
    }
    return place;
}

const DeviceWords& words_given(const View& view, const cim::Instance& given)
{
    const std::string* subtype = given["ResourceSubType"].string();
    const DeviceWords* words = subtype == nullptr ? nullptr : words_of_subtype(*subtype);
    if (words == nullptr) {
        refuse(code::invalid_parameter, "ResourceSubType names no kind of device");
    }
    const bool same_class =
        view.repository().catalogue().is_a(given.class_name(), words->settings_class);
    if (!same_class ||
        given["ResourceType"].unsigned_integer().value_or(words->type) != words->type) {
        refuse(code::invalid_parameter,
               "Class, ResourceType and ResourceSubType do not fit together");
    }
    return *words;
}

/// `Address` is the slot here; v2 calls it AddressOnParent.
std::uint32_t slot_given(const cim::Instance& given)
{
    const std::string* address = given["Address"].string();
    if (address == nullptr || address->empty()) {
        return any_slot;
    }
    std::uint32_t slot = 0;
    const auto [end, error] =
        std::from_chars(address->data(), address->data() + address->size(), slot);
    if (error != std::errc{} || end != address->data() + address->size()) {
        refuse(code::invalid_parameter, fmt::format("'{}' is no address", *address));
    }
    return slot;
}

std::string parent_given(const View& view, Vm& vm, const cim::Instance& given)
{
    const std::string* text = given["Parent"].string();
    const auto path = text == nullptr ? std::nullopt : cim::ObjectPath::parse(*text);
    if (!path) {
        refuse(code::invalid_parameter, "Parent is no object path");
    }
    return view.device_of(vm, *path).id;
}

std::string medium_path(const View& view, const cim::Instance& given, DeviceKind kind)
{
    const auto connection = only_text(given, "Connection");
    if (!connection || connection->empty()) {
        refuse(code::invalid_parameter, "Connection names no file");
    }
    const std::string path = view.host().storage().local_path(*connection);
    if (kind == DeviceKind::hard_disk && cim::same_name(path.substr(path.rfind('.') + 1), "vhdx")) {
        refuse(code::invalid_parameter, "This namespace knows VHD files only");
    }
    return path;
}

std::string channel_given(const View& view, const cim::Instance& given)
{
    const auto id = only_text(given, "VirtualSystemIdentifiers");
    if (!id || id->empty()) {
        return Uuid::random(view.host().random()).braced();
    }
    if (!Uuid::parse(*id)) {
        refuse(code::invalid_parameter, fmt::format("'{}' is no identifier", *id));
    }
    return *id;
}

void take_nic(const cim::Instance& given, Device& nic)
{
    take_flag(given, "StaticMacAddress", nic.static_mac);
    if (const std::string* mac = given["Address"].string(); mac != nullptr && nic.static_mac) {
        nic.mac = *mac;
    }
}

std::string add_nic(const View& view, Vm& vm, Device nic, const cim::Instance& given)
{
    take_nic(given, nic);
    nic.channel_id = channel_given(view, given);
    const auto connection = only_text(given, "Connection");
    auto place = port_named(view, connection.value_or(""));
    std::string id = view.host().add_device(vm, std::move(nic)).id;
    if (place) {
        connect_nic(view.host(), vm, id, *place);
    }
    return id;
}

void modify_nic(const View& view, Vm& vm, const std::string& id, const cim::Instance& given)
{
    view.host().change_device(vm, id, [&](Device& nic) {
        take_nic(given, nic);
        if (!given["VirtualSystemIdentifiers"].is_null()) {
            nic.channel_id = channel_given(view, given);
        }
        if (const std::string* name = given["ElementName"].string()) {
            nic.name = *name;
        }
    });
    if (given.find("Connection") == nullptr) {
        return;
    }
    if (const auto place = port_named(view, only_text(given, "Connection").value_or(""))) {
        connect_nic(view.host(), vm, id, *place);
    } else {
        disconnect_nic(view.host(), vm, id);
    }
}

bool is_class(const cim::Instance& given, std::string_view class_name)
{
    return cim::same_name(given.class_name(), class_name);
}

} // namespace

bool apply_to_system(const View& view, Settings& settings, const cim::Instance& given)
{
    if (is_class(given, "Msvm_MemorySettingData")) {
        apply_memory(view, settings.memory, given);
        return true;
    }
    if (is_class(given, "Msvm_ProcessorSettingData")) {
        apply_processor(settings.processor, given);
        return true;
    }
    return false;
}

std::string add_resource(const View& view, Vm& vm, const cim::Instance& given)
{
    const DeviceWords& words = words_given(view, given);
    Device device;
    device.kind = words.kind;
    if (const std::string* name = given["ElementName"].string()) {
        device.name = *name;
    }
    if (is_nic(words.kind)) {
        return add_nic(view, vm, std::move(device), given);
    }
    if (words.kind == DeviceKind::scsi_controller) {
        device.channel_id = channel_given(view, given);
    } else {
        device.parent = parent_given(view, vm, given);
    }
    if (is_drive(words.kind)) {
        device.slot = slot_given(given);
    }
    if (is_medium(words.kind)) {
        device.path = medium_path(view, given, words.kind);
    }
    return view.host().add_device(vm, std::move(device)).id;
}

void modify_resource(const View& view, Vm& vm, const cim::Instance& given)
{
    const auto named = view.host().find_by_instance_id(text_of(given, "InstanceID"));
    if (!named || named->vm != &vm || named->checkpoint != nullptr) {
        refuse(code::invalid_parameter, "InstanceID names no device of the virtual machine");
    }
    const bool is_memory = cim::same_name(named->device, device_id::memory);
    const bool is_processor = cim::same_name(named->device, device_id::processor);
    if (is_memory || is_processor) {
        if (!is_class(given, is_memory ? "Msvm_MemorySettingData" : "Msvm_ProcessorSettingData")) {
            refuse(code::invalid_parameter, "InstanceID names an object of another class");
        }
        view.host().change_settings(
            vm, [&](Settings& settings) { apply_to_system(view, settings, given); });
        return;
    }
    const Device& device =
        view.device_of(vm, view.by_id(given.class_name(), text_of(given, "InstanceID")));
    const std::string id = device.id;
    if (is_nic(device.kind)) {
        modify_nic(view, vm, id, given);
        return;
    }
    const DeviceKind kind = device.kind;
    view.host().change_device(vm, id, [&](Device& changed) {
        if (const std::string* name = given["ElementName"].string()) {
            changed.name = *name;
        }
        if (is_integration_service(kind)) {
            changed.enabled =
                given["EnabledState"].unsigned_integer().value_or(changed.enabled ? 2 : 3) == 2;
        } else if (is_medium(kind) && !given["Connection"].is_null()) {
            changed.path = medium_path(view, given, kind);
        } else if (kind == DeviceKind::serial_port) {
            changed.path = only_text(given, "Connection").value_or(changed.path);
        }
    });
}

} // namespace watari::sim::host::v1
