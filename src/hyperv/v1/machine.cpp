#include "hyperv/v1/machine.hpp"

#include "cim/wql.hpp"
#include "hyperv/v1/ids.hpp"
#include "hyperv/v1/values.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

/// InstanceID of the drive a medium lies in: its Parent's, else as its own id tells.
std::string drive_under(const schema::Object<Machine::Resource>& medium)
{
    const auto parent = cim::ObjectPath::parse(medium.get(Machine::Resource::Parent).value_or(""));
    const auto id = parent ? parent->key("InstanceID") : std::nullopt;
    return id ? *id : medium.get(Machine::Resource::InstanceID).value_or("");
}

void connect(const Machine& machine, VmNic& nic, const std::vector<std::string>& connection)
{
    const auto port = port_in(connection);
    if (!port) {
        return;
    }
    nic.switch_id = port->switch_id;
    if (const auto* vlan = machine.vlan_of(port->name)) {
        const unsigned id = vlan->get(Machine::Vlan::AccessVLAN).value_or(0);
        nic.vlan = id == 0 ? std::nullopt : std::optional{id};
    }
}

} // namespace

void Machine::add(const cim::Instance& instance)
{
    take(instance) || wmi::take_as(global, instance) || wmi::take_as(vlans, instance);
}

std::string Machine::notes() const
{
    return settings ? settings->get(Settings::Notes).value_or("") : ""; // one text, not an array
}

HostPath Machine::folder() const
{
    return global ? global->get(Global::ExternalDataRoot).value_or("") : "";
}

std::string Machine::configuration_version() const
{
    return global ? global->get(Global::Version).value_or("") : "";
}

bool Machine::is_checkpoint() const
{
    return settings && settings->get(Settings::SettingType) == checkpoint_settings;
}

std::optional<Uuid> Machine::owner() const
{
    return settings ? Uuid::parse(settings->get(owner_property).value_or("")) : std::nullopt;
}

std::vector<VmDisk> Machine::disks() const
{
    const auto scsi = scsi_controllers();
    std::vector<VmDisk> disks;
    for (const auto& medium : resources) {
        HostPath path = hard_disk_in(medium);
        if (path.empty()) {
            continue; // an empty floppy drive, an ISO
        }
        if (auto disk = wmi::disk_at(drive_under(medium), std::move(path), scsi)) {
            disks.push_back(std::move(*disk));
        }
    }
    std::ranges::sort(disks, {}, &VmDisk::slot);
    return disks;
}

const schema::Object<Machine::Vlan>* Machine::vlan_of(std::string_view port) const
{
    const auto known = vlan_ids.find(cim::folded(port));
    const std::string wanted = known == vlan_ids.end() ? vlan_settings_id(port) : known->second;
    const auto at = std::ranges::find_if(vlans, [&](const auto& vlan) {
        return cim::same_name(vlan.get(Vlan::InstanceID).value_or(""), wanted);
    });
    return at == vlans.end() ? nullptr : &*at;
}

std::vector<VmNic> Machine::network_adapters() const
{
    std::vector<VmNic> all;
    all.reserve(nics.size() + legacy_nics.size());
    for (const auto& row : nics) {
        all.push_back(wmi::nic_of(row));
        all.back().channel = wmi::channel_in(row.get(Nic::VirtualSystemIdentifiers));
        connect(*this, all.back(), row.get(Nic::Connection));
    }
    for (const auto& row : legacy_nics) { // these have no channel
        all.push_back(wmi::nic_of(row));
        connect(*this, all.back(), row.get(LegacyNic::Connection));
    }
    return all;
}

std::optional<Port> port_in(const std::vector<std::string>& connection)
{
    const auto path =
        connection.empty() ? std::nullopt : cim::ObjectPath::parse(connection.front());
    if (!path || !cim::same_name(path->class_name(), schema::v1::Msvm_SwitchPort::class_name)) {
        return std::nullopt;
    }
    return Port{.switch_id = path->key("SystemName").value_or(""),
                .name = path->key("Name").value_or("")};
}

HostPath hard_disk_in(const schema::Object<Machine::Resource>& resource)
{
    if (resource.get(Machine::Resource::ResourceSubType) != sub_type::virtual_hard_disk) {
        return {};
    }
    const auto paths = resource.get(Machine::Resource::Connection);
    return paths.empty() ? HostPath{} : paths.front();
}

Task<std::optional<Machine>> read_machine(wmi::Act& act, HostVmId vm,
                                          std::vector<std::string> ports)
{
    std::string wql = fmt::format("select * from CIM_SettingData where InstanceID like '{}%'",
                                  wmi::settings_id(vm));
    for (const auto& port : ports) {
        wql += " or InstanceID=" + cim::wql::literal(vlan_settings_id(port));
    }
    const auto all = co_await act.query(std::move(wql));
    Machine machine;
    for (const auto& instance : all) {
        machine.add(instance);
    }
    if (!machine.settings) {
        co_return std::nullopt;
    }
    co_return machine;
}

} // namespace watari::hyperv::v1
