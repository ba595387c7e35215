#include "sim/host/v2/given.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace watari::sim::host::v2 {

namespace {

std::string text_or(const cim::Instance& given, std::string_view name, std::string otherwise)
{
    const std::string* text = given[name].string();
    return text == nullptr ? otherwise : *text;
}

std::uint64_t number_or(const cim::Instance& given, std::string_view name, std::uint64_t otherwise)
{
    return given[name].unsigned_integer().value_or(otherwise);
}

std::string first_text(const cim::Value& value)
{
    const auto all = texts_of(value);
    return all.empty() ? std::string{} : all.front();
}

StartupAction startup_of(std::uint64_t number)
{
    switch (number) {
    case 2:
        return StartupAction::none;
    case 3:
        return StartupAction::restart_if_running;
    case 4:
        return StartupAction::always;
    default:
        refuse(code::invalid_parameter, "AutomaticStartupAction is out of range");
    }
}

ShutdownAction shutdown_of(std::uint64_t number)
{
    switch (number) {
    case 2:
        return ShutdownAction::turn_off;
    case 3:
        return ShutdownAction::save;
    case 4:
        return ShutdownAction::shut_down;
    default:
        refuse(code::invalid_parameter, "AutomaticShutdownAction is out of range");
    }
}

RecoveryAction recovery_of(std::uint64_t number)
{
    switch (number) {
    case 2:
        return RecoveryAction::none;
    case 3:
        return RecoveryAction::restart;
    case 4:
        return RecoveryAction::revert;
    default:
        refuse(code::invalid_parameter, "AutomaticRecoveryAction is out of range");
    }
}

/// Keeps what the engine has no word for.
void keep(cim::Instance& other, const cim::Instance& given,
          std::initializer_list<std::string_view> known)
{
    for (const cim::Property& property : given.properties()) {
        const bool is_known = std::ranges::any_of(
            known, [&](std::string_view name) { return cim::same_name(name, property.name); });
        if (!is_known && !property.value.is_null()) {
            other.set(property);
        }
    }
}

DeviceKind kind_of(const cim::Instance& given)
{
    struct Row {
        std::string_view class_name;
        std::string_view subtype;
        DeviceKind kind;
    };
    static constexpr std::array rows{
        Row{"Msvm_SyntheticEthernetPortSettingData", "", DeviceKind::synthetic_nic},
        Row{"Msvm_EmulatedEthernetPortSettingData", "", DeviceKind::legacy_nic},
        Row{"Msvm_EthernetPortAllocationSettingData", "", DeviceKind::connection},
        Row{"", "Microsoft:Hyper-V:Synthetic SCSI Controller", DeviceKind::scsi_controller},
        Row{"", "Microsoft:Hyper-V:Synthetic Disk Drive", DeviceKind::disk_drive},
        Row{"", "Microsoft:Hyper-V:Synthetic DVD Drive", DeviceKind::dvd_drive},
        Row{"", "Microsoft:Hyper-V:Virtual Hard Disk", DeviceKind::hard_disk},
        Row{"", "Microsoft:Hyper-V:Virtual CD/DVD Disk", DeviceKind::dvd_medium},
        Row{"", "Microsoft:Hyper-V:Virtual Floppy Disk", DeviceKind::floppy_medium},
        Row{"", "Microsoft:Hyper-V:Synthetic Ethernet Port", DeviceKind::synthetic_nic},
        Row{"", "Microsoft:Hyper-V:Emulated Ethernet Port", DeviceKind::legacy_nic},
        Row{"", "Microsoft:Hyper-V:Ethernet Connection", DeviceKind::connection},
    };
    const std::string subtype = text_or(given, "ResourceSubType", "");
    for (const Row& row : rows) {
        if ((!row.class_name.empty() && cim::same_name(row.class_name, given.class_name())) ||
            (!row.subtype.empty() && cim::same_name(row.subtype, subtype))) {
            return row.kind;
        }
    }
    refuse(code::invalid_parameter,
           fmt::format("A device of class {} and subtype '{}' cannot be added", given.class_name(),
                       subtype));
}

std::optional<Uuid> network_in(const cim::Value& host_resource)
{
    const std::string text = first_text(host_resource);
    if (text.empty()) {
        return std::nullopt;
    }
    const auto path = cim::ObjectPath::parse(text);
    const auto id = path ? Uuid::parse(path->key("Name").value_or("")) : std::nullopt;
    if (!id || !cim::same_name(path->class_name(), "Msvm_VirtualEthernetSwitch")) {
        refuse(code::invalid_parameter, fmt::format("'{}' names no switch", text));
    }
    return id;
}

} // namespace

