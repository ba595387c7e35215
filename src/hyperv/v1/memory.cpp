#include "hyperv/v1/memory.hpp"

#include "hyperv/v1/machine.hpp"
#include "hyperv/v1/summary.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_VirtualSystemManagementService;
using Memory = schema::v1::Msvm_MemorySettingData;
using Processor = schema::v1::Msvm_ProcessorSettingData;

[[noreturn]] void throw_must_be_off(const VmSummary& vm)
{
    throw Error{
        ErrorKind::conflict,
        message::vm_must_be_off{.name = vm.name, .state = std::string{to_string(vm.state)}}};
}

/// What the host has now is not what was asked; empty: it is.
Task<std::string> difference(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                             std::optional<unsigned> processors)
{
    Machine machine;
    if (memory && processors) {
        auto all = co_await read_machine(act, vm);
        machine = all ? std::move(*all) : Machine{};
    } else if (memory) {
        machine.add(co_await act.get(by_instance_id(Memory::class_name, memory_id(vm))));
    } else {
        machine.add(co_await act.get(by_instance_id(Processor::class_name, processor_id(vm))));
    }
    if (memory && machine.memory_size() != memory) {
        co_return "memory";
    }
    if (processors &&
        (!machine.processor || machine.processor->get(Processor::VirtualQuantity) != *processors)) {
        co_return "processors";
    }
    co_return "";
}

} // namespace

void require_aligned(ByteSize memory)
{
    if (memory == ByteSize{} || !memory.is_multiple_of(ByteSize::mib(2))) {
        throw Error{ErrorKind::invalid, message::memory_not_aligned{.asked = memory.human()}};
    }
}

Task<Done> modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                            std::optional<unsigned> processors)
{
    std::vector<std::string> changes;
    if (memory) {
        // Static memory: quantity, reservation and limit are one.
        const auto mib = memory->in_whole_mib();
        schema::Object<Memory> settings;
        settings.set(Memory::InstanceID, memory_id(vm))
            .set(Memory::VirtualQuantity, mib)
            .set(Memory::Reservation, mib)
            .set(Memory::Limit, mib)
            .set(Memory::DynamicMemoryEnabled, false);
        changes.push_back(settings.cim_xml());
    }
    if (processors) {
        schema::Object<Processor> settings;
        settings.set(Processor::InstanceID, processor_id(vm))
            .set(Processor::VirtualQuantity, *processors);
        changes.push_back(settings.cim_xml());
    }
    using Modify = Service::ModifyVirtualSystemResources;
    schema::Call<Modify> call;
    call.set(Modify::ComputerSystem, system_path(vm)).set(Modify::ResourceSettingData, changes);
    co_return co_await act.change(call);
}

Task<> set_resources(Act& act, VmRef vm, std::optional<ByteSize> memory,
                     std::optional<unsigned> processors)
{
    if (memory) {
        require_aligned(*memory);
    }
    if (!memory && !processors) {
        co_return;
    }
    const VmSummary seen = co_await look_at_own(act, vm);
    if (seen.state != PowerState::off) { // nothing changes on a running VM in this namespace
        throw_must_be_off(seen);
    }
    const Done done = co_await modify_resources(act, vm.guid, memory, processors);
    if (auto what = co_await difference(act, vm.guid, memory, processors); !what.empty()) {
        act.require_certain(done);
        throw Error{ErrorKind::conflict, message::vm_not_as_asked{.host = act.host(),
                                                                  .name = seen.name,
                                                                  .what = std::move(what)}};
    }
}

} // namespace watari::hyperv::v1
