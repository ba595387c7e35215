#include "messages/provisioning.hpp"
#include "provisioning/machines.hpp"
#include "provisioning/workflows.hpp"

#include <algorithm>

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;
using store::VmRecord;

/// Every VM with our mark goes: a late request may have left one that no row names.
Task<> remove_machines(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (!vm.host) {
        co_return; // never placed: nothing of it can exist
    }
    const bool force = flag_in(step.input(), "force");
    if (vm.host_guid) {
        co_await delete_machine(services, step, vm, hyperv::HostVmId{*vm.host_guid}, force);
        co_return;
    }
    for (const auto& found : co_await marked_machines(services, step, vm)) {
        co_await delete_machine(services, step, vm, found.guid, force);
    }
}

void commit_removed(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    vm.host_guid = std::nullopt;
    store::update(transaction, vm);
}

void commit_forgotten(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    free_place(transaction, vm);
    vm.lifecycle = store::Lifecycle::deleted;
    vm.observed_power = store::ObservedPower::unknown;
    vm.deleted = transaction.now();
    store::update(transaction, vm);
    append_vm_event(transaction, vm, "vm.deleted", step.operation().id);
}

/// Before anything was sent the VM is as it was. After that some of it may be gone: it stays
/// `deleting`, holds what it held, and can be deleted again; should its host still show the
/// machine, the next refresh makes it ready.
void commit_end(Transaction& transaction, const store::OperationRecord& operation)
{
    auto vm = store::get<VmRecord>(transaction, operation.vm.value());
    if (operation.state == store::OperationState::succeeded ||
        vm.lifecycle != store::Lifecycle::deleting) {
        return;
    }
    const auto steps = store::steps_of(transaction, operation.id);
    if (vm.host_guid &&
        std::ranges::none_of(steps, [](const auto& step) { return step.sent.has_value(); })) {
        vm.lifecycle = store::Lifecycle::ready;
        store::update(transaction, vm);
    }
}

} // namespace

operations::Workflow delete_vm(Services& services)
{
    Services* s = &services;
    return {
        .name = "delete_vm",
        .version = 1,
        .steps =
            {
                {.id = "machine",
                 .title = message::step_remove_machine{},
                 .act = [s](StepContext& step) { return remove_machines(*s, step); },
                 .commit = commit_removed,
                 .time_limit = std::chrono::minutes{10}},
                {.id = "files",
                 .title = message::step_remove_files{},
                 .act = [s](StepContext& step) { return delete_disk(*s, step); },
                 .time_limit = std::chrono::minutes{10}},
                {.id = "release", .title = message::step_release{}, .commit = commit_forgotten},
            },
        .forward_only = true,
        .ended = commit_end,
    };
}

} // namespace watari::provisioning
