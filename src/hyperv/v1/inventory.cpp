#include "hyperv/v1/inventory.hpp"

#include "hyperv/v1/disk.hpp"
#include "hyperv/v1/machine.hpp"
#include "hyperv/v1/network.hpp"
#include "hyperv/v1/summary.hpp"
#include "hyperv/v1/values.hpp"

#include <map>

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using Settings = Machine::Settings;

Vm vm_of(VmSummary summary, const Machine& machine)
{
    Vm vm{.summary = std::move(summary),
          .disks = machine.disks(),
          .nics = machine.network_adapters()};
    vm.memory = machine.memory_size().value_or(ByteSize{});
    if (machine.memory) {
        vm.dynamic_memory =
            machine.memory->get(Machine::Memory::DynamicMemoryEnabled).value_or(false);
    }
    if (machine.global) {
        vm.configuration_version = machine.global->get(Machine::Global::Version).value_or("");
    }
    vm.configuration_folder = machine.folder();
    return vm;
}

/// Names of the switch ports its NICs are connected to.
std::vector<std::string> ports_of(const Machine& machine)
{
    std::vector<std::string> ports;
    const auto nics = machine.network_adapters();
    for (const auto& nic : nics) {
        if (const auto port = port_of(machine, nic.settings_id)) {
            ports.push_back(port->name);
        }
    }
    return ports;
}

bool is_checkpoint(const schema::Object<Settings>& settings)
{
    return settings.get(Settings::SettingType) == checkpoint_settings;
}

std::optional<Uuid> vm_of(const schema::Object<Settings>& settings)
{
    return Uuid::parse(settings.get(Settings::SystemName).value_or(""));
}

/// Class-wide rows sorted by the VM or checkpoint at the front of their InstanceID.
class Rows
{
public:
    void take(const std::vector<cim::Instance>& instances)
    {
        for (const auto& instance : instances) {
            const auto* id = instance["InstanceID"].string();
            const auto owner = id != nullptr ? owner_of(*id) : std::nullopt;
            if (!owner) {
                continue; // a template
            }
            if (cim::same_name(instance.class_name(), Machine::Vlan::class_name)) {
                vlans_.insert_or_assign(cim::folded(*id), instance);
                continue;
            }
            machines_[*owner].add(instance);
            count_checkpoint(instance);
        }
    }

    /// With the VLANs of all ports: a machine takes its own.
    Machine machine(const Uuid& owner)
    {
        Machine machine = machines_[owner];
        machine.vlan_ids = vlan_ids_;
        const auto ports = ports_of(machine);
        for (const auto& port : ports) {
            const auto known = vlan_ids_.find(cim::folded(port));
            const auto vlan = vlans_.find(
                cim::folded(known == vlan_ids_.end() ? vlan_settings_id(port) : known->second));
            if (vlan != vlans_.end()) {
                machine.add(vlan->second);
            }
        }
        return machine;
    }
    /// Whether a NIC is connected to a port whose VLAN settings are not where they were predicted.
    bool lacks_vlans() const
    {
        return std::ranges::any_of(machines_, [&](const auto& entry) {
            if (entry.second.settings && is_checkpoint(*entry.second.settings)) {
                return false;
            }
            return std::ranges::any_of(ports_of(entry.second), [&](const std::string& port) {
                return !vlans_.contains(cim::folded(vlan_settings_id(port)));
            });
        });
    }
    void name_vlans(std::map<std::string, std::string> ids) { vlan_ids_ = std::move(ids); }
    std::size_t checkpoints(const Uuid& vm) const
    {
        const auto at = checkpoints_.find(vm);
        return at == checkpoints_.end() ? 0 : at->second;
    }

private:
    void count_checkpoint(const cim::Instance& instance)
    {
        if (!cim::same_name(instance.class_name(), Settings::class_name)) {
            return;
        }
        const schema::Object<Settings> settings{instance};
        if (const auto vm = vm_of(settings); vm && is_checkpoint(settings)) {
            ++checkpoints_[*vm];
        }
    }

    std::map<std::string, cim::Instance> vlans_;  ///< by folded InstanceID
    std::map<std::string, std::string> vlan_ids_; ///< see Machine
    std::map<Uuid, Machine> machines_;
    std::map<Uuid, std::size_t> checkpoints_;
};

/// Of hosts that name the VLAN settings otherwise than predicted.
Task<> read_vlans_elsewhere(Act& act, Machine& machine, std::vector<std::string> ports)
{
    machine.vlan_ids = co_await read_vlan_ids(act);
    for (const auto& port : ports) {
        const auto id = machine.vlan_ids.find(cim::folded(port));
        if (id == machine.vlan_ids.end()) {
            continue;
        }
        if (const auto row =
                co_await act.find(by_instance_id(Machine::Vlan::class_name, id->second))) {
            machine.add(*row);
        }
    }
}

} // namespace

Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths)
{
    auto summaries = co_await read_summaries(act);
    Rows rows;
    const std::vector<std::string> sources{
        std::string{Machine::Settings::class_name}, std::string{Machine::Global::class_name},
        std::string{Machine::Memory::class_name},
        // SCSI controllers number the slots, media name the files: the rest says nothing more.
        fmt::format("{} where ResourceType={} or ResourceType={}", Machine::Resource::class_name,
                    resource_type::scsi_controller, resource_type::storage_extent),
        std::string{Machine::Nic::class_name}, std::string{Machine::LegacyNic::class_name},
        std::string{Machine::Vlan::class_name}};
    for (const auto& source : sources) {
        rows.take(co_await act.query("select * from " + source));
    }
    if (rows.lacks_vlans()) {
        rows.name_vlans(co_await read_vlan_ids(act));
    }
    Inventory inventory;
    for (auto& summary : summaries) {
        const Uuid guid = summary.guid.value();
        Vm vm = vm_of(std::move(summary), rows.machine(guid));
        vm.checkpoints = rows.checkpoints(guid);
        inventory.vms.push_back(std::move(vm));
    }
    for (const auto& path : disk_paths) {
        if (auto disk = co_await find_disk(act, path)) {
            inventory.disks.push_back(std::move(*disk));
        }
    }
    co_return inventory;
}

Task<std::optional<Vm>> find_vm(Act& act, HostVmId guid)
{
    auto summary = co_await find_summary(act, guid);
    if (!summary) {
        co_return std::nullopt;
    }
    auto machine = co_await read_machine(act, guid);
    if (!machine) {
        co_return std::nullopt;
    }
    if (const auto ports = ports_of(*machine); !ports.empty()) {
        machine = co_await read_machine(act, guid, ports);
        if (machine && std::ranges::any_of(ports, [&](const std::string& port) {
                return machine->vlan_of(port) == nullptr;
            })) {
            co_await read_vlans_elsewhere(act, *machine, ports);
        }
    }
    if (!machine) {
        co_return std::nullopt;
    }
    Vm vm = vm_of(std::move(*summary), *machine);
    const auto all = co_await act.query(fmt::format("select * from {} where SystemName='{}'",
                                                    Settings::class_name, guid.value().upper()));
    vm.checkpoints = static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& instance) {
        return is_checkpoint(schema::Object<Settings>{instance});
    }));
    co_return vm;
}

} // namespace watari::hyperv::v1
