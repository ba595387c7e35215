#include "hyperv/v2/network.hpp"

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_VirtualSystemManagementService;
using Connection = Machine::Connection;
using Nic = Machine::Nic;
using Vlan = Machine::Vlan;

schema::Object<Vlan> access_vlan(unsigned id)
{
    schema::Object<Vlan> vlan;
    vlan.set(Vlan::OperationMode, vlan_access_mode)
        .set(Vlan::AccessVlanId, static_cast<std::uint16_t>(id));
    return vlan;
}

Task<> add_vlan(Act& act, std::string connection, unsigned id)
{
    using Add = Service::AddFeatureSettings;
    schema::Call<Add> call;
    call.set(Add::AffectedConfiguration, wmi::by_instance_id<Connection>(connection))
        .set(Add::FeatureSettings, std::vector<std::string>{access_vlan(id).cim_xml()});
    co_await act.change(call);
}

Task<> remove_vlan(Act& act, std::string vlan_id)
{
    using Remove = Service::RemoveFeatureSettings;
    schema::Call<Remove> call;
    call.set(Remove::FeatureSettings,
             std::vector<cim::ObjectPath>{wmi::by_instance_id<Vlan>(vlan_id)});
    co_await act.change(call);
}

/// False: this host wants the feature removed and added again (met by a client on 2012 R2).
Task<bool> modify_vlan(Act& act, std::string vlan_id, unsigned id)
{
    using Modify = Service::ModifyFeatureSettings;
    auto vlan = access_vlan(id);
    vlan.set(Vlan::InstanceID, vlan_id);
    schema::Call<Modify> call;
    call.set(Modify::FeatureSettings, std::vector<std::string>{vlan.cim_xml()});
    try {
        co_await act.change(call);
        co_return true;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::conflict && error.kind() != ErrorKind::invalid &&
            error.kind() != ErrorKind::unsupported) {
            throw;
        }
    }
    co_return false;
}

} // namespace

schema::Object<Connection> connection_settings(const NicAttachment& nic, const std::string& nic_id)
{
    schema::Object<Connection> settings;
    settings.set(Connection::ResourceType, resource_type::connection)
        .set(Connection::ResourceSubType, std::string{sub_type::connection})
        .set(Connection::Parent, wmi::by_instance_id<Nic>(nic_id).text())
        .set(Connection::HostResource,
             std::vector<std::string>{wmi::by_name<Dialect::Switch>(nic.switch_id).text()})
        .set(Connection::EnabledState, 2);
    return settings;
}

Task<> reconnect(Act& act, const NicAttachment& nic, std::string nic_id)
{
    using Modify = Service::ModifyResourceSettings;
    schema::Object<Connection> settings;
    settings.set(Connection::InstanceID, connection_id(nic_id))
        .set(Connection::HostResource,
             std::vector<std::string>{wmi::by_name<Dialect::Switch>(nic.switch_id).text()})
        .set(Connection::EnabledState, 2);
    schema::Call<Modify> call;
    call.set(Modify::ResourceSettings, std::vector<std::string>{settings.cim_xml()});
    co_await act.change(call);
}

Task<bool> set_vlan(Act& act, const Machine& machine, const NicAttachment& nic, std::string nic_id)
{
    const auto* present = machine.vlan_of(connection_id(nic_id));
    const auto present_id = present != nullptr ? present->get(Vlan::InstanceID).value_or("") : "";
    const bool is_access =
        present != nullptr && present->get(Vlan::OperationMode) == vlan_access_mode;
    const unsigned present_vlan = is_access ? present->get(Vlan::AccessVlanId).value_or(0) : 0;
    if (present_vlan == nic.vlan.value_or(0)) {
        co_return false;
    }
    if (!nic.vlan) {
        co_await remove_vlan(act, present_id);
    } else if (present == nullptr) {
        co_await add_vlan(act, connection_id(nic_id), *nic.vlan);
    } else if (!co_await modify_vlan(act, present_id, *nic.vlan)) {
        co_await remove_vlan(act, present_id);
        co_await add_vlan(act, connection_id(nic_id), *nic.vlan);
    }
    co_return true;
}

std::string difference(const Machine& machine, const NicAttachment& nic)
{
    const auto found = wmi::find_nic(machine.network_adapters(), nic);
    if (auto what = wmi::difference(found, nic); !what.empty()) {
        return what;
    }
    return !nic.switch_id.empty() && found->vlan != nic.vlan ? "VLAN of " + nic.name : "";
}

} // namespace watari::hyperv::v2
