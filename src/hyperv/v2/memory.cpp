#include "hyperv/v2/memory.hpp"

#include "hyperv/v2/machine.hpp"
#include "hyperv/v2/summary.hpp"
#include "hyperv/v2/values.hpp"
#include "messages/hyperv.hpp"

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_VirtualSystemManagementService;
using Memory = schema::v2::Msvm_MemorySettingData;
using Processor = schema::v2::Msvm_ProcessorSettingData;

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

schema::Object<Memory> memory_settings(ByteSize memory)
{
    const auto mib = memory.in_whole_mib();
    schema::Object<Memory> settings;
    settings.set(Memory::ResourceType, resource_type::memory)
        .set(Memory::ResourceSubType, std::string{sub_type::memory})
        .set(Memory::VirtualQuantity, mib)
        .set(Memory::Reservation, mib)
        .set(Memory::Limit, mib)
        .set(Memory::DynamicMemoryEnabled, false);
    return settings;
}

schema::Object<Processor> processor_settings(unsigned count)
{
    schema::Object<Processor> settings;
    settings.set(Processor::ResourceType, resource_type::processor)
        .set(Processor::ResourceSubType, std::string{sub_type::processor})
        .set(Processor::VirtualQuantity, count);
    return settings;
}

Task<Done> modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                            std::optional<unsigned> processors, bool is_running)
{
    std::vector<std::string> changes;
    if (memory) {
        const auto mib = memory->in_whole_mib();
        schema::Object<Memory> settings;
        settings.set(Memory::InstanceID, memory_id(vm)).set(Memory::VirtualQuantity, mib);
        if (!is_running) { // a running VM takes the quantity only
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
    schema::Call<Service::ModifyResourceSettings> call;
    call.set(Service::ModifyResourceSettings::ResourceSettings, changes);
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
    const bool is_off = seen.state == PowerState::off;
    if (!is_off && (processors || !act.has(Capability::runtime_memory))) {
        throw_must_be_off(seen);
    }
    const Done done = co_await modify_resources(act, vm.guid, memory, processors, !is_off);
    if (auto what = co_await difference(act, vm.guid, memory, processors); !what.empty()) {
        act.require_certain(done);
        throw Error{ErrorKind::conflict, message::vm_not_as_asked{.host = act.host(),
                                                                  .name = seen.name,
                                                                  .what = std::move(what)}};
    }
}

} // namespace watari::hyperv::v2
