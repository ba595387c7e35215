#include "messages/provisioning.hpp"
#include "provisioning/create_vm_steps.hpp"
#include "provisioning/machines.hpp"
#include "provisioning/workflows.hpp"

#include <algorithm>

namespace watari::provisioning {

namespace creating {

namespace {

using store::Transaction;
using store::VmRecord;

void release_place(Transaction& transaction, StepContext& step)
{
    free_place(transaction, vm_of(transaction, step));
}

void forget_machine(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    vm.host_guid = std::nullopt;
    store::update(transaction, vm);
}

// devices: the disk and the NIC.

Task<> add_devices(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    std::vector<hyperv::DiskAttachment> disks;
    disks.push_back({.path = vm.disk_path.value(), .slot = {}});
    if (vm.generation == 2) {
        disks.back().slot.controller = hyperv::ControllerType::scsi;
    }
    std::vector<hyperv::NicAttachment> nics;
    if (vm.mac) {
        hyperv::NicAttachment nic;
        nic.channel =
            vm.id.value(); // stays when the VM is re-created elsewhere: the guest keeps its adapter
        nic.mac = hyperv::MacAddress{*vm.mac};
        nic.switch_id = text_in(step.result_of("place"), "switch").value_or("");
        nic.vlan = vm.vlan ? std::optional{static_cast<unsigned>(*vm.vlan)} : std::nullopt;
        nics.push_back(std::move(nic));
    }
    const auto machine = reference(services, vm);
    co_await on_host<void>(services, step, host_of(vm),
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.add_devices(machine, disks, nics, std::move(call));
                           });
}

Task<Looked> look_for_devices(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto found = co_await find_machine(services, step, vm, reference(services, vm).guid);
    const bool has_disk = found && std::ranges::any_of(found->disks, [&](const auto& disk) {
                              return hyperv::same_path(disk.path, *vm.disk_path);
                          });
    const bool has_nic =
        !vm.mac ||
        (found && std::ranges::any_of(found->nics, [&](const auto& nic) {
             return nic.mac.digits == *vm.mac &&
                    (!vm.vlan || nic.vlan == static_cast<unsigned>(*vm.vlan)) &&
                    hyperv::same_path(nic.switch_id,
                                      text_in(step.result_of("place"), "switch").value_or(""));
         }));
    co_return has_disk&& has_nic ? Looked::done : Looked::not_done;
}

// start

Task<> start(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (vm.wanted_power == store::WantedPower::running) {
        co_await start_machine(services, step);
    }
}

Task<Looked> look_for_running(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto found = co_await find_machine(services, step, vm, reference(services, vm).guid);
    co_return found && found->summary.state == hyperv::PowerState::running ? Looked::done
                                                                           : Looked::not_done;
}

Task<> turn_off(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (vm.host_guid) {
        co_await turn_off_machine(services, step);
    }
}

void commit_ready(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    vm.lifecycle = store::Lifecycle::ready;
    vm.observed_power = vm.wanted_power == store::WantedPower::running
                            ? store::ObservedPower::running
                            : store::ObservedPower::off;
    vm.observed_processors = vm.wanted_processors;
    vm.observed_memory_mib = vm.wanted_memory_mib;
    vm.observed_disk_bytes = vm.wanted_disk_bytes;
    vm.observed_at = transaction.now();
    store::update(transaction, vm);
    append_vm_event(transaction, vm, "vm.created", step.operation().id);
}

/// An order that was undone leaves nothing but its own record.
void commit_end(Transaction& transaction, const store::OperationRecord& operation)
{
    if (operation.state != store::OperationState::succeeded) {
        auto vm = store::get<VmRecord>(transaction, operation.vm.value());
        vm.lifecycle = store::Lifecycle::deleted;
        vm.deleted = transaction.now();
        store::update(transaction, vm);
    }
}

} // namespace

} // namespace creating

operations::Workflow create_vm(Services& services)
{
    using namespace creating;
    Services* s = &services;
    return {
        .name = "create_vm",
        .version = 1,
        .steps =
            {
                {.id = "place",
                 .title = message::step_place{},
                 .act = [s](StepContext& step) { return look_around(*s, step); },
                 .commit = commit_place,
                 .uncommit = release_place,
                 .retry_exhausted = false},
                {.id = "disk",
                 .title = message::step_make_disk{},
                 .look = [s](StepContext& step) { return look_for_disk(*s, step); },
                 .act = [s](StepContext& step) { return make_disk(*s, step); },
                 .undo = [s](StepContext& step) { return delete_disk(*s, step); },
                 .time_limit = disk_time_limit,
                 .waits_for = is_image_in_use,
                 .wait_limit = std::chrono::hours{24}},
                {.id = "define",
                 .title = message::step_define{},
                 .look = [s](StepContext& step) { return look_for_machine(*s, step); },
                 .act = [s](StepContext& step) { return define_machine(*s, step); },
                 .undo = [s](StepContext& step) { return undefine_machine(*s, step); },
                 .commit = commit_machine,
                 .uncommit = forget_machine},
                {.id = "devices",
                 .title = message::step_add_devices{},
                 .look = [s](StepContext& step) { return look_for_devices(*s, step); },
                 .act = [s](StepContext& step) { return add_devices(*s, step); }},
                {.id = "start",
                 .title = message::step_start{},
                 .look = [s](StepContext& step) { return look_for_running(*s, step); },
                 .act = [s](StepContext& step) { return start(*s, step); },
                 .undo = [s](StepContext& step) { return if_there(turn_off(*s, step)); },
                 .commit = commit_ready,
                 .time_limit = std::chrono::minutes{10}},
            },
        .ended = commit_end,
    };
}

} // namespace watari::provisioning
