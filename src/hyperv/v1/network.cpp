#include "hyperv/v1/network.hpp"

#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_VirtualSystemManagementService;
using Switches = schema::v1::Msvm_VirtualSwitchManagementService;
using SwitchPort = schema::v1::Msvm_SwitchPort;
using Endpoint = schema::v1::Msvm_VLANEndpoint;
using Nic = Machine::Nic;
using LegacyNic = Machine::LegacyNic;
using Vlan = Machine::Vlan;

cim::ObjectPath path_of(const Port& port)
{
    return port_path(port.switch_id, port.name);
}

/// Whether our port is on that switch already. Throws conflict when somebody else's has its name.
Task<bool> has_port(Act& act, Port port, OwnershipMark mark)
{
    const auto found = co_await act.find(path_of(port));
    if (!found) {
        co_return false;
    }
    const auto owner = schema::Object<SwitchPort>{*found}.get(SwitchPort::ElementName).value_or("");
    if (owner != mark.line()) {
        throw Error{ErrorKind::conflict,
                    message::ownership_lost{.guid = port.name,
                                            .name = owner,
                                            .wanted = mark.line(),
                                            .found = owner.empty() ? "-" : owner}};
    }
    co_return true;
}

/// CreateSwitchPort is synchronous (recorded). False: the host refused.
Task<bool> create_port(Act& act, Port port, OwnershipMark mark, std::optional<Error>& refused)
{
    using Create = Switches::CreateSwitchPort;
    schema::Call<Create> call;
    call.set(Create::VirtualSwitch, wmi::by_name<Dialect::Switch>(port.switch_id))
        .set(Create::Name, port.name)
        .set(Create::FriendlyName, mark.line())
        .set(Create::ScopeOfResidence, "");
    try {
        co_await act.change(call);
        co_return true;
    } catch (const Error& error) {
        if (!wmi::is_refusal(error)) {
            throw;
        }
        refused = error;
    }
    co_return false;
}

/// A port of the same name on another switch: the NIC moved to another network.
Task<bool> delete_elsewhere(Act& act, Port wanted, OwnershipMark mark)
{
    const auto rows = co_await act.query(
        fmt::format("select * from {} where Name='{}'", SwitchPort::class_name, wanted.name));
    bool has_deleted = false;
    for (const auto& instance : rows) {
        const schema::Object<SwitchPort> row{instance};
        const auto owner = row.get(SwitchPort::SystemName).value_or("");
        if (!cim::same_name(owner, wanted.switch_id) &&
            row.get(SwitchPort::ElementName) == mark.line()) {
            co_await delete_port(act, owner, wanted.name);
            has_deleted = true;
        }
    }
    co_return has_deleted;
}

/// Of a port by its associations: for hosts that name the settings otherwise than predicted.
Task<std::optional<cim::Instance>> vlan_by_associations(Act& act, Port port)
{
    const auto endpoints = co_await act.query(
        fmt::format("associators of {{{}}} where AssocClass = Msvm_BindsTo ResultClass = {}",
                    path_of(port).text(), Endpoint::class_name));
    if (endpoints.empty()) {
        co_return std::nullopt;
    }
    const schema::Object<Endpoint> endpoint{endpoints.front()};
    const auto key = [](std::string_view name, std::optional<std::string> value) {
        return cim::ObjectPath::Key{name, cim::Value{value.value_or("")}};
    };
    const cim::ObjectPath path{
        std::string{Endpoint::ns},
        std::string{Endpoint::class_name},
        {key("CreationClassName", endpoint.get(Endpoint::CreationClassName)),
         key("Name", endpoint.get(Endpoint::Name)),
         key("SystemCreationClassName", endpoint.get(Endpoint::SystemCreationClassName)),
         key("SystemName", endpoint.get(Endpoint::SystemName))}};
    const auto settings = co_await act.query(fmt::format(
        "associators of {{{}}} where AssocClass = Msvm_NetworkElementSettingData ResultClass = {}",
        path.text(), Vlan::class_name));
    co_return settings.empty() ? std::nullopt : std::optional{settings.front()};
}

