#pragma once

#include "hyperv/wmi/machine.hpp"
#include "hyperv/wmi/summary.hpp"

#include <optional>
#include <string>
#include <vector>

/// Memory and processors.
namespace watari::hyperv::wmi {

/// Throws invalid unless a whole number of 2 MiB.
void require_aligned(ByteSize memory);

/// The settings to send for a VM that is there. Static memory: quantity, reservation and limit are
/// one (fresh-vm.md 1.3); a running VM takes the quantity only.
template <class Classes>
std::vector<std::string> resource_changes(const HostVmId& vm, std::optional<ByteSize> memory,
                                          std::optional<unsigned> processors, bool is_running)
{
    using Memory = Classes::Msvm_MemorySettingData;
    using Processor = Classes::Msvm_ProcessorSettingData;
    std::vector<std::string> changes;
    if (memory) {
        const auto mib = memory->in_whole_mib();
        schema::Object<Memory> settings;
        settings.set(Memory::InstanceID, memory_id(vm)).set(Memory::VirtualQuantity, mib);
        if (!is_running) {
            settings.set(Memory::Reservation, mib)
                .set(Memory::Limit, mib)
                .set(Memory::DynamicMemoryEnabled, false);
        }
        changes.push_back(settings.cim_xml());
    }
    if (processors) {
        schema::Object<Processor> settings;
        settings.set(Processor::InstanceID, processor_id(vm))
            .set(Processor::VirtualQuantity, *processors);
        changes.push_back(settings.cim_xml());
    }
    return changes;
}

/// What the host has now that is not as asked; empty: all is. One request.
template <IsDialect D>
Task<std::string> resource_difference(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                                      std::optional<unsigned> processors)
{
    using Machine = D::Machine;
    Machine machine;
    if (memory && processors) {
        auto all = co_await D::read_machine(act, vm);
        machine = all ? std::move(*all) : Machine{};
    } else if (memory) {
        machine.add(co_await act.get(by_instance_id<typename Machine::Memory>(memory_id(vm))));
    } else {
        machine.add(
            co_await act.get(by_instance_id<typename Machine::Processor>(processor_id(vm))));
    }
    if (memory && machine.memory_size() != memory) {
        co_return "memory";
    }
    co_return processors&& machine.processors() != processors ? "processors" : "";
}

/// Three requests: state and proof, change, read back.
template <IsDialect D>
Task<> set_resources(Act& act, VmRef vm, std::optional<ByteSize> memory,
                     std::optional<unsigned> processors)
{
    if (memory) {
        require_aligned(*memory);
    }
    if (!memory && !processors) {
        co_return;
    }
    const VmSummary seen = co_await look_at_own<D>(act, vm);
    const bool is_off = seen.state == PowerState::off;
    if (!is_off && (processors || !act.has(Capability::runtime_memory))) {
        throw_must_be_off(seen);
    }
    const Done done = co_await D::modify_resources(act, vm.guid, memory, processors, !is_off);
    auto what = co_await resource_difference<D>(act, vm.guid, memory, processors);
    if (!what.empty()) {
        act.require_certain(done);
        throw_vm_not_as_asked(act, seen.name, std::move(what));
    }
}

} // namespace watari::hyperv::wmi
