#include "sim/host/v2/given.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v2 {

namespace {

cim::ObjectPath adapter_path(const Host& host, const Adapter& adapter)
{
    return object_path(host, "Msvm_ExternalEthernetPort",
                       {{"CreationClassName", "Msvm_ExternalEthernetPort"},
                        {"DeviceID", fmt::format("Microsoft:{{{}}}", adapter.id.upper())},
                        {"SystemCreationClassName", "Msvm_ComputerSystem"},
                        {"SystemName", host.name()}});
}

cim::Instance switch_row(const Switch& network)
{
    cim::Instance row{"Msvm_VirtualEthernetSwitch"};
    put(row, "CreationClassName", "Msvm_VirtualEthernetSwitch");
    put(row, "Name", network.id.upper());
    put(row, "ElementName", network.name);
    put(row, "Caption", "Virtual Switch");
    put(row, "Description", "Microsoft Virtual Switch");
    put(row, "EnabledState", 5);
    put(row, "EnabledDefault", 2);
    put(row, "RequestedState", 12);
    put(row, "ResetCapability", 5);
    put(row, "Dedicated", numbers({38}));
    put(row, "HealthState", 5);
    put(row, "OperationalStatus", numbers({2}));
    put(row, "StatusDescriptions", texts({"OK"}));
    put(row, "Status", "OK");
    put(row, "MaxIOVOffloads", 0);
    put(row, "MaxVMQOffloads", 0);
    return row;
}

cim::Instance adapter_row(const Host& host, const Adapter& adapter)
{
    const bool is_bound =
        std::ranges::any_of(const_cast<Host&>(host).networks(),
                            [&](const Switch& network) { return network.uplink == adapter.id; });
    cim::Instance row{"Msvm_ExternalEthernetPort"};
    put(row, "CreationClassName", "Msvm_ExternalEthernetPort");
    put(row, "DeviceID", fmt::format("Microsoft:{{{}}}", adapter.id.upper()));
    put(row, "SystemCreationClassName", "Msvm_ComputerSystem");
    put(row, "SystemName", host.name());
    put(row, "ElementName", adapter.name);
    put(row, "Name", adapter.name);
    put(row, "IsBound", is_bound);
    put(row, "EnabledState", 2);
    put(row, "PermanentAddress", adapter.mac);
    put(row, "Speed", adapter.bits_per_second);
    put(row, "MaxSpeed", adapter.bits_per_second);
    put(row, "ActiveMaximumTransmissionUnit", 1500);
    put(row, "PortType", 53);
    put(row, "LinkTechnology", 2);
    put(row, "FullDuplex", true);
    return row;
}

/// Uplink and host ports of switches; VMs' connections come from the devices.
void port_settings(Host& host, const Sink& sink)
{
    for (const Switch& network : host.networks()) {
        for (const SwitchPort& port : network.ports) {
            if (port.kind == SwitchPort::Kind::vm) {
                continue;
            }
            cim::Instance row{"Msvm_EthernetPortAllocationSettingData"};
            put(row, "InstanceID", fmt::format("Microsoft:{}\\{}", network.id.upper(), port.name));
            put(row, "ElementName", network.name);
            put(row, "EnabledState", 2);
            put(row, "ResourceType", 33);
            put(row, "ResourceSubType", "Microsoft:Hyper-V:Ethernet Connection");
            const auto adapter = std::ranges::find_if(
                host.adapters(), [&](const Adapter& one) { return network.uplink == one.id; });
            const bool is_uplink =
                port.kind == SwitchPort::Kind::external && adapter != host.adapters().end();
            put(row, "HostResource",
                texts({is_uplink ? adapter_path(host, *adapter).text() : host_path(host).text()}));
            sink(std::move(row));
        }
    }
}

/// The feature as a client starts from it; nullopt: nobody knows its type.
std::optional<cim::Instance> feature_template(const schema::ClassInfo& info)
{
    const std::string type = feature_type_id(info.name);
    if (type.empty()) {
        return std::nullopt;
    }
    cim::Instance preset{info.name};
    put(preset, "InstanceID", fmt::format("Microsoft:Definition\\{}\\Default", type));
    for (const schema::PropertyInfo& property : info.properties) {
        const bool is_number =
            property.type >= cim::Type::uint8 && property.type <= cim::Type::sint64;
        if (is_number && !property.is_array) {
            put(preset, property.name, 0);
        } else if (property.type == cim::Type::boolean) {
            put(preset, property.name, false);
        }
    }
    return preset;
}

ClassProvider features_of_class(Host& host, const std::string& class_name)
{
    const auto visit = [&host, class_name](const Demand& demand, const auto& take) {
        for_each_owner(host, demand, [&](const Owner& owner) {
            for (const Device& device : owner.settings().devices) {
                for (const Feature& feature : device.features) {
                    if (feature.values.class_name() == class_name) {
                        take(owner, device, feature);
                    }
                }
            }
        });
    };
    return {.produce =
                [visit](const Demand& demand, const Sink& sink) {
                    visit(demand,
                          [&](const Owner& owner, const Device& device, const Feature& feature) {
                              sink(feature_settings(owner, device, feature));
                          });
                },
            .count =
                [visit] {
                    std::uint64_t count = 0;
                    visit({}, [&](const auto&...) { ++count; });
                    return count;
                }};
}

void add_features(Repository& repository, Host& host)
{
    for (const schema::ClassInfo* info : repository.catalogue().classes()) {
        if (!info->name.starts_with("Msvm_EthernetSwitchPort") ||
            !info->name.ends_with("SettingData") || info->is_abstract) {
            continue;
        }
        repository.add(info->name, features_of_class(host, info->name));
        if (const auto preset = feature_template(*info)) {
            repository.add_constant(info->name, {*preset});
        }
    }
}

MethodAnswer define_switch(Repository& repository, Host& host, const MethodCall& call)
{
    const std::string* text = call.input["SystemSettings"].string();
    if (text == nullptr) {
        refuse(code::invalid_parameter, "SystemSettings is missing");
    }
    const cim::Instance given = repository.embedded(*text, call.method);
    const std::string* name = given["ElementName"].string();
    bool external = false;
    bool internal = false;
    for (const std::string& resource : texts_of(call.input["ResourceSettings"])) {
        const cim::Instance port = repository.embedded(resource, call.method);
        for (const std::string& target : texts_of(port["HostResource"])) {
            const auto path = cim::ObjectPath::parse(target);
            if (!path) {
                refuse(code::wrong_type, "HostResource is no object path");
            }
            external = external || cim::same_name(path->class_name(), "Msvm_ExternalEthernetPort");
            internal = internal || cim::same_name(path->class_name(), "Msvm_ComputerSystem");
        }
    }
    Switch& made = host.add_network({.name = name == nullptr ? "New Virtual Switch" : *name,
                                     .external = external,
                                     .host_has_port = internal});
    MethodAnswer answer;
    if (external && host.profile().is("switch_methods_return", "job_with_uplink")) {
        return started(host, host.jobs().start({.type = 130,
                                                .text = "Creating Virtual Ethernet Switch",
                                                .duration = host.options().durations.settings,
                                                .affected = {Subject{.kind = Subject::Kind::network,
                                                                     .id = made.id,
                                                                     .effect = 5}}}));
    }
    put(answer.output, "ResultingSystem", cim::Value{switch_path(host, made.id)});
    return answer;
}

MethodAnswer destroy_switch(Host& host, const MethodCall& call)
{
    const cim::ObjectPath* path = call.input["AffectedSystem"].reference();
    const auto id = path == nullptr ? std::nullopt : Uuid::parse(path->key("Name").value_or(""));
    if (!id || host.find_network(*id) == nullptr) {
        refuse(code::invalid_parameter, "There is no such switch");
    }
    host.remove_network(*id);
    return {};
}

} // namespace