Task<std::optional<cim::Instance>> read_vlan(Act& act, Port port)
{
    auto found = co_await act.find(wmi::by_instance_id<Vlan>(vlan_settings_id(port.name)));
    if (!found) {
        found = co_await vlan_by_associations(act, port);
    }
    co_return found;
}

unsigned access_vlan(const cim::Instance& instance)
{
    return schema::Object<Vlan>{instance}.get(Vlan::AccessVLAN).value_or(0);
}

/// Puts the row back with another VLAN: what it has but is not ours to change stays, what is
/// read-only or null stays away (wsman.md 3.2).
Task<> put_whole(Act& act, cim::Instance row, unsigned vlan)
{
    const schema::Object<Vlan> before{row};
    schema::Object<Vlan> after;
    const std::string id = before.get(Vlan::InstanceID).value_or("");
    after.set(Vlan::InstanceID, id).set(Vlan::AccessVLAN, static_cast<std::uint16_t>(vlan));
    if (const auto native = before.get(Vlan::NativeVLAN)) {
        after.set(Vlan::NativeVLAN, *native);
    }
    if (const auto pruned = before.get(Vlan::PruneEligibleVLANList); !pruned.empty()) {
        after.set(Vlan::PruneEligibleVLANList, pruned);
    }
    if (const auto trunked = before.get(Vlan::TrunkedVLANList); !trunked.empty()) {
        after.set(Vlan::TrunkedVLANList, trunked);
    }
    co_await act.put(wmi::by_instance_id<Vlan>(id), after.instance());
}

/// A port made a moment ago has nothing else that a Put could lose, so it needs no Get before.
/// False: the settings are not where they were predicted.
Task<bool> put_new(Act& act, Port port, unsigned vlan)
{
    schema::Object<Vlan> settings;
    const std::string id = vlan_settings_id(port.name);
    settings.set(Vlan::InstanceID, id).set(Vlan::AccessVLAN, static_cast<std::uint16_t>(vlan));
    try {
        co_await act.put(wmi::by_instance_id<Vlan>(id), settings.instance());
        co_return true;
    } catch (const Error& error) {
        if (!wmi::is_refusal(error)) {
            throw;
        }
    }
    co_return false;
}

} // namespace

std::optional<Port> port_of(const Machine& machine, std::string_view nic_id)
{
    for (const auto& row : machine.nics) {
        if (cim::same_name(row.get(Nic::InstanceID).value_or(""), nic_id)) {
            return port_in(row.get(Nic::Connection));
        }
    }
    for (const auto& row : machine.legacy_nics) {
        if (cim::same_name(row.get(LegacyNic::InstanceID).value_or(""), nic_id)) {
            return port_in(row.get(LegacyNic::Connection));
        }
    }
    return std::nullopt;
}

schema::Object<Nic> nic_settings(const NicAttachment& nic, const std::optional<Port>& port)
{
    auto settings = wmi::nic_settings<Nic>(nic, sub_type::nic);
    if (port) {
        settings.set(Nic::Connection, std::vector<std::string>{path_of(*port).text()});
    }
    return settings;
}

Task<> reconnect(Act& act, HostVmId vm, std::string nic_id, Port port)
{
    using Modify = Service::ModifyVirtualSystemResources;
    schema::Object<Nic> settings;
    settings.set(Nic::InstanceID, nic_id)
        .set(Nic::Connection, std::vector<std::string>{path_of(port).text()});
    schema::Call<Modify> call;
    call.set(Modify::ComputerSystem, wmi::system_path<Dialect::Classes>(vm))
        .set(Modify::ResourceSettingData, std::vector<std::string>{settings.cim_xml()});
    co_await act.change(call);
}

