#include "sim/host/v1/switch_service.hpp"

#include "sim/host/v1/ports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim::host::v1 {

namespace {

Switch& network_given(const View& view, const MethodCall& call)
{
    const cim::ObjectPath* path = call.input["VirtualSwitch"].reference();
    const auto id = path == nullptr || !cim::same_name(path->class_name(), "Msvm_VirtualSwitch")
                        ? std::nullopt
                        : Uuid::parse(path->key("Name").value_or(""));
    Switch* network = id ? view.host().find_network(*id) : nullptr;
    if (network == nullptr) {
        refuse(code::invalid_parameter, "VirtualSwitch names no switch");
    }
    return *network;
}

PortPlace port_given(const View& view, const MethodCall& call)
{
    reconcile_ports(view.host());
    const cim::ObjectPath* path = call.input["SwitchPort"].reference();
    const auto place = path == nullptr || !cim::same_name(path->class_name(), "Msvm_SwitchPort")
                           ? std::nullopt
                           : find_port(view.host(), path->key("Name").value_or(""));
    if (!place ||
        !cim::same_name(place->network->id.upper(), path->key("SystemName").value_or(""))) {
        refuse(code::invalid_parameter, "SwitchPort names no port");
    }
    return *place;
}

/// The VM and NIC behind a connected port.
struct Behind {
    Vm* vm = nullptr;
    std::string nic;
};

Behind behind(const View& view, const SwitchPort& port)
{
    Vm* vm = port.vm ? view.host().find_vm(*port.vm) : nullptr;
    const Device* connection = vm == nullptr ? nullptr : vm->settings.find(port.connection);
    return connection == nullptr ? Behind{} : Behind{.vm = vm, .nic = connection->parent};
}

MethodAnswer create_switch_port(const View& view, const MethodCall& call)
{
    Switch& network = network_given(view, call);
    const std::string& name = text_of(call.input, "Name");
    if (name.empty() || name.find_first_of("\\\"") != std::string::npos ||
        find_port(view.host(), name)) {
        refuse(code::invalid_parameter, fmt::format("'{}' is no name for a new port", name));
    }
    network.ports.push_back(SwitchPort{.name = name,
                                       .friendly_name = text_of(call.input, "FriendlyName"),
                                       .kind = SwitchPort::Kind::vm,
                                       .made_by_client = true});
    MethodAnswer answer;
    answer.output.set("CreatedSwitchPort", cim::Type::reference,
                      view.port("Msvm_SwitchPort", network, network.ports.back()));
    return answer;
}

MethodAnswer delete_switch_port(const View& view, const MethodCall& call)
{
    const PortPlace place = port_given(view, call);
    if (place.port->kind != SwitchPort::Kind::vm) {
        refuse(code::in_use, "The port is the uplink's or the host's");
    }
    const Behind owner = behind(view, *place.port);
    if (owner.vm != nullptr && owner.vm->state != VmState::off) {
        refuse(code::in_use, "The port is connected");
    }
    const std::string name = place.port->name;
    Switch& network = *place.network;
    if (owner.vm != nullptr) {
        disconnect_nic(view.host(), *owner.vm, owner.nic);
    }
    std::erase_if(network.ports,
                  [&](const SwitchPort& port) { return cim::same_name(port.name, name); });
    return {};
}

MethodAnswer disconnect_switch_port(const View& view, const MethodCall& call)
{
    const PortPlace place = port_given(view, call);
    const Behind owner = behind(view, *place.port);
    if (owner.vm != nullptr) {
        disconnect_nic(view.host(), *owner.vm, owner.nic);
    }
    return {};
}

MethodAnswer connect_switch_port(const View& view, const MethodCall& call)
{
    const PortPlace place = port_given(view, call);
    const cim::ObjectPath* endpoint = call.input["LANEndpoint"].reference();
    const auto other = endpoint == nullptr
                           ? std::nullopt
                           : find_port(view.host(), endpoint->key("Name").value_or(""));
    const Behind owner = other ? behind(view, *other->port) : Behind{};
    if (owner.vm == nullptr || owner.vm->state == VmState::off) {
        refuse(code::invalid_parameter,
               "LANEndpoint names no endpoint of a running virtual machine");
    }
    const std::string port_name = place.port->name;
    connect_nic(view.host(), *owner.vm, owner.nic, place);
    const auto now = find_port(view.host(), port_name);
    MethodAnswer answer;
    answer.output.set(
        "ActiveConnection", cim::Type::reference,
        view.path("Msvm_ActiveConnection",
                  {{"Antecedent", view.port("Msvm_SwitchPort", *now->network, *now->port)},
                   {"Dependent", view.port("Msvm_VmLANEndpoint", *now->network, *now->port)}}));
    return answer;
}

MethodAnswer create_switch(const View& view, const MethodCall& call)
{
    const auto id = Uuid::parse(text_of(call.input, "Name"));
    if (!id || view.host().find_network(*id) != nullptr) {
        refuse(code::invalid_parameter, "Name is no id for a new switch");
    }
    Switch& network = view.host().add_network(
        {.name = text_of(call.input, "FriendlyName"), .external = false, .host_has_port = false});
    network.id = *id;
    MethodAnswer answer;
    answer.output.set("CreatedVirtualSwitch", cim::Type::reference, view.network(network));
    return answer;
}

MethodAnswer delete_switch(const View& view, const MethodCall& call)
{
    const Switch& network = network_given(view, call);
    if (!network.ports.empty()) {
        refuse(code::in_use, "The switch has ports");
    }
    view.host().remove_network(Uuid{network.id});
    return {};
}

} // namespace

void add_switch_service(const View& view)
{
    ClassProvider service;
    service.produce = [view](const Demand&, const Sink& sink) {
        produce_service(view, "Msvm_VirtualSwitchManagementService", sink);
    };
    const auto add = [&](const char* name, MethodAnswer (*act)(const View&, const MethodCall&)) {
        service.methods[name] =
            method([view, act](const MethodCall& call) { return act(view, call); });
    };
    add("CreateSwitchPort", create_switch_port);
    add("DeleteSwitchPort", delete_switch_port);
    add("DisconnectSwitchPort", disconnect_switch_port);
    add("ConnectSwitchPort", connect_switch_port);
    add("CreateSwitch", create_switch);
    add("DeleteSwitch", delete_switch);
    view.repository().add("Msvm_VirtualSwitchManagementService", std::move(service));
}

} // namespace watari::sim::host::v1
