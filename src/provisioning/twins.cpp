#include "messages/provisioning.hpp"
#include "provisioning/create_vm_steps.hpp"
#include "provisioning/machines.hpp"
#include "provisioning/workflows.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;

/// A twin is what a second Define left: off, and without a disk. Whatever else carries the mark
/// somebody made, by importing a copy for one; it stays.
Task<> remove_each(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    std::int64_t removed = 0;
    for (const auto& machine : co_await marked_machines(services, step, vm)) {
        if (vm.host_guid == machine.guid.value() || machine.state != hyperv::PowerState::off) {
            continue;
        }
        const auto found = co_await creating::find_machine(services, step, vm, machine.guid);
        if (found && found->disks.empty()) {
            co_await delete_machine(services, step, vm, machine.guid, false);
            ++removed;
        }
    }
    note(step, "removed", boost::json::value(removed));
}

void commit_twins(Transaction& transaction, StepContext& step)
{
    if (number_in(step.result(), "removed").value_or(0) > 0) {
        append_vm_event(transaction, vm_of(transaction, step), "vm.twin_removed",
                        step.operation().id);
    }
}

} // namespace

operations::Workflow remove_twins(Services& services)
{
    Services* s = &services;
    return {.name = "remove_twins",
            .version = 1,
            .steps = {{.id = "twins",
                       .title = message::step_remove_twins{},
                       .act = [s](StepContext& step) { return remove_each(*s, step); },
                       .commit = commit_twins}}};
}

} // namespace watari::provisioning