std::vector<std::string> texts_of(const cim::Value& value)
{
    std::vector<std::string> found;
    if (const auto* array = value.array()) {
        for (const cim::Value& one : *array) {
            found.push_back(one.string() == nullptr ? one.text() : *one.string());
        }
    } else if (value.string() != nullptr) {
        found.push_back(*value.string());
    }
    return found;
}

std::vector<cim::ObjectPath> paths_of(const cim::Value& value)
{
    std::vector<cim::ObjectPath> found;
    if (const auto* array = value.array()) {
        for (const cim::Value& one : *array) {
            if (one.reference() != nullptr) {
                found.push_back(*one.reference());
            }
        }
    } else if (value.reference() != nullptr) {
        found.push_back(*value.reference());
    }
    return found;
}

Host::Named named(Host& host, std::string_view instance_id)
{
    auto found = host.find_by_instance_id(instance_id);
    if (!found) {
        refuse(code::invalid_parameter, fmt::format("'{}' names nothing", instance_id));
    }
    return *std::move(found);
}

Host::Named named(Host& host, const cim::ObjectPath& path)
{
    if (const auto id = path.key("InstanceID")) {
        return named(host, *id);
    }
    const auto id = Uuid::parse(path.key("Name").value_or(""));
    Vm* vm = id ? host.find_vm(*id) : nullptr;
    if (vm == nullptr) {
        refuse(code::invalid_parameter, "The path names no virtual machine");
    }
    return Host::Named{.vm = vm};
}

std::string instance_id_in(const std::string& path_text)
{
    const auto path = cim::ObjectPath::parse(path_text);
    const auto id = path ? path->key("InstanceID") : std::nullopt;
    if (!id) {
        refuse(code::invalid_parameter, fmt::format("'{}' is no object path", path_text));
    }
    return *id;
}

