#include "sim/host/v2/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace watari::sim::host::v2 {

namespace {

struct KindFacts {
    DeviceKind kind;
    std::uint16_t type;
    std::string_view subtype; ///< behind "Microsoft:Hyper-V:"; empty: null
    std::string_view name;    ///< ElementName
};

constexpr std::array kind_facts{
    KindFacts{DeviceKind::ide_controller, 5, "Emulated IDE Controller", "IDE Controller"},
    KindFacts{DeviceKind::scsi_controller, 6, "Synthetic SCSI Controller", "SCSI Controller"},
    KindFacts{DeviceKind::floppy_controller, 1, "", "Diskette Controller"},
    KindFacts{DeviceKind::serial_controller, 1, "", "Serial Controller"},
    KindFacts{DeviceKind::serial_port, 21, "Serial Port", "COM"},
    KindFacts{DeviceKind::s3_video, 24, "S3 Display Controller", "S3 Display Controller"},
    KindFacts{DeviceKind::synthetic_video, 24, "Synthetic Display Controller",
              "Display Controller"},
    KindFacts{DeviceKind::keyboard, 13, "", "Keyboard"},
    KindFacts{DeviceKind::ps2_mouse, 13, "", "Mouse"},
    KindFacts{DeviceKind::synthetic_mouse, 13, "Synthetic Mouse", "Mouse"},
    KindFacts{DeviceKind::synthetic_keyboard, 13, "Synthetic Keyboard", "Keyboard"},
    KindFacts{DeviceKind::disk_drive, 17, "Synthetic Disk Drive", "Hard Drive"},
    KindFacts{DeviceKind::dvd_drive, 16, "Synthetic DVD Drive", "DVD Drive"},
    KindFacts{DeviceKind::floppy_drive, 14, "Synthetic Diskette Drive", "Diskette Drive"},
    KindFacts{DeviceKind::hard_disk, 31, "Virtual Hard Disk", "Hard Disk Image"},
    KindFacts{DeviceKind::dvd_medium, 31, "Virtual CD/DVD Disk", "ISO Disk Image"},
    KindFacts{DeviceKind::floppy_medium, 31, "Virtual Floppy Disk", "Floppy Disk Image"},
    KindFacts{DeviceKind::synthetic_nic, 10, "Synthetic Ethernet Port", "Network Adapter"},
    KindFacts{DeviceKind::legacy_nic, 10, "Emulated Ethernet Port", "Legacy Network Adapter"},
    KindFacts{DeviceKind::connection, 33, "Ethernet Connection", "Dynamic Ethernet Switch Port"},
    KindFacts{DeviceKind::heartbeat_service, 1, "", "Heartbeat"},
    KindFacts{DeviceKind::shutdown_service, 1, "", "Shutdown"},
    KindFacts{DeviceKind::kvp_service, 1, "", "Key-Value Pair Exchange"},
    KindFacts{DeviceKind::time_sync_service, 1, "", "Time Synchronization"},
    KindFacts{DeviceKind::vss_service, 1, "", "VSS"},
    KindFacts{DeviceKind::guest_service, 1, "", "Guest Service Interface"},
    KindFacts{DeviceKind::rdv_service, 1, "", "Remote Desktop Virtualization"},
};

const KindFacts& facts_of(DeviceKind kind)
{
    return *std::ranges::find(kind_facts, kind, &KindFacts::kind);
}

void nic_settings(cim::Instance& row, const Device& device)
{
    put(row, "Address", device.mac.empty() ? "000000000000" : device.mac);
    put(row, "StaticMacAddress", device.static_mac);
    put(row, "Connection", texts({""}));
    put(row, "ClusterMonitored", true);
    put(row, "DeviceNamingEnabled", false);
    put(row, "AllowPacketDirect", false);
    put(row, "InterruptModeration", false);
    put(row, "MediaType", 0);
    put(row, "NumaAwarePlacement", false);
    if (!device.channel_id.empty()) {
        put(row, "VirtualSystemIdentifiers", texts({device.channel_id}));
    }
}

void connection_settings(cim::Instance& row, Host& host, const Device& device)
{
    put(row, "EnabledState", device.network && device.enabled ? 2 : 3);
    put(row, "DesiredVLANEndpointMode", 2);
    if (device.network) {
        put(row, "HostResource", texts({switch_path(host, *device.network).text()}));
        if (const Switch* network = host.find_network(*device.network)) {
            put(row, "LastKnownSwitchName", network->name);
        }
    }
}

void medium_settings(cim::Instance& row, const Device& device)
{
    if (!device.path.empty()) {
        put(row, "HostResource", texts({device.path}));
    }
    put(row, "Access", 3);
    put(row, "CachingMode", 0);
    put(row, "IOPSLimit", 0);
    put(row, "IOPSReservation", 0);
    put(row, "IOPSAllocationUnits", "count(normalized I/O) / second");
    put(row, "PersistentReservationsSupported", false);
    put(row, "SnapshotId", "");
}

cim::Instance live_row(const Host& host, const Vm& vm, std::string_view class_name,
                       std::string device_id, std::string_view name)
{
    const bool runs = vm.state == VmState::running || vm.state == VmState::paused;
    cim::Instance row{std::string{class_name}};
    put(row, "SystemCreationClassName", "Msvm_ComputerSystem");
    put(row, "SystemName", vm.id.upper());
    put(row, "CreationClassName", class_name);
    put(row, "DeviceID", std::move(device_id));
    put(row, "Caption", name);
    put(row, "Description", name);
    put(row, "ElementName", name);
    put(row, "Name", name);
    put(row, "EnabledDefault", 2);
    put(row, "EnabledState", runs ? 2 : 3);
    put(row, "RequestedState", 12);
    put(row, "HealthState", 5);
    put(row, "OperationalStatus", numbers({2}));
    static_cast<void>(host);
    return row;
}

cim::Instance service_row(const Host& host, const Vm& vm, const Device& device)
{
    cim::Instance row =
        live_row(host, vm, live_class(device.kind), live_id(device), facts_of(device.kind).name);
    const bool answers = host.guest_answers(vm) && device.enabled;
    row.set("EnabledState", cim::Type::uint16, device.enabled ? 2 : 3);
    row.set("OperationalStatus", cim::Type::uint16, answers ? numbers({2, 32775}) : numbers({12}));
    row.set("StatusDescriptions", cim::Type::string, texts({answers ? "OK" : "No Contact"}));
    if (device.kind == DeviceKind::kvp_service && answers) {
        const auto item = [](std::string_view name, std::string_view data) {
            return fmt::format(
                "<INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\"><PROPERTY NAME=\"Caption\" "
                "TYPE=\"string\"></PROPERTY>"
                "<PROPERTY NAME=\"Data\" TYPE=\"string\"><VALUE>{}</VALUE></PROPERTY>"
                "<PROPERTY NAME=\"Name\" TYPE=\"string\"><VALUE>{}</VALUE></PROPERTY>"
                "<PROPERTY NAME=\"Source\" TYPE=\"uint16\"><VALUE>2</VALUE></PROPERTY></INSTANCE>",
                data, name);
        };
        std::string addresses;
        for (const std::string& address : vm.guest.addresses) {
            addresses += (addresses.empty() ? "" : ";") + address;
        }
        put(row, "GuestIntrinsicExchangeItems",
            texts({item("FullyQualifiedDomainName", vm.guest.host_name),
                   item("OSName", vm.guest.os_name), item("NetworkAddressIPv4", addresses)}));
    }
    return row;
}

bool is_shown_live(const Host& host, const Vm& vm, DeviceKind kind)
{
    const bool runs = vm.state != VmState::off && vm.state != VmState::saved;
    if (is_integration_service(kind)) {
        const bool has_contact =
            host.guest_answers(vm) || host.profile().is("component_status_no_guest", "no_contact");
        return runs && has_contact;
    }
    return runs || host.profile().is("live_devices_when_off", "present");
}

MethodAnswer initiate_shutdown(Host& host, const MethodCall& call)
{
    const auto id = Uuid::parse(call.target.key("SystemName").value_or(""));
    Vm* vm = id ? host.find_vm(*id) : nullptr;
    if (vm == nullptr) {
        refuse(code::invalid_parameter, "There is no such virtual machine");
    }
    host.shut_down_guest(*vm, call.input["Force"].boolean().value_or(false));
    return {};
}

} // namespace