Methods switch_methods(Repository& repository, Host& host)
{
    Methods methods;
    methods["DefineSystem"] = [&](const MethodCall& call) {
        return define_switch(repository, host, call);
    };
    methods["DestroySystem"] = [&](const MethodCall& call) { return destroy_switch(host, call); };
    return methods;
}

void add_networks(Repository& repository, Host& host)
{
    repository.add("Msvm_VirtualEthernetSwitch",
                   {.produce = [&host](const Demand&, const Sink& sink) {
                       for (const Switch& network : host.networks()) {
                           sink(switch_row(network));
                       }
                   }});
    repository.add("Msvm_VirtualEthernetSwitchSettingData",
                   {.produce = [&host](const Demand&, const Sink& sink) {
                       for (const Switch& network : host.networks()) {
                           cim::Instance row{"Msvm_VirtualEthernetSwitchSettingData"};
                           put(row, "InstanceID", setting_id(network.id));
                           put(row, "ElementName", network.name);
                           put(row, "VirtualSystemIdentifier", network.id.upper());
                           put(row, "Notes", texts({network.notes}));
                           put(row, "MaxNumMACAddress", 1024);
                           put(row, "IOVPreferred", false);
                           sink(std::move(row));
                       }
                   }});
    repository.add("Msvm_ExternalEthernetPort",
                   {.produce = [&host](const Demand&, const Sink& sink) {
                       for (const Adapter& adapter : host.adapters()) {
                           sink(adapter_row(host, adapter));
                       }
                   }});
    // Beside the switches' own ports, which are few.
    ClassProvider connections = per_device(host, {DeviceKind::connection});
    repository.add("Msvm_EthernetPortAllocationSettingData",
                   {.produce =
                        [&host, of_vms = std::move(connections.produce)](const Demand& demand,
                                                                         const Sink& sink) {
                            of_vms(demand, sink);
                            port_settings(host, sink);
                        },
                    .count =
                        [&host, of_vms = std::move(connections.count)] {
                            std::uint64_t count = of_vms();
                            port_settings(host, [&](const cim::Instance&) { ++count; });
                            return count;
                        }});
    add_features(repository, host);
}

} // namespace watari::sim::host::v2
