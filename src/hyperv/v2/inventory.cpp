#include "hyperv/v2/inventory.hpp"

#include "hyperv/v2/disk.hpp"
#include "hyperv/v2/machine.hpp"
#include "hyperv/v2/summary.hpp"
#include "hyperv/v2/values.hpp"

#include <map>

#include <fmt/format.h>

namespace watari::hyperv::v2 {

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
    if (machine.settings) {
        vm.vm_generation =
            machine.settings->get(Settings::VirtualSystemSubType) == sub_type::generation_2 ? 2 : 1;
        vm.configuration_version = machine.settings->get(Settings::Version).value_or("");
        vm.configuration_folder =
            machine.settings->get(Settings::ConfigurationDataRoot).value_or("");
    }
    return vm;
}

bool is_checkpoint(const schema::Object<Settings>& settings)
{
    return settings.get(Settings::VirtualSystemType)
        .value_or("")
        .starts_with(system_type::snapshot_prefix);
}

std::optional<Uuid> vm_of(const schema::Object<Settings>& settings)
{
    return Uuid::parse(settings.get(Settings::VirtualSystemIdentifier).value_or(""));
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
                continue; // a template, a switch's own port
            }
            machines_[*owner].add(instance);
            count_checkpoint(instance);
        }
    }

    const Machine& machine(const Uuid& owner) { return machines_[owner]; }
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

    std::map<Uuid, Machine> machines_;
    std::map<Uuid, std::size_t> checkpoints_;
};

} // namespace

Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths)
{
    auto summaries = co_await read_summaries(act);
    Rows rows;
    const std::vector<std::string_view> classes{
        Machine::Settings::class_name,  Machine::Memory::class_name,
        Machine::Medium::class_name,    Machine::Nic::class_name,
        Machine::LegacyNic::class_name, Machine::Connection::class_name,
        Machine::Vlan::class_name};
    for (const auto class_name : classes) {
        rows.take(co_await act.query(fmt::format("select * from {}", class_name)));
    }
    Inventory inventory;
    for (auto& summary : summaries) {
        const Uuid guid = summary.guid.value();
        Vm vm = vm_of(std::move(summary), rows.machine(guid));
        vm.checkpoints = rows.checkpoints(guid);
        inventory.vms.push_back(std::move(vm));
    }
    for (const auto& path : disk_paths) {
        if (auto disk = co_await read_disk(act, path)) {
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
    const auto machine = co_await read_machine(act, guid);
    if (!machine) {
        co_return std::nullopt;
    }
    Vm vm = vm_of(std::move(*summary), *machine);
    const auto all =
        co_await act.query(fmt::format("select * from {} where VirtualSystemIdentifier='{}'",
                                       Settings::class_name, guid.value().upper()));
    vm.checkpoints = static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& instance) {
        return is_checkpoint(schema::Object<Settings>{instance});
    }));
    co_return vm;
}

} // namespace watari::hyperv::v2
