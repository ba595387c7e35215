#include "provisioning/machines.hpp"

#include "store/records/event.hpp"
#include "store/records/network.hpp"
#include "store/records/reservation.hpp"

namespace watari::provisioning {

using operations::StepContext;
using store::Transaction;
using store::VmRecord;

VmRecord vm_of(Transaction& transaction, const StepContext& step)
{
    return store::get<VmRecord>(transaction, step.operation().vm.value());
}

Task<> on_machine(Services& services, StepContext& step, MachineAct act)
{
    const auto vm = co_await vm_of(step);
    const auto machine = reference(services, vm);
    co_await on_host<void>(services, step, host_of(vm),
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return act(driver, machine, std::move(call));
                           });
}

Task<> start_machine(Services& services, StepContext& step)
{
    return on_machine(services, step,
                      [](hyperv::Driver& driver, hyperv::VmRef machine, hyperv::CallContext call) {
                          return driver.start(std::move(machine), std::move(call));
                      });
}

Task<> shut_down_machine(Services& services, StepContext& step)
{
    return on_machine(services, step,
                      [](hyperv::Driver& driver, hyperv::VmRef machine, hyperv::CallContext call) {
                          return driver.shut_down(std::move(machine), std::move(call));
                      });
}

Task<> turn_off_machine(Services& services, StepContext& step)
{
    return on_machine(services, step,
                      [](hyperv::Driver& driver, hyperv::VmRef machine, hyperv::CallContext call) {
                          return driver.turn_off(std::move(machine), std::move(call));
                      });
}

Task<std::vector<hyperv::VmSummary>> marked_machines(Services& services, StepContext& step,
                                                     const VmRecord& vm)
{
    const auto mark = mark_of(services, vm.id);
    co_return co_await on_host<std::vector<hyperv::VmSummary>>(
        services, step, host_of(vm), [&mark](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_by_mark(mark, std::move(call));
        });
}

Task<> delete_machine(Services& services, StepContext& step, const VmRecord& vm,
                      hyperv::HostVmId guid, bool force)
{
    const hyperv::VmRef machine{.guid = guid,
                                .mark = mark_of(services, vm.id),
                                .folder = folder_of_vm(vm),
                                .guid_is_recorded = vm.host_guid == guid.value()};
    co_await on_host<void>(services, step, host_of(vm),
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.delete_vm(machine, force, std::move(call));
                           });
}

Task<> delete_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (!vm.host || !vm.disk_path) {
        co_return;
    }
    const auto path = *vm.disk_path;
    const hyperv::VmId id{vm.id.value()};
    co_await on_host<void>(services, step, *vm.host,
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.delete_disk(path, id, std::move(call));
                           });
}

void free_place(Transaction& transaction, const VmRecord& vm)
{
    if (vm.host) {
        store::release(transaction, vm.id, *vm.host);
    }
    for (const auto& address : store::addresses_of(transaction, vm.id)) {
        store::remove<store::AddressRecord>(transaction, address.id);
    }
}

void append_vm_event(Transaction& transaction, const VmRecord& vm, std::string kind,
                     store::OperationId operation)
{
    store::append(transaction, store::EventRecord{.kind = std::move(kind),
                                                  .project = vm.project,
                                                  .subject_kind = "vm",
                                                  .subject = vm.id.value(),
                                                  .operation = operation});
}

} // namespace watari::provisioning