cim::Instance device_settings(Host& host, const Owner& owner, const Device& device)
{
    const KindFacts& facts = facts_of(device.kind);
    cim::Instance row{std::string{settings_class(host, device.kind)}};
    std::string name{facts.name};
    if (device.kind == DeviceKind::serial_port || device.kind == DeviceKind::ide_controller) {
        name += device.kind == DeviceKind::serial_port ? (device.address == "0" ? " 1" : " 2")
                                                       : " " + device.address;
    }
    put(row, "InstanceID", setting_id(owner.id(), device.id));
    put(row, "AllocationUnits", "count");
    put(row, "VirtualQuantityUnits",
        device.kind == DeviceKind::hard_disk ? "count(fixed size block)" : "count");
    put(row, "AutomaticAllocation", true);
    put(row, "AutomaticDeallocation", true);
    put(row, "Caption", name);
    put(row, "Description", fmt::format("Settings for {}.", name));
    put(row, "ConsumerVisibility", 3);
    put(row, "ElementName", device.name.empty() ? name : device.name);
    put(row, "Limit", 1);
    put(row, "Reservation", 1);
    put(row, "VirtualQuantity", 1);
    put(row, "Weight", is_medium(device.kind) ? 100 : 0);
    put(row, "PoolID", "");
    put(row, "ResourceType", facts.type);
    put(row, "TargetVtl", 0);
    if (!facts.subtype.empty()) {
        put(row, "ResourceSubType", fmt::format("Microsoft:Hyper-V:{}", facts.subtype));
    } else if (device.kind == DeviceKind::floppy_controller) {
        put(row, "OtherResourceType", "Microsoft:Hyper-V:Virtual Diskette Controller");
    }
    if (!device.address.empty()) {
        put(row, "Address", device.address);
    }
    if (const Device* parent = owner.settings().find(device.parent)) {
        put(row, "Parent", device_settings_path(host, owner.id(), *parent).text());
    }
    if (is_drive(device.kind)) {
        put(row, "AddressOnParent", fmt::format("{}", device.slot));
    }
    if (device.kind == DeviceKind::scsi_controller && !device.channel_id.empty()) {
        put(row, "VirtualSystemIdentifiers", texts({device.channel_id}));
    }
    if (is_nic(device.kind)) {
        nic_settings(row, device);
    } else if (device.kind == DeviceKind::connection) {
        connection_settings(row, host, device);
    } else if (is_medium(device.kind)) {
        medium_settings(row, device);
    } else if (is_integration_service(device.kind)) {
        put(row, "EnabledState", device.enabled ? 2 : 3);
        put(row, "DefaultEnabledStatePolicy", 2);
    } else if (device.kind == DeviceKind::serial_port) {
        put(row, "Connection", texts({""}));
    }
    for (const cim::Property& property : device.other.properties()) {
        row.set(property);
    }
    return row;
}