void apply_system(Settings& settings, const cim::Instance& given, const Host& host)
{
    settings.name = text_or(given, "ElementName", settings.name);
    if (!given["Notes"].is_null()) {
        settings.notes = first_text(given["Notes"]); // a host keeps only the first element
    }
    settings.version = text_or(given, "Version", settings.version);
    settings.configuration_root =
        text_or(given, "ConfigurationDataRoot", settings.configuration_root);
    settings.snapshot_root = text_or(given, "SnapshotDataRoot", settings.snapshot_root);
    settings.swap_root = text_or(given, "SwapFileDataRoot", settings.swap_root);
    if (const auto action = given["AutomaticStartupAction"].unsigned_integer()) {
        settings.startup_action = startup_of(*action);
    }
    if (const auto action = given["AutomaticShutdownAction"].unsigned_integer()) {
        settings.shutdown_action = shutdown_of(*action);
    }
    if (const auto action = given["AutomaticRecoveryAction"].unsigned_integer()) {
        settings.recovery_action = recovery_of(*action);
    }
    if (const cim::DateTime* delay = given["AutomaticStartupActionDelay"].datetime()) {
        settings.startup_delay = std::chrono::duration_cast<std::chrono::seconds>(delay->length());
    }
    settings.bios_guid = text_or(given, "BIOSGUID", settings.bios_guid);
    settings.bios_serial = text_or(given, "BIOSSerialNumber", settings.bios_serial);
    settings.base_board_serial =
        text_or(given, "BaseBoardSerialNumber", settings.base_board_serial);
    settings.chassis_serial = text_or(given, "ChassisSerialNumber", settings.chassis_serial);
    settings.chassis_asset_tag = text_or(given, "ChassisAssetTag", settings.chassis_asset_tag);
    if (const auto* order = given["BootOrder"].array()) {
        settings.boot_order.clear();
        for (const cim::Value& device : *order) {
            settings.boot_order.push_back(
                static_cast<std::uint16_t>(device.unsigned_integer().value_or(0)));
        }
    }
    if (!given["BootSourceOrder"].is_null()) {
        std::vector<std::string> sources;
        for (const std::string& text : texts_of(given["BootSourceOrder"])) {
            std::string id = instance_id_in(text);
            const auto cut = id.find('\\');
            if (cut == std::string::npos || !id.ends_with("\\B") ||
                settings.find(id.substr(cut + 1, id.size() - cut - 3)) == nullptr) {
                refuse(0x80070490, "The boot source does not exist");
            }
            sources.push_back(id.substr(cut + 1, id.size() - cut - 3));
        }
        settings.boot_sources = std::move(sources);
    }
    if (const auto secure = given["SecureBootEnabled"].boolean()) {
        if (*secure && settings.generation == 1) {
            refuse(code::invalid_parameter, "A generation 1 virtual machine has no secure boot");
        }
        settings.secure_boot = *secure;
    }
    static_cast<void>(host);
    keep(settings.other, given,
         {"InstanceID",
          "ElementName",
          "Notes",
          "Version",
          "ConfigurationDataRoot",
          "SnapshotDataRoot",
          "SwapFileDataRoot",
          "AutomaticStartupAction",
          "AutomaticShutdownAction",
          "AutomaticRecoveryAction",
          "AutomaticStartupActionDelay",
          "BIOSGUID",
          "BIOSSerialNumber",
          "BaseBoardSerialNumber",
          "ChassisSerialNumber",
          "ChassisAssetTag",
          "BootOrder",
          "BootSourceOrder",
          "SecureBootEnabled",
          "VirtualSystemSubType",
          "VirtualSystemIdentifier",
          "VirtualSystemType",
          "CreationTime",
          "Parent",
          "Caption",
          "Description",
          "ConfigurationID",
          "ConfigurationFile",
          "SuspendDataRoot"});
}

void apply_memory(MemorySettings& memory, const cim::Instance& given)
{
    const bool was_dynamic = memory.dynamic;
    memory.startup_mib = number_or(given, "VirtualQuantity", memory.startup_mib);
    memory.dynamic = given["DynamicMemoryEnabled"].boolean().value_or(memory.dynamic);
    if (memory.dynamic) {
        memory.minimum_mib = number_or(
            given, "Reservation",
            was_dynamic ? memory.minimum_mib : std::min<std::uint64_t>(512, memory.startup_mib));
        memory.maximum_mib =
            number_or(given, "Limit", was_dynamic ? memory.maximum_mib : 1'048'576);
    } else {
        // Static: Reservation and Limit follow VirtualQuantity.
        memory.minimum_mib = memory.startup_mib;
        memory.maximum_mib = memory.startup_mib;
    }
    memory.buffer_percent =
        static_cast<std::uint32_t>(number_or(given, "TargetMemoryBuffer", memory.buffer_percent));
    memory.weight = static_cast<std::uint32_t>(number_or(given, "Weight", memory.weight));
}

void apply_processor(ProcessorSettings& processor, const cim::Instance& given)
{
    processor.count = number_or(given, "VirtualQuantity", processor.count);
    processor.reservation = number_or(given, "Reservation", processor.reservation);
    processor.limit = number_or(given, "Limit", processor.limit);
    processor.weight = static_cast<std::uint32_t>(number_or(given, "Weight", processor.weight));
    processor.limit_cpuid = given["LimitCPUID"].boolean().value_or(processor.limit_cpuid);
    processor.limit_features =
        given["LimitProcessorFeatures"].boolean().value_or(processor.limit_features);
    keep(processor.other, given,
         {"InstanceID",
          "VirtualQuantity",
          "Reservation",
          "Limit",
          "Weight",
          "LimitCPUID",
          "LimitProcessorFeatures",
          "Caption",
          "Description",
          "ElementName",
          "ResourceType",
          "ResourceSubType",
          "AllocationUnits",
          "VirtualQuantityUnits",
          "PoolID",
          "AutomaticAllocation",
          "AutomaticDeallocation",
          "ConsumerVisibility",
          "Parent",
          "Address",
          "AddressOnParent"});
}

