#pragma once

#include "hyperv/wmi/machine.hpp"
#include "hyperv/wmi/power.hpp"

#include <optional>

/// VMs as a whole.
namespace watari::hyperv::wmi {

/// Refuses what no host of these capabilities makes. Throws invalid, unsupported.
void check(const Act& act, const VmSpec& spec);

template <class Machine>
bool has_resources(const Machine& machine, const VmSpec& spec)
{
    return machine.memory_size() == spec.memory && machine.processors() == spec.processors &&
           machine.has_static_memory();
}

/// Throws not_found.
template <IsDialect D>
Task<typename D::Machine> get_machine(Act& act, HostVmId vm)
{
    auto machine = co_await D::read_machine(act, vm);
    if (!machine) {
        throw_not_on_host(act, vm);
    }
    co_return std::move(*machine);
}

/// Throws conflict (message::ownership_lost) unless the VM is proven to be ours.
template <IsDialect D>
void prove_own(const VmRef& vm, const typename D::Machine& machine)
{
    prove_ownership(vm, {.name = machine.name(),
                         .notes = machine.notes(),
                         .folder = machine.folder(),
                         .has_birth_name = D::is_birth_name(vm.mark.vm, machine.name())});
}

/// State and proof, power off where needed, destroy, read back. Not there is done.
template <IsDialect D>
Task<> remove_vm(Act& act, VmRef vm, bool force)
{
    std::optional<VmSummary> seen;
    try {
        seen = co_await look_at_own<D>(act, vm);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    if (!seen) {
        co_return;
    }
    if (seen->state != PowerState::off && seen->state != PowerState::saved) {
        if (!force) {
            throw_must_be_off(*seen);
        }
        act.require_certain(co_await request_state<D>(act, vm.guid, RequestedState::off));
    }
    act.shared().held = {};
    const Done done = co_await D::destroy(act, vm.guid);
    // What the settings of the others hold is read here once for the files deleted next; a VM
    // without any medium shows its end by a Get.
    HeldDisks held = co_await D::Images::read_held_disks(act);
    bool is_there = std::ranges::any_of(held.disks, [&](const HeldDisk& disk) {
        return is_below(disk.medium_id, settings_id(vm.guid));
    });
    if (!is_there && !done.is_certain) {
        is_there = (co_await act.find(system_path<typename D::Classes>(vm.guid))).has_value();
    }
    if (is_there) {
        act.require_certain(done);
        throw Error{ErrorKind::unavailable,
                    message::vm_state_not_reached{.host = act.host(),
                                                  .name = seen->name,
                                                  .state = std::string{to_string(seen->state)},
                                                  .wanted = "deleted"}};
    }
    act.shared().held = std::move(held);
}

} // namespace watari::hyperv::wmi