Task<MadePort> make_port(Act& act, const Machine& machine, const NicAttachment& nic,
                         OwnershipMark mark)
{
    const Port port{.switch_id = nic.switch_id, .name = port_name(nic.channel)};
    if (machine.vlan_of(port.name) !=
        nullptr) { // an earlier try made it, on this switch or another
        if (co_await has_port(act, port, mark)) {
            co_return MadePort{port, false};
        }
        co_await delete_elsewhere(act, port, mark);
    }
    std::optional<Error> refused;
    if (co_await create_port(act, port, mark, refused)) {
        co_return MadePort{port, true};
    }
    if (co_await has_port(act, port, mark)) {
        co_return MadePort{port, false};
    }
    if (!co_await delete_elsewhere(act, port, mark) ||
        !co_await create_port(act, port, mark, refused)) {
        throw *refused;
    }
    co_return MadePort{port, true};
}

Task<> delete_port(Act& act, std::string switch_id, std::string name)
{
    const cim::ObjectPath path = port_path(switch_id, name);
    schema::Call<Switches::DeleteSwitchPort> deletion;
    deletion.set(Switches::DeleteSwitchPort::SwitchPort, path);
    std::optional<Error> refused;
    try {
        co_await act.change(deletion);
        co_return;
    } catch (const Error& error) {
        if (!wmi::is_refusal(error)) {
            throw;
        }
        refused = error;
    }
    if (!co_await act.find(path)) {
        co_return;
    }
    if (refused->kind() == ErrorKind::denied) {
        throw *refused;
    }
    // Something is still connected to it.
    schema::Call<Switches::DisconnectSwitchPort> disconnection;
    disconnection.set(Switches::DisconnectSwitchPort::SwitchPort, path);
    co_await act.change(disconnection);
    co_await act.change(deletion);
}

Task<bool> set_vlan(Act& act, const Machine& machine, MadePort made, std::optional<unsigned> vlan)
{
    const unsigned wanted = vlan.value_or(0);
    if (made.is_new) {
        if (wanted == 0 || co_await put_new(act, made.port, wanted)) {
            co_return wanted != 0;
        }
    }
    std::optional<cim::Instance> row;
    if (const auto* known = machine.vlan_of(made.port.name); known != nullptr && !made.is_new) {
        row = known->instance();
    } else {
        row = co_await read_vlan(act, made.port);
    }
    if (!row) {
        if (wanted == 0) {
            co_return false;
        }
        throw Error{ErrorKind::conflict,
                    message::vm_not_as_asked{.host = act.host(),
                                             .name = machine.name(),
                                             .what = "Msvm_VLANEndpointSettingData"}};
    }
    if (access_vlan(*row) == wanted) {
        co_return false;
    }
    co_await put_whole(act, std::move(*row), wanted);
    co_return true;
}

Task<std::optional<unsigned>> vlan_of(Act& act, const Machine& machine, Port port)
{
    std::optional<cim::Instance> row;
    if (const auto* known = machine.vlan_of(port.name)) {
        row = known->instance();
    } else {
        row = co_await read_vlan(act, port);
    }
    const unsigned vlan = row ? access_vlan(*row) : 0;
    co_return vlan == 0 ? std::nullopt : std::optional{vlan};
}

Task<std::map<std::string, std::string>> read_vlan_ids(Act& act)
{
    using Bound = schema::v1::Msvm_BindsTo;
    using Set = schema::v1::Msvm_NetworkElementSettingData;
    const auto settings = co_await act.query(fmt::format("select * from {}", Set::class_name));
    const auto bindings = co_await act.query(fmt::format("select * from {}", Bound::class_name));
    std::map<std::string, std::string> ids;
    for (const auto& binding : bindings) {
        const schema::Object<Bound> bound{binding};
        const auto port = bound.get(Bound::Antecedent);
        const auto endpoint = bound.get(Bound::Dependent);
        const auto at = std::ranges::find_if(settings, [&](const cim::Instance& row) {
            const auto element = schema::Object<Set>{row}.get(Set::ManagedElement);
            return endpoint && element && element->names_same_instance(*endpoint);
        });
        const auto path =
            at == settings.end() ? std::nullopt : schema::Object<Set>{*at}.get(Set::SettingData);
        if (port && path) {
            ids[cim::folded(port->key("Name").value_or(""))] = path->key("InstanceID").value_or("");
        }
    }
    co_return ids;
}

} // namespace watari::hyperv::v1