void apply_device(Host& host, Device& device, const cim::Instance& given)
{
    device.name = text_or(given, "ElementName", device.name);
    if (is_nic(device.kind)) {
        device.mac = text_or(given, "Address", device.mac);
        device.static_mac = given["StaticMacAddress"].boolean().value_or(device.static_mac);
        if (!given["VirtualSystemIdentifiers"].is_null()) {
            device.channel_id = first_text(given["VirtualSystemIdentifiers"]);
        }
    } else if (device.kind == DeviceKind::scsi_controller &&
               !given["VirtualSystemIdentifiers"].is_null()) {
        device.channel_id = first_text(given["VirtualSystemIdentifiers"]);
    } else if (device.kind == DeviceKind::connection) {
        if (given.find("HostResource") != nullptr) {
            device.network = network_in(given["HostResource"]);
        }
        device.enabled = number_or(given, "EnabledState", device.network ? 2 : 3) == 2;
    } else if (is_medium(device.kind)) {
        if (given.find("HostResource") != nullptr) {
            device.path = first_text(given["HostResource"]);
        }
    } else if (is_integration_service(device.kind)) {
        device.enabled = number_or(given, "EnabledState", device.enabled ? 2 : 3) == 2;
    }
    static_cast<void>(host);
}

Device device_from(Host& host, const Uuid& owner, const cim::Instance& given)
{
    Device device;
    device.kind = kind_of(given);
    device.slot = any_slot;
    if (const std::string parent = text_or(given, "Parent", ""); !parent.empty()) {
        const Host::Named at = named(host, instance_id_in(parent));
        if (at.vm->id != owner || at.device.empty()) {
            refuse(code::invalid_parameter, "The parent belongs to another virtual machine");
        }
        device.parent = at.device;
    }
    if (const std::string slot = text_or(given, "AddressOnParent", ""); !slot.empty()) {
        const auto read = std::from_chars(slot.data(), slot.data() + slot.size(), device.slot);
        if (read.ec != std::errc{} || read.ptr != slot.data() + slot.size() ||
            device.slot == any_slot) {
            refuse(code::invalid_parameter, fmt::format("'{}' is no slot", slot));
        }
    }
    apply_device(host, device, given);
    if (is_nic(device.kind) && device.channel_id.empty()) {
        device.channel_id = Uuid::random(host.random()).braced();
    }
    return device;
}

MethodAnswer perform(Host& host, Vm& vm, bool as_job, std::uint16_t type, std::string text,
                     std::function<cim::Instance()> act, bool job_shows_results)
{
    if (!as_job) {
        return MethodAnswer{.output = act()};
    }
    if (host.profile().is("validation_errors", "return_value") || job_shows_results) {
        MethodAnswer answer = MethodAnswer{.return_value = code::job_started, .output = act()};
        const Job& job =
            host.jobs().start({.type = type,
                               .text = std::move(text),
                               .duration = host.options().durations.settings,
                               .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id}}});
        if (!job_shows_results) {
            answer.output = cim::Instance{};
        }
        put(answer.output, "Job", cim::Value{job_path(host, job)});
        return answer;
    }
    const Job& job =
        host.jobs().start({.type = type,
                           .text = std::move(text),
                           .duration = host.options().durations.settings,
                           .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id}},
                           .finish = [&host, id = vm.id, act = std::move(act)] {
                               if (host.find_vm(id) == nullptr) {
                                   refuse(code::failed, "The virtual machine is gone");
                               }
                               static_cast<void>(act());
                           }});
    return started(host, job);
}

} // namespace watari::sim::host::v2
