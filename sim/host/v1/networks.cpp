#include "sim/host/v1/ports.hpp"
#include "sim/host/v1/switch_service.hpp"
#include "sim/host/v1/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

/// Switches as v1 shows them: a port has a VLAN endpoint with settings, and is actively connected
/// to a LAN endpoint (schema/v1.json association_paths).
namespace watari::sim::host::v1 {

namespace {

constexpr std::uint16_t mode_access = 2;
constexpr std::uint16_t mode_trunk = 5;

using VisitPort = std::function<void(Switch&, SwitchPort&)>;

void each_port(const View& view, const VisitPort& visit)
{
    reconcile_ports(view.host());
    for (Switch& network : view.host().networks()) {
        for (SwitchPort& port : network.ports) {
            visit(network, port);
        }
    }
}

Row start_port_row(std::string_view class_name, const Switch& network, const SwitchPort& port)
{
    Row row{class_name};
    row.set("CreationClassName", class_name)
        .set("Name", port.name)
        .set("SystemCreationClassName", "Msvm_VirtualSwitch");
    row.set("SystemName", network.id.upper()).set("ElementName", port.friendly_name);
    row.set("EnabledState", 2)
        .set("EnabledDefault", 2)
        .set("RequestedState", 12)
        .set("HealthState", 5)
        .set("Status", "OK");
    row.set("OperationalStatus", numbers({2})).set("StatusDescriptions", texts({"OK"}));
    return row;
}

cim::Instance switch_row(const Switch& network)
{
    Row row{"Msvm_VirtualSwitch"};
    row.set("CreationClassName", "Msvm_VirtualSwitch")
        .set("Name", network.id.upper())
        .set("ElementName", network.name);
    row.set("Caption", "Virtual Switch")
        .set("Description", "Microsoft Virtual Switch")
        .set("ScopeOfResidence", "");
    row.set("EnabledState", 5)
        .set("EnabledDefault", 2)
        .set("RequestedState", 12)
        .set("ResetCapability", 5)
        .set("Dedicated", numbers({38}));
    row.set("HealthState", 5)
        .set("OperationalStatus", numbers({2}))
        .set("StatusDescriptions", texts({"OK"}))
        .set("Status", "OK");
    return row.set("NumLearnableAddresses", 1024)
        .set("MaxVMQOffloads", 0)
        .set("MaxChimneyOffloads", 0)
        .take();
}

cim::Instance port_row(const Switch& network, const SwitchPort& port)
{
    Row row = start_port_row("Msvm_SwitchPort", network, port);
    row.set("ScopeOfResidence", "").set("AllowMacSpoofing", false).set("PreventIPSpoofing", false);
    row.set("ChimneyOffloadWeight", 0).set("VMQOffloadWeight", 100);
    for (const cim::Property& kept : port.other.properties()) {
        row.set(kept.name, kept.value);
    }
    return row.take();
}

/// Uplinks of 2008 R2 have a trunk list; 2012 passes every VLAN (UNVERIFIED: how its endpoints say
/// so).
bool may_trunk(const View& view, const SwitchPort& port)
{
    return port.kind == SwitchPort::Kind::external &&
           view.host().generation() == Generation::ws2008r2sp1;
}

cim::Instance vlan_endpoint_row(const View& view, const Switch& network, const SwitchPort& port)
{
    Row row = start_port_row("Msvm_VLANEndpoint", network, port);
    row.set("DesiredEndpointMode", port.endpoint_mode)
        .set("OperationalEndpointMode", port.endpoint_mode);
    row.set("SupportedEndpointModes",
            may_trunk(view, port) ? numbers({mode_access, mode_trunk}) : numbers({mode_access}));
    return row.take();
}

/// Which GUID stands in it was inferred from the one recorded shape.
std::string vlan_settings_id(const View& view, const SwitchPort& port)
{
    auto id = Uuid::parse(port.name);
    if (id && !view.profile().is("v1_vlan_settings_id", "port")) {
        for (auto& byte : id->bytes) {
            byte ^= 0xFF;
        }
    }
    return fmt::format("Microsoft:{}\\Root", id ? id->upper() : port.name);
}

cim::Instance vlan_settings_row(const View& view, const SwitchPort& port)
{
    Row row{"Msvm_VLANEndpointSettingData"};
    row.set("InstanceID", vlan_settings_id(view, port))
        .set("ElementName", port.friendly_name)
        .set("AccessVLAN", vlan_of_port(view.host(), port));
    const cim::Value& native = port.other["NativeVLAN"];
    row.set("DefaultVLAN", 0).set("NativeVLAN", native.is_null() ? cim::Value{0} : native);
    if (!port.trunk.empty()) {
        row.set("TrunkedVLANList", numbers(port.trunk));
    }
    return row.take();
}

/// The VM's end of a connected port, there while it runs; the host's and the uplink's ends always
/// are.
std::string_view endpoint_class(const View& view, const SwitchPort& port)
{
    if (port.kind != SwitchPort::Kind::vm) {
        return "Msvm_SwitchLANEndpoint";
    }
    const Vm* vm = port.vm ? view.host().find_vm(*port.vm) : nullptr;
    return vm != nullptr && vm->assigned_mib != 0 ? "Msvm_VmLANEndpoint" : std::string_view{};
}

void produce_endpoints(const View& view, std::string_view class_name, const Sink& sink)
{
    each_port(view, [&](Switch& network, SwitchPort& port) {
        if (endpoint_class(view, port) != class_name) {
            return;
        }
        Row row = start_port_row(class_name, network, port);
        row.set("Connected", true).set("LANType", 2);
        if (const Vm* vm = port.vm ? view.host().find_vm(*port.vm) : nullptr) {
            const Device* connection = vm->settings.find(port.connection);
            const Device* nic =
                connection == nullptr ? nullptr : vm->settings.find(connection->parent);
            row.set("MACAddress", nic == nullptr ? "" : nic->mac);
        }
        sink(row.take());
    });
}

/// The port a path of one of its four objects names. Throws RepositoryFault.
std::pair<Switch*, SwitchPort*> port_at(const View& view, const cim::ObjectPath& path)
{
    std::pair<Switch*, SwitchPort*> found{};
    each_port(view, [&](Switch& network, SwitchPort& port) {
        const auto id = path.key("InstanceID");
        if (id ? cim::same_name(*id, vlan_settings_id(view, port))
               : cim::same_name(path.key("Name").value_or(""), port.name)) {
            found = {&network, &port};
        }
    });
    if (found.second == nullptr) {
        throw RepositoryFault{FaultKind::no_such_instance, "The object does not exist."};
    }
    return found;
}

/// On 2008 R2 a VLAN passes only if the uplink's port trunks it.
void check_trunked(const View& view, Switch& network, const SwitchPort& port, std::uint16_t vlan)
{
    if (view.host().generation() != Generation::ws2008r2sp1 || vlan == 0 ||
        port.kind != SwitchPort::Kind::vm || !view.profile().is("v1_vlan_not_trunked", "refused")) {
        return;
    }
    const auto uplink =
        std::ranges::find(network.ports, SwitchPort::Kind::external, &SwitchPort::kind);
    if (uplink == network.ports.end()) {
        return;
    }
    if (uplink->endpoint_mode != mode_trunk ||
        std::ranges::find(uplink->trunk, vlan) == uplink->trunk.end()) {
        throw RepositoryFault{FaultKind::provider_failure,
                              fmt::format("The uplink of the switch does not carry VLAN {}.", vlan),
                              0x80041001};
    }
}

std::uint16_t vlan_number(const cim::Value& value)
{
    constexpr std::uint64_t vlan_max = 4094;
    const auto number = value.unsigned_integer();
    if (!number || *number > vlan_max) {
        throw RepositoryFault{FaultKind::provider_failure, "There is no such VLAN.", 0x80041008};
    }
    return static_cast<std::uint16_t>(*number);
}

cim::Instance put_vlan_settings(const View& view, const cim::ObjectPath& path,
                                const cim::Instance& given)
{
    const auto [network, port] = port_at(view, path);
    if (const cim::Value& vlan = given["AccessVLAN"]; !vlan.is_null()) {
        const std::uint16_t number = vlan_number(vlan);
        check_trunked(view, *network, *port, number);
        set_vlan_of_port(view.host(), *port, number);
    }
    if (const cim::Property* list = given.find("TrunkedVLANList")) {
        std::vector<std::uint16_t> trunk;
        for (const cim::Value& value : elements(list->value)) {
            trunk.push_back(vlan_number(value));
        }
        port->trunk = std::move(trunk);
    }
    if (const cim::Value& native = given["NativeVLAN"]; !native.is_null()) {
        port->other.set("NativeVLAN", cim::Type::uint16, vlan_number(native));
    }
    return vlan_settings_row(view, *port);
}

cim::Instance put_vlan_endpoint(const View& view, const cim::ObjectPath& path,
                                const cim::Instance& given)
{
    const auto [network, port] = port_at(view, path);
    if (const auto mode = given["DesiredEndpointMode"].unsigned_integer()) {
        const bool is_supported =
            *mode == mode_access || (*mode == mode_trunk && may_trunk(view, *port));
        if (!is_supported) {
            throw RepositoryFault{FaultKind::provider_failure,
                                  "The endpoint does not support the mode.", 0x80041008};
        }
        port->endpoint_mode = static_cast<std::uint16_t>(*mode);
    }
    return vlan_endpoint_row(view, *network, *port);
}

cim::Instance put_port(const View& view, const cim::ObjectPath& path, const cim::Instance& given)
{
    const auto [network, port] = port_at(view, path);
    for (const char* name : {"AllowMacSpoofing", "PreventIPSpoofing", "ChimneyOffloadWeight",
                             "VMQOffloadWeight", "AllowedIPv4Addresses", "AllowedIPv6Addresses"}) {
        if (const cim::Property* property = given.find(name)) {
            port->other.set(*property);
        }
    }
    return port_row(*network, *port);
}

cim::Instance put_switch(const View& view, const cim::ObjectPath& path, const cim::Instance& given)
{
    const auto id = Uuid::parse(path.key("Name").value_or(""));
    Switch* network = id ? view.host().find_network(*id) : nullptr;
    if (network == nullptr) {
        throw RepositoryFault{FaultKind::no_such_instance, "The object does not exist."};
    }
    if (const std::string* name = given["ElementName"].string()) {
        network->name = *name;
    }
    return switch_row(*network);
}

std::string adapter_id(const Uuid& id)
{
    return "Microsoft:{" + id.upper() + "}";
}

cim::ObjectPath host_port(const View& view, std::string_view class_name, std::string device_id)
{
    return view.path(class_name, {{"CreationClassName", class_name},
                                  {"DeviceID", std::move(device_id)},
                                  {"SystemCreationClassName", "Msvm_ComputerSystem"},
                                  {"SystemName", view.host().name()}});
}

cim::Instance host_port_row(const View& view, std::string_view class_name, std::string device_id,
                            std::string_view name)
{
    Row row{class_name};
    row.set("CreationClassName", class_name)
        .set("DeviceID", std::move(device_id))
        .set("SystemCreationClassName", "Msvm_ComputerSystem");
    row.set("SystemName", view.host().name())
        .set("ElementName", name)
        .set("Name", name)
        .set("EnabledState", 2)
        .set("HealthState", 5);
    row.set("OperationalStatus", numbers({2}))
        .set("PortType", 53)
        .set("LinkTechnology", 2)
        .set("FullDuplex", true)
        .set("UsageRestriction", 4);
    return row.set("ActiveMaximumTransmissionUnit", 1500).take();
}

void produce_external(const View& view, const Sink& sink)
{
    for (const Adapter& adapter : view.host().adapters()) {
        Row row{
            host_port_row(view, "Msvm_ExternalEthernetPort", adapter_id(adapter.id), adapter.name)};
        const bool is_bound =
            std::ranges::any_of(view.host().networks(), [&](const Switch& network) {
                return network.uplink == adapter.id;
            });
        row.set("IsBound", is_bound)
            .set("PermanentAddress", adapter.mac)
            .set("NetworkAddresses", texts({adapter.mac}));
        sink(row.set("Speed", adapter.bits_per_second)
                 .set("MaxSpeed", adapter.bits_per_second)
                 .take());
    }
}

void produce_internal(const View& view, const Sink& sink)
{
    each_port(view, [&](Switch& network, SwitchPort& port) {
        if (port.kind == SwitchPort::Kind::internal) {
            sink(host_port_row(view, "Msvm_InternalEthernetPort", "Microsoft:" + port.name,
                               network.name));
        }
    });
}

cim::Instance dependency(std::string_view class_name, const cim::ObjectPath& antecedent,
                         const cim::ObjectPath& dependent)
{
    return Row{class_name}.set("Antecedent", antecedent).set("Dependent", dependent).take();
}

void add_associations(const View& view)
{
    const auto add = [&](const char* class_name,
                         std::function<void(Switch&, SwitchPort&, const Sink&)> produce) {
        view.repository().add(
            class_name,
            {.produce = [view, produce = std::move(produce)](const Demand&, const Sink& sink) {
                each_port(view,
                          [&](Switch& network, SwitchPort& port) { produce(network, port, sink); });
            }});
    };
    add("Msvm_HostedAccessPoint", [view](Switch& network, SwitchPort& port, const Sink& sink) {
        sink(dependency("Msvm_HostedAccessPoint", view.network(network),
                        view.port("Msvm_SwitchPort", network, port)));
    });
    add("Msvm_BindsTo", [view](Switch& network, SwitchPort& port, const Sink& sink) {
        sink(dependency("Msvm_BindsTo", view.port("Msvm_SwitchPort", network, port),
                        view.port("Msvm_VLANEndpoint", network, port)));
    });
    add("Msvm_NetworkElementSettingData",
        [view](Switch& network, SwitchPort& port, const Sink& sink) {
            sink(Row{"Msvm_NetworkElementSettingData"}
                     .set("ManagedElement", view.port("Msvm_VLANEndpoint", network, port))
                     .set("SettingData",
                          view.by_id("Msvm_VLANEndpointSettingData", vlan_settings_id(view, port)))
                     .set("IsCurrent", 1)
                     .take());
        });
    add("Msvm_ActiveConnection", [view](Switch& network, SwitchPort& port, const Sink& sink) {
        if (const auto class_name = endpoint_class(view, port); !class_name.empty()) {
            sink(dependency("Msvm_ActiveConnection", view.port("Msvm_SwitchPort", network, port),
                            view.port(class_name, network, port)));
        }
    });
    add("Msvm_GlobalEthernetPortSAPImplementation",
        [view](Switch& network, SwitchPort& port, const Sink& sink) {
            if (port.kind == SwitchPort::Kind::vm) {
                return;
            }
            const auto element =
                port.kind == SwitchPort::Kind::external && network.uplink
                    ? host_port(view, "Msvm_ExternalEthernetPort", adapter_id(*network.uplink))
                    : host_port(view, "Msvm_InternalEthernetPort", "Microsoft:" + port.name);
            sink(dependency("Msvm_GlobalEthernetPortSAPImplementation", element,
                            view.port("Msvm_SwitchLANEndpoint", network, port)));
        });
    add("Msvm_DeviceSAPImplementation", [view](Switch& network, SwitchPort& port,
                                               const Sink& sink) {
        if (endpoint_class(view, port) != "Msvm_VmLANEndpoint") {
            return;
        }
        const Vm& vm = *view.host().find_vm(*port.vm);
        const Device* connection = vm.settings.find(port.connection);
        const Device* nic = connection == nullptr ? nullptr : vm.settings.find(connection->parent);
        if (nic != nullptr) {
            sink(dependency(
                "Msvm_DeviceSAPImplementation",
                view.live_device(vm.id, words_of(nic->kind)->live_class, "Microsoft:" + nic->id),
                view.port("Msvm_VmLANEndpoint", network, port)));
        }
    });
}

} // namespace

void add_networks(const View& view)
{
    Repository& repository = view.repository();
    const auto ports = [view](std::function<cim::Instance(Switch&, SwitchPort&)> row) {
        return [view, row = std::move(row)](const Demand& demand, const Sink& sink) {
            each_port(view, [&](Switch& network, SwitchPort& port) {
                if (demand.allows("Name", port.name)) {
                    sink(row(network, port));
                }
            });
        };
    };
    repository.add("Msvm_VirtualSwitch",
                   {.produce =
                        [view](const Demand&, const Sink& sink) {
                            for (const Switch& network : view.host().networks()) {
                                sink(switch_row(network));
                            }
                        },
                    .put = [view](const auto& path,
                                  const auto& given) { return put_switch(view, path, given); }});
    repository.add("Msvm_SwitchPort",
                   {.produce = ports(port_row), .put = [view](const auto& path, const auto& given) {
                        return put_port(view, path, given);
                    }});
    repository.add("Msvm_VLANEndpoint",
                   {.produce = ports([view](Switch& network, SwitchPort& port) {
                        return vlan_endpoint_row(view, network, port);
                    }),
                    .put = [view](const auto& path, const auto& given) {
                        return put_vlan_endpoint(view, path, given);
                    }});
    repository.add(
        "Msvm_VLANEndpointSettingData",
        {.produce =
             [view](const Demand& demand, const Sink& sink) {
                 each_port(view, [&](Switch&, SwitchPort& port) {
                     const auto id = leading_id(vlan_settings_id(view, port));
                     if (!id || demand.may_mean(*id)) {
                         sink(vlan_settings_row(view, port));
                     }
                 });
             },
         .count =
             [view] {
                 std::uint64_t count = 0;
                 each_port(view, [&](Switch&, SwitchPort&) { ++count; });
                 return count;
             },
         .put = [view](const auto& path,
                       const auto& given) { return put_vlan_settings(view, path, given); }});
    for (const char* class_name : {"Msvm_SwitchLANEndpoint", "Msvm_VmLANEndpoint"}) {
        repository.add(class_name, {.produce = [view, class_name](const Demand&, const Sink& sink) {
                           produce_endpoints(view, class_name, sink);
                       }});
    }
    repository.add(
        "Msvm_ExternalEthernetPort",
        {.produce = [view](const Demand&, const Sink& sink) { produce_external(view, sink); }});
    repository.add(
        "Msvm_InternalEthernetPort",
        {.produce = [view](const Demand&, const Sink& sink) { produce_internal(view, sink); }});
    add_associations(view);
    add_switch_service(view);
}

} // namespace watari::sim::host::v1
