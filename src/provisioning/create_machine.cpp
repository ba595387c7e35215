#include "provisioning/create_vm_steps.hpp"
#include "provisioning/machines.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::provisioning::creating {

using store::Transaction;
using store::VmRecord;

namespace {

hyperv::VmSpec spec_of(const Services& services, const VmRecord& vm)
{
    hyperv::VmSpec spec;
    spec.mark = mark_of(services, vm.id);
    spec.name = vm.name;
    spec.folder = folder_of_vm(vm);
    spec.vm_generation = static_cast<unsigned>(vm.generation);
    spec.processors = static_cast<unsigned>(vm.wanted_processors);
    spec.memory = ByteSize::mib(static_cast<std::uint64_t>(vm.wanted_memory_mib));
    return spec;
}

/// What an interrupted try left. A lost request that ran late can have made a twin: we never
/// started it and nothing of it is recorded, so it goes. One that runs is somebody's: it is
/// reported.
Task<std::optional<hyperv::HostVmId>> earlier_machine(Services& services, StepContext& step,
                                                      const VmRecord& vm)
{
    if (!step.may_have_sent()) {
        co_return std::nullopt;
    }
    auto found = co_await marked_machines(services, step, vm);
    std::ranges::sort(found, {}, &hyperv::VmSummary::guid);
    for (std::size_t i = 1; i < found.size(); ++i) {
        co_await delete_machine(services, step, vm, found[i].guid, false);
    }
    co_return found.empty() ? std::nullopt : std::optional{found.front().guid};
}

std::optional<hyperv::HostVmId> machine_in(const boost::json::value& result)
{
    const auto text = text_in(result, "guid");
    const auto guid = text ? Uuid::parse(*text) : std::nullopt;
    return guid ? std::optional{hyperv::HostVmId{*guid}} : std::nullopt;
}

} // namespace

Task<std::optional<hyperv::Vm>> find_machine(Services& services, StepContext& step,
                                             const VmRecord& vm, hyperv::HostVmId guid)
{
    co_return co_await on_host<std::optional<hyperv::Vm>>(
        services, step, host_of(vm), [guid](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_vm(guid, std::move(call));
        });
}

/// Done is one machine with our mark and everything define gives it.
Task<Looked> look_for_machine(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto marked = co_await marked_machines(services, step, vm);
    if (marked.size() != 1 || marked.front().mark != mark_of(services, vm.id)) {
        co_return Looked::not_done;
    }
    const auto found = co_await find_machine(services, step, vm, marked.front().guid);
    const bool complete =
        found && found->summary.name == vm.name &&
        found->summary.processors == vm.wanted_processors &&
        found->memory == ByteSize::mib(static_cast<std::uint64_t>(vm.wanted_memory_mib));
    if (complete) {
        note(step, "guid", boost::json::value(found->summary.guid.value().lower()));
    }
    co_return complete ? Looked::done : Looked::not_done;
}

Task<> define_machine(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto spec = spec_of(services, vm);
    const auto earlier = co_await earlier_machine(services, step, vm);
    const auto guid = co_await on_host<hyperv::HostVmId>(
        services, step, host_of(vm), [&](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.define_vm(spec, earlier, std::move(call));
        });
    note(step, "guid", boost::json::value(guid.value().lower()));
}

void commit_machine(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    vm.host_guid = machine_in(step.result()).value().value();
    store::update(transaction, vm);
}

Task<> undefine_machine(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    for (const auto& machine : co_await marked_machines(services, step, vm)) {
        const bool is_recorded = vm.host_guid == machine.guid.value();
        co_await delete_machine(services, step, vm, machine.guid, is_recorded);
    }
}

} // namespace watari::provisioning::creating