cim::Instance feature_settings(const Owner& owner, const Device& connection, const Feature& feature)
{
    cim::Instance row = feature.values;
    row.set("InstanceID", cim::Type::string,
            setting_id(owner.id(), fmt::format("{}\\{}\\{}", connection.id, feature.type.upper(),
                                               feature.id.upper())));
    return row;
}

void add_devices(Repository& repository, Host& host)
{
    std::map<std::string_view, std::vector<DeviceKind>> setting_classes;
    for (const KindFacts& facts : kind_facts) {
        setting_classes[settings_class(host, facts.kind)].push_back(facts.kind);
    }
    for (auto& [class_name, kinds] : setting_classes) {
        repository.add(class_name, per_device(host, std::move(kinds)));
    }
    for (const KindFacts& facts : kind_facts) {
        const std::string_view class_name = live_class(facts.kind);
        if (class_name.empty()) {
            continue;
        }
        ClassProvider provider;
        provider.produce = [&host, kind = facts.kind, class_name,
                            name = facts.name](const Demand& demand, const Sink& sink) {
            for_each_vm(host, demand, [&](Vm& vm) {
                for (const Device& device : vm.settings.devices) {
                    if (device.kind == kind && is_shown_live(host, vm, kind)) {
                        sink(is_integration_service(kind)
                                 ? service_row(host, vm, device)
                                 : live_row(host, vm, class_name, live_id(device), name));
                    }
                }
            });
        };
        if (facts.kind == DeviceKind::shutdown_service) {
            provider.methods["InitiateShutdown"] = [&host](const MethodCall& call) {
                return initiate_shutdown(host, call);
            };
        }
        repository.add(class_name, std::move(provider));
    }
}

} // namespace watari::sim::host::v2
