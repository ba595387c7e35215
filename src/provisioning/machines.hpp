#pragma once

#include "provisioning/services.hpp"

#include <functional>
#include <string>
#include <vector>

/// What the workflows of VMs share.
namespace watari::provisioning {

/// The VM the operation is about, inside a transaction.
store::VmRecord vm_of(store::Transaction& transaction, const operations::StepContext& step);

template <class Id>
Id fresh_id(operations::StepContext& step)
{
    return store::new_id<Id>(std::chrono::system_clock::time_point{step.clock().now()},
                             step.random());
}

using MachineAct =
    std::function<Task<>(hyperv::Driver&, hyperv::VmRef machine, hyperv::CallContext)>;
/// One act on the operation's machine. Throws conflict (message::vm_not_placed).
Task<> on_machine(Services& services, operations::StepContext& step, MachineAct act);

Task<> start_machine(Services& services, operations::StepContext& step);
/// Asks the guest.
Task<> shut_down_machine(Services& services, operations::StepContext& step);
Task<> turn_off_machine(Services& services, operations::StepContext& step);

/// Every machine on the VM's host that carries its mark: none, one, or a twin.
Task<std::vector<hyperv::VmSummary>>
marked_machines(Services& services, operations::StepContext& step, const store::VmRecord& vm);
/// Unless the VM's record names it, the machine must be in the VM's own folder.
Task<> delete_machine(Services& services, operations::StepContext& step, const store::VmRecord& vm,
                      hyperv::HostVmId guid, bool force);
/// The system disk's file, if there is a host and a path.
Task<> delete_disk(Services& services, operations::StepContext& step);

/// Gives back what the VM holds of its host and network.
void free_place(store::Transaction& transaction, const store::VmRecord& vm);
void append_vm_event(store::Transaction& transaction, const store::VmRecord& vm, std::string kind,
                     store::OperationId operation);

} // namespace watari::provisioning
