#include "hyperv/v1/machine.hpp"

#include "cim/wql.hpp"
#include "hyperv/ownership.hpp"
#include "hyperv/v1/birth_mark.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

template <class Class>
bool take_as(std::vector<schema::Object<Class>>& all, const cim::Instance& instance)
{
    if (!cim::same_name(instance.class_name(), Class::class_name)) {
        return false;
    }
    all.emplace_back(instance);
    return true;
}

template <class Class>
bool take_as(std::optional<schema::Object<Class>>& one, const cim::Instance& instance)
{
    if (!cim::same_name(instance.class_name(), Class::class_name)) {
        return false;
    }
    one.emplace(instance);
    return true;
}

/// The first GUID among VirtualSystemIdentifiers, which clients write with braces.
std::optional<Uuid> channel_in(const std::vector<std::string>& identifiers)
{
    for (const auto& text : identifiers) {
        if (const auto id = Uuid::parse(text)) {
            return id;
        }
    }
    return std::nullopt;
}

/// InstanceID of the drive a medium lies in: its Parent's, else as its own id tells.
std::string drive_under(const schema::Object<Machine::Resource>& medium)
{
    const auto parent = cim::ObjectPath::parse(medium.get(Machine::Resource::Parent).value_or(""));
    const auto id = parent ? parent->key("InstanceID") : std::nullopt;
    return id ? *id : medium.get(Machine::Resource::InstanceID).value_or("");
}

template <class Class>
VmNic nic_of(const Machine& machine, const schema::Object<Class>& row)
{
    VmNic nic{.settings_id = row.get(Class::InstanceID).value_or(""),
              .name = row.get(Class::ElementName).value_or(""),
              .mac = MacAddress::parse(row.get(Class::Address).value_or("")).value_or(MacAddress{}),
              .mac_is_static = row.get(Class::StaticMacAddress).value_or(false)};
    if constexpr (requires {
                      Class::VirtualSystemIdentifiers;
                  }) { // emulated adapters have no channel
        nic.channel = channel_in(row.get(Class::VirtualSystemIdentifiers));
    }
    const auto port = port_in(row.get(Class::Connection));
    if (!port) {
        return nic;
    }
    nic.switch_id = port->switch_id;
    if (const auto* vlan = machine.vlan_of(port->name)) {
        const unsigned id = vlan->get(Machine::Vlan::AccessVLAN).value_or(0);
        nic.vlan = id == 0 ? std::nullopt : std::optional{id};
    }
    return nic;
}

} // namespace

void Machine::add(const cim::Instance& instance)
{
    take_as(settings, instance) || take_as(global, instance) || take_as(memory, instance) ||
        take_as(processor, instance) || take_as(resources, instance) || take_as(nics, instance) ||
        take_as(legacy_nics, instance) || take_as(vlans, instance);
}

std::string Machine::name() const
{
    return settings ? settings->get(Settings::ElementName).value_or("") : "";
}

std::string Machine::notes() const
{
    return settings ? settings->get(Settings::Notes).value_or("") : ""; // one text, not an array
}

HostPath Machine::folder() const
{
    return global ? global->get(Global::ExternalDataRoot).value_or("") : "";
}

std::optional<ByteSize> Machine::memory_size() const
{
    const auto mib = memory ? memory->get(Memory::VirtualQuantity) : std::nullopt;
    return mib ? std::optional{ByteSize::mib(*mib)} : std::nullopt;
}

std::vector<std::string> Machine::scsi_controllers() const
{
    std::vector<std::string> ids;
    for (const auto& resource : resources) {
        if (resource.get(Resource::ResourceType) == resource_type::scsi_controller) {
            ids.push_back(resource.get(Resource::InstanceID).value_or(""));
        }
    }
    std::ranges::sort(ids, {}, [](const std::string& id) { return cim::folded(id); });
    return ids;
}

std::optional<std::string> Machine::controller_of(const HostVmId& vm, const Slot& slot) const
{
    if (slot.controller == ControllerType::scsi) {
        const auto all = scsi_controllers();
        return slot.controller_number < all.size() ? std::optional{all[slot.controller_number]}
                                                   : std::nullopt;
    }
    const std::string predicted = ide_controller_id(vm, slot.controller_number);
    for (const auto& resource : resources) {
        if (const auto id = resource.get(Resource::InstanceID).value_or("");
            cim::same_name(id, predicted)) {
            return id;
        }
    }
    return std::nullopt;
}

bool Machine::has_resource(std::string_view instance_id) const
{
    return std::ranges::any_of(resources, [&](const auto& resource) {
        return cim::same_name(resource.get(Resource::InstanceID).value_or(""), instance_id);
    });
}

std::vector<VmDisk> Machine::disks() const
{
    const auto scsi = scsi_controllers();
    std::vector<VmDisk> disks;
    for (const auto& medium : resources) {
        HostPath path = hard_disk_in(medium);
        const auto id = path.empty() ? std::string{} : drive_under(medium);
        const auto place = place_of(id);
        if (!place) {
            continue; // an empty floppy drive, an ISO
        }
        VmDisk disk{.path = std::move(path),
                    .drive_id = drive_id(place->controller, place->position)};
        disk.slot.position = place->position;
        if (is_ide(id)) {
            disk.slot.controller_number = place->controller.ends_with("\\1") ? 1 : 0;
        } else {
            disk.slot.controller = ControllerType::scsi;
            const auto at = std::ranges::find_if(scsi, [&](const auto& controller) {
                return cim::same_name(controller, place->controller);
            });
            disk.slot.controller_number =
                at == scsi.end() ? 0 : static_cast<unsigned>(at - scsi.begin());
        }
        disks.push_back(std::move(disk));
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
    for (const auto& row : nics) {
        all.push_back(nic_of(*this, row));
    }
    for (const auto& row : legacy_nics) {
        all.push_back(nic_of(*this, row));
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

Task<std::optional<Machine>> read_machine(Act& act, HostVmId vm, std::vector<std::string> ports)
{
    std::string wql =
        fmt::format("select * from CIM_SettingData where InstanceID like '{}%'", settings_id(vm));
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

Task<Machine> read_own_machine(Act& act, const VmRef& vm, std::vector<std::string> ports)
{
    auto machine = co_await read_machine(act, vm.guid, std::move(ports));
    if (!machine) {
        throw Error{ErrorKind::not_found,
                    message::vm_not_on_host{.guid = vm.guid.value().upper(), .host = act.host()}};
    }
    if (!carries_mark(vm.mark, machine->name(), machine->notes(), "")) {
        prove_ownership(
            vm, {.name = machine->name(), .notes = machine->notes(), .folder = machine->folder()});
    }
    co_return std::move(*machine);
}

} // namespace watari::hyperv::v1
