#pragma once

#include "hyperv/wmi/summary.hpp"

#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>

/// All VMs of a host, or everything about one.
namespace watari::hyperv::wmi {

/// What the summary and the settings say together.
template <class Machine>
Vm vm_of(VmSummary summary, const Machine& machine)
{
    Vm vm{.summary = std::move(summary),
          .memory = machine.memory_size().value_or(ByteSize{}),
          .vm_generation = machine.vm_generation(),
          .configuration_version = machine.configuration_version(),
          .configuration_folder = machine.folder(),
          .disks = machine.disks(),
          .nics = machine.network_adapters()};
    if (machine.memory) {
        vm.dynamic_memory =
            machine.memory->get(Machine::Memory::DynamicMemoryEnabled).value_or(false);
    }
    return vm;
}

/// Class-wide rows sorted by the VM or checkpoint at the front of their InstanceID.
template <class Machine>
class Rows
{
public:
    /// Rows of no VM are left out: templates, a switch's own port.
    void take(const std::vector<cim::Instance>& instances)
    {
        for (const auto& instance : instances) {
            const auto* id = instance["InstanceID"].string();
            if (const auto owner = id != nullptr ? owner_of(*id) : std::nullopt) {
                machines_[*owner].add(instance);
            }
        }
    }

    std::map<Uuid, Machine>& machines() { return machines_; }

    /// The VMs of these summaries, with how many checkpoints each has.
    std::vector<Vm> join(std::vector<VmSummary> summaries)
    {
        std::map<Uuid, std::size_t> checkpoints;
        for (const auto& [id, machine] : machines_) {
            if (const auto vm = machine.owner(); vm && machine.is_checkpoint()) {
                ++checkpoints[*vm];
            }
        }
        std::vector<Vm> vms;
        vms.reserve(summaries.size());
        for (auto& summary : summaries) {
            const Uuid guid = summary.guid.value();
            vms.push_back(vm_of(std::move(summary), machines_[guid]));
            vms.back().checkpoints = checkpoints[guid];
        }
        return vms;
    }

private:
    std::map<Uuid, Machine> machines_;
};

/// One request per path. A path that is not there is left out.
template <IsDialect D>
Task<std::vector<DiskFacts>> read_disks(Act& act, std::vector<HostPath> paths)
{
    std::vector<DiskFacts> disks;
    disks.reserve(paths.size());
    for (const auto& path : paths) {
        if (auto disk = co_await D::Images::read(act, path)) {
            disks.push_back(std::move(*disk));
        }
    }
    co_return disks;
}

/// How many checkpoints the VM has: one request.
template <IsDialect D>
Task<std::size_t> count_checkpoints(Act& act, HostVmId vm)
{
    using Machine = D::Machine;
    const auto rows = co_await act.query(
        fmt::format("select * from {} where {}='{}'", Machine::Settings::class_name,
                    Machine::owner_property.name, vm.value().upper()));
    std::size_t count = 0;
    for (const auto& row : rows) {
        Machine machine;
        machine.add(row);
        count += machine.is_checkpoint() ? 1 : 0;
    }
    co_return count;
}

/// Everything about one VM. Three requests where `read` takes one. nullopt: there is no such VM.
template <IsDialect D>
Task<std::optional<Vm>> find_vm(Act& act, HostVmId guid)
{
    auto summary = co_await find_summary<D>(act, guid);
    if (!summary) {
        co_return std::nullopt;
    }
    const auto machine = co_await D::read_with_networks(act, guid);
    if (!machine) {
        co_return std::nullopt;
    }
    Vm vm = vm_of(std::move(*summary), *machine);
    vm.checkpoints = co_await count_checkpoints<D>(act, guid);
    co_return vm;
}

} // namespace watari::hyperv::wmi
