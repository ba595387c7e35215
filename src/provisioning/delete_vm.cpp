#include "messages/provisioning.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/event.hpp"
#include "store/records/network.hpp"
#include "store/records/reservation.hpp"

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
        const auto machine = reference(services, vm);
        co_await on_host<void>(services, step, *vm.host,
                               [&](hyperv::Driver& driver, hyperv::CallContext call) {
                                   return driver.delete_vm(machine, force, std::move(call));
                               });
        co_return;
    }
    const auto mark = mark_of(services, vm.id);
    const auto found = co_await on_host<std::vector<hyperv::VmSummary>>(
        services, step, *vm.host, [&mark](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_by_mark(mark, std::move(call));
        });
    for (const auto& summary : found) {
        const hyperv::VmRef machine{.guid = summary.guid, .mark = mark, .folder = folder_of_vm(vm)};
        co_await on_host<void>(services, step, *vm.host,
                               [&](hyperv::Driver& driver, hyperv::CallContext call) {
                                   return driver.delete_vm(machine, force, std::move(call));
                               });
    }
}

Task<> remove_files(Services& services, StepContext& step)
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

void commit_removed(Transaction& transaction, StepContext& step)
{
    auto vm = store::get<VmRecord>(transaction, step.operation().vm.value());
    vm.host_guid = std::nullopt;
    store::update(transaction, vm);
}

void commit_forgotten(Transaction& transaction, StepContext& step)
{
    auto vm = store::get<VmRecord>(transaction, step.operation().vm.value());
    if (vm.host) {
        store::release(transaction, vm.id, *vm.host);
    }
    for (const auto& address : store::addresses_of(transaction, vm.id)) {
        store::remove<store::AddressRecord>(transaction, address.id);
    }
    vm.lifecycle = store::Lifecycle::deleted;
    vm.observed_power = store::ObservedPower::unknown;
    vm.deleted = transaction.now();
    store::update(transaction, vm);
    store::append(transaction, store::EventRecord{.kind = "vm.deleted",
                                                  .project = vm.project,
                                                  .subject_kind = "vm",
                                                  .subject = vm.id.value(),
                                                  .operation = step.operation().id});
}

/// A delete that failed before the machine went leaves the VM as it was; after that only its
/// remains are left to delete again.
void commit_end(Transaction& transaction, const store::OperationRecord& operation)
{
    auto vm = store::get<VmRecord>(transaction, operation.vm.value());
    if (operation.state != store::OperationState::succeeded &&
        vm.lifecycle == store::Lifecycle::deleting) {
        vm.lifecycle = vm.host_guid ? store::Lifecycle::ready : store::Lifecycle::failed;
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
                 .act = [s](StepContext& step) { return remove_files(*s, step); },
                 .time_limit = std::chrono::minutes{10}},
                {.id = "release", .title = message::step_release{}, .commit = commit_forgotten},
            },
        .ended = commit_end,
    };
}

} // namespace watari::provisioning
