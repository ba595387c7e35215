#include "sim/host/v1/ports.hpp"

#include <algorithm>
#include <utility>

namespace watari::sim::host::v1 {

namespace {

const Uuid vlan_feature_type = *Uuid::parse("952C5004-4465-451C-8CB8-FA9AB382B773");

Device* connection_of(Host& host, const SwitchPort& port)
{
    Vm* vm = port.vm ? host.find_vm(*port.vm) : nullptr;
    return vm == nullptr ? nullptr : vm->settings.find(port.connection);
}

/// Whether the port's connection is still there and still means this port.
bool is_connected(Host& host, const Switch& network, const SwitchPort& port)
{
    const Device* connection = connection_of(host, port);
    return connection != nullptr && connection->network == network.id &&
           cim::same_name(connection->port, port.name);
}

void drop_stale_ports(Host& host)
{
    for (Switch& network : host.networks()) {
        std::erase_if(network.ports, [&](const SwitchPort& port) {
            return port.kind == SwitchPort::Kind::vm && !port.made_by_client &&
                   !is_connected(host, network, port);
        });
        for (SwitchPort& port : network.ports) {
            if (port.vm && !is_connected(host, network, port)) {
                port.vm.reset();
                port.connection.clear();
            }
        }
    }
}

void set_vlan(Host& host, Vm& vm, const std::string& connection, std::uint16_t vlan)
{
    if (vlan == 0) {
        host.change_device(vm, connection, [](Device& device) {
            std::erase_if(device.features,
                          [](const Feature& feature) { return feature.type == vlan_feature_type; });
        });
        return;
    }
    Feature feature{.type = vlan_feature_type,
                    .id = Uuid::random(host.random()),
                    .values = cim::Instance{"Msvm_EthernetSwitchPortVlanSettingData"}};
    feature.values.set("OperationMode", cim::Type::uint32, 1);
    feature.values.set("AccessVlanId", cim::Type::uint16, vlan);
    host.set_feature(vm, connection, std::move(feature));
}

} // namespace

std::optional<PortPlace> find_port(Host& host, std::string_view name)
{
    for (Switch& network : host.networks()) {
        if (SwitchPort* port = network.find_port(name)) {
            return PortPlace{.network = &network, .port = port};
        }
    }
    return std::nullopt;
}

void reconcile_ports(Host& host)
{
    drop_stale_ports(host);
    for (const auto& vm : host.vms()) {
        for (Device& connection : vm->settings.devices) {
            Switch* network = connection.kind == DeviceKind::connection && connection.network
                                  ? host.find_network(*connection.network)
                                  : nullptr;
            if (network == nullptr) {
                continue;
            }
            if (SwitchPort* have =
                    connection.port.empty() ? nullptr : network->find_port(connection.port)) {
                have->vm = vm->id;
                have->connection = connection.id;
                continue;
            }
            if (connection.port.empty() || find_port(host, connection.port)) {
                connection.port = Uuid::random(host.random()).upper();
            }
            network->ports.push_back(SwitchPort{.name = connection.port,
                                                .friendly_name = "Dynamic Ethernet Switch Port",
                                                .kind = SwitchPort::Kind::vm,
                                                .vm = vm->id,
                                                .connection = connection.id});
        }
    }
}

void connect_nic(Host& host, Vm& vm, std::string_view nic, const PortPlace& place)
{
    SwitchPort& port = *place.port;
    const auto connections = vm.settings.on(nic);
    const bool is_own = port.vm == vm.id && !connections.empty() &&
                        cim::same_name(connections.front()->id, port.connection);
    if (port.kind != SwitchPort::Kind::vm || (port.vm && !is_own)) {
        refuse(code::in_use, "The switch port is in use");
    }
    std::string connection;
    if (connections.empty()) {
        Device device;
        device.kind = DeviceKind::connection;
        device.parent = nic;
        device.network = place.network->id;
        device.port = port.name;
        connection = host.add_device(vm, std::move(device)).id;
    } else {
        connection = connections.front()->id;
        if (SwitchPort* before = is_own ? nullptr : [&]() -> SwitchPort* {
                const auto found = find_port(host, connections.front()->port);
                return found ? found->port : nullptr;
            }()) {
            before->access_vlan = vlan_of_port(host, *before);
        }
        host.change_device(vm, connection, [&](Device& device) {
            device.network = place.network->id;
            device.port = port.name;
            device.enabled = true;
        });
    }
    if (!is_own) {
        set_vlan(host, vm, connection, port.access_vlan);
    }
    port.vm = vm.id;
    port.connection = connection;
    drop_stale_ports(host);
}

void disconnect_nic(Host& host, Vm& vm, std::string_view nic)
{
    const auto connections = vm.settings.on(nic);
    if (connections.empty() || !connections.front()->network) {
        return;
    }
    if (const auto place = find_port(host, connections.front()->port)) {
        place->port->access_vlan = vlan_of_port(host, *place->port);
    }
    host.change_device(vm, std::string{connections.front()->id}, [](Device& device) {
        device.network.reset();
        device.port.clear();
        device.enabled = false;
    });
    drop_stale_ports(host);
}

std::uint16_t vlan_of_port(Host& host, const SwitchPort& port)
{
    const Device* connection = connection_of(host, port);
    return connection == nullptr ? port.access_vlan : vlan_of(*connection).value_or(0);
}

void set_vlan_of_port(Host& host, SwitchPort& port, std::uint16_t vlan)
{
    port.access_vlan = vlan;
    if (connection_of(host, port) != nullptr) {
        set_vlan(host, *host.find_vm(*port.vm), port.connection, vlan);
    }
}

} // namespace watari::sim::host::v1
