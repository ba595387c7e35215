#include "hyperv/v2/machine.hpp"

#include "hyperv/ownership.hpp"
#include "hyperv/v2/values.hpp"
#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v2 {

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

} // namespace

void Machine::add(const cim::Instance& instance)
{
    take_as(settings, instance) || take_as(memory, instance) || take_as(processor, instance) ||
        take_as(resources, instance) || take_as(media, instance) || take_as(nics, instance) ||
        take_as(legacy_nics, instance) || take_as(connections, instance) ||
        take_as(vlans, instance);
}

std::string Machine::name() const
{
    return settings ? settings->get(Settings::ElementName).value_or("") : "";
}

std::string Machine::notes() const
{
    if (!settings) {
        return {};
    }
    const auto all = settings->get(Settings::Notes); // hosts keep only the first element
    return all.empty() ? std::string{} : all.front();
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
    for (const auto& medium : media) {
        const auto paths = medium.get(Medium::HostResource);
        const std::string id = medium.get(Medium::InstanceID).value_or("");
        const auto place = place_of(id);
        const bool is_hard_disk =
            medium.get(Medium::ResourceSubType) == sub_type::virtual_hard_disk;
        if (paths.empty() || paths.front().empty() || !place || !is_hard_disk) {
            continue; // an empty floppy drive, an ISO
        }
        VmDisk disk{.path = paths.front(),
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

const schema::Object<Machine::Connection>* Machine::connection_of(std::string_view nic) const
{
    for (const auto& connection : connections) {
        if (cim::same_name(connection.get(Connection::InstanceID).value_or(""),
                           connection_id(nic))) {
            return &connection;
        }
    }
    return nullptr;
}

const schema::Object<Machine::Vlan>* Machine::vlan_of(std::string_view connection) const
{
    for (const auto& vlan : vlans) {
        if (is_below(vlan.get(Vlan::InstanceID).value_or(""), connection)) {
            return &vlan;
        }
    }
    return nullptr;
}

std::vector<VmNic> Machine::network_adapters() const
{
    std::vector<VmNic> all;
    const auto connect = [this](VmNic& nic) {
        const auto* connection = connection_of(nic.settings_id);
        if (connection == nullptr) {
            return;
        }
        nic.switch_id = switch_in(*connection);
        const auto* vlan = vlan_of(connection_id(nic.settings_id));
        if (vlan != nullptr && vlan->get(Vlan::OperationMode) == vlan_access_mode) {
            const auto id = vlan->get(Vlan::AccessVlanId).value_or(0);
            nic.vlan = id == 0 ? std::nullopt : std::optional<unsigned>{id};
        }
    };
    for (const auto& row : nics) {
        VmNic nic{.settings_id = row.get(Nic::InstanceID).value_or(""),
                  .name = row.get(Nic::ElementName).value_or(""),
                  .mac =
                      MacAddress::parse(row.get(Nic::Address).value_or("")).value_or(MacAddress{}),
                  .mac_is_static = row.get(Nic::StaticMacAddress).value_or(false),
                  .channel = channel_in(row.get(Nic::VirtualSystemIdentifiers))};
        connect(nic);
        all.push_back(std::move(nic));
    }
    for (const auto& row : legacy_nics) {
        VmNic nic{
            .settings_id = row.get(LegacyNic::InstanceID).value_or(""),
            .name = row.get(LegacyNic::ElementName).value_or(""),
            .mac =
                MacAddress::parse(row.get(LegacyNic::Address).value_or("")).value_or(MacAddress{}),
            .mac_is_static = row.get(LegacyNic::StaticMacAddress).value_or(false)};
        connect(nic);
        all.push_back(std::move(nic));
    }
    return all;
}

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

Task<std::optional<Machine>> read_machine(Act& act, HostVmId vm)
{
    const auto all = co_await act.query(
        fmt::format("select * from CIM_SettingData where InstanceID like '{}%'", settings_id(vm)));
    Machine machine;
    for (const auto& instance : all) {
        machine.add(instance);
    }
    if (!machine.settings) {
        co_return std::nullopt;
    }
    co_return machine;
}

Task<Machine> read_own_machine(Act& act, const VmRef& vm)
{
    auto machine = co_await read_machine(act, vm.guid);
    if (!machine) {
        throw Error{ErrorKind::not_found,
                    message::vm_not_on_host{.guid = vm.guid.value().upper(), .host = act.host()}};
    }
    prove_ownership(
        vm,
        {.name = machine->name(),
         .notes = machine->notes(),
         .folder = machine->settings->get(Machine::Settings::ConfigurationDataRoot).value_or("")});
    co_return std::move(*machine);
}

} // namespace watari::hyperv::v2
