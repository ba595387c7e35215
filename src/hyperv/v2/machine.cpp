#include "hyperv/v2/machine.hpp"

#include "hyperv/v2/dialect.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v2 {

namespace {

/// Name (a GUID) of the switch a connection leads to; empty: none.
std::string switch_in(const schema::Object<Machine::Connection>& connection)
{
    const auto paths = connection.get(Machine::Connection::HostResource);
    if (paths.empty() ||
        connection.get(Machine::Connection::EnabledState) == 3) { // 3: not connected
        return {};
    }
    const auto path = cim::ObjectPath::parse(paths.front());
    return path ? path->key("Name").value_or("") : "";
}

void connect(const Machine& machine, VmNic& nic)
{
    const auto* connection = machine.connection_of(nic.settings_id);
    if (connection == nullptr) {
        return;
    }
    nic.switch_id = switch_in(*connection);
    const auto* vlan = machine.vlan_of(connection_id(nic.settings_id));
    if (vlan != nullptr && vlan->get(Machine::Vlan::OperationMode) == vlan_access_mode) {
        const unsigned id = vlan->get(Machine::Vlan::AccessVlanId).value_or(0);
        nic.vlan = id == 0 ? std::nullopt : std::optional{id};
    }
}

} // namespace

void Machine::add(const cim::Instance& instance)
{
    take(instance) || wmi::take_as(media, instance) || wmi::take_as(connections, instance) ||
        wmi::take_as(vlans, instance);
}

std::string Machine::notes() const
{
    if (!settings) {
        return {};
    }
    auto all = settings->get(Settings::Notes); // hosts keep only the first element
    return all.empty() ? std::string{} : std::move(all.front());
}

HostPath Machine::folder() const
{
    return settings ? settings->get(Settings::ConfigurationDataRoot).value_or("") : "";
}

unsigned Machine::vm_generation() const
{
    const bool is_second =
        settings && settings->get(Settings::VirtualSystemSubType) == sub_type::generation_2;
    return is_second ? 2 : 1;
}

std::string Machine::configuration_version() const
{
    return settings ? settings->get(Settings::Version).value_or("") : "";
}

bool Machine::is_checkpoint() const
{
    return settings &&
           settings->get(Settings::VirtualSystemType).value_or("").starts_with(checkpoint_prefix);
}

std::optional<Uuid> Machine::owner() const
{
    return settings ? Uuid::parse(settings->get(owner_property).value_or("")) : std::nullopt;
}

std::vector<VmDisk> Machine::disks() const
{
    const auto scsi = scsi_controllers();
    std::vector<VmDisk> disks;
    for (const auto& medium : media) {
        const auto paths = medium.get(Medium::HostResource);
        const bool is_hard_disk =
            medium.get(Medium::ResourceSubType) == sub_type::virtual_hard_disk;
        if (paths.empty() || paths.front().empty() || !is_hard_disk) {
            continue; // an empty floppy drive, an ISO
        }
        if (auto disk =
                wmi::disk_at(medium.get(Medium::InstanceID).value_or(""), paths.front(), scsi)) {
            disks.push_back(std::move(*disk));
        }
    }
    std::ranges::sort(disks, {}, &VmDisk::slot);
    return disks;
}

const schema::Object<Machine::Connection>* Machine::connection_of(std::string_view nic) const
{
    const std::string wanted = connection_id(nic);
    for (const auto& connection : connections) {
        if (cim::same_name(connection.get(Connection::InstanceID).value_or(""), wanted)) {
            return &connection;
        }
    }
    return nullptr;
}

const schema::Object<Machine::Vlan>* Machine::vlan_of(std::string_view connection) const
{
    for (const auto& vlan : vlans) {
        if (wmi::is_below(vlan.get(Vlan::InstanceID).value_or(""), connection)) {
            return &vlan;
        }
    }
    return nullptr;
}

std::vector<VmNic> Machine::network_adapters() const
{
    std::vector<VmNic> all;
    all.reserve(nics.size() + legacy_nics.size());
    for (const auto& row : nics) {
        all.push_back(wmi::nic_of(row));
        all.back().channel = wmi::channel_in(row.get(Nic::VirtualSystemIdentifiers));
    }
    for (const auto& row : legacy_nics) {
        all.push_back(wmi::nic_of(row));
    }
    for (auto& nic : all) {
        connect(*this, nic);
    }
    return all;
}

std::string connection_id(std::string_view nic)
{
    return fmt::format("{}\\C", nic);
}

/// Everything one VM's settings say, in one request: settings, resources and features are all
/// CIM_SettingData. Costs the host an instance of each; used where an act needs nearly all of it.
Task<std::optional<Machine>> Dialect::read_machine(Act& act, HostVmId vm)
{
    const auto all = co_await act.query(fmt::format(
        "select * from CIM_SettingData where InstanceID like '{}%'", wmi::settings_id(vm)));
    Machine machine;
    for (const auto& instance : all) {
        machine.add(instance);
    }
    if (!machine.settings) {
        co_return std::nullopt;
    }
    co_return std::move(machine);
}

} // namespace watari::hyperv::v2
