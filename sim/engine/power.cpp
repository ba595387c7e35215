#include "sim/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

/// The state machine of a VM: transitional states last as long as the host job; what the host lacks
/// (memory, a disk in use) fails the job.
namespace watari::sim {

namespace {

/// JobType of v2 (fresh-vm.md 6).
namespace job_type {
constexpr std::uint16_t start = 12;
constexpr std::uint16_t turn_off = 13;
constexpr std::uint16_t save = 14;
constexpr std::uint16_t restore = 15;
constexpr std::uint16_t shut_down = 16;
constexpr std::uint16_t pause = 26;
constexpr std::uint16_t resume = 27;
constexpr std::uint16_t reset = 28;
constexpr std::uint16_t reboot = 29;
} // namespace job_type

/// Requested states of v2's RequestStateChange; what Msvm_ComputerSystem.RequestedState shows.
std::uint16_t requested_number(Power power)
{
    switch (power) {
    case Power::start:
        return 2;
    case Power::turn_off:
        return 3;
    case Power::shut_down:
        return 4;
    case Power::save:
        return 6;
    case Power::pause:
        return 9;
    case Power::reboot:
        return 10;
    case Power::reset:
        return 11;
    }
    std::unreachable();
}

/// A VHD whose parent was expanded under it does not open (0xC03A0012), and the VM does not start
/// (disk-formats.md 5).
void check_chain_sizes(const Storage& storage, const std::vector<std::string>& chain)
{
    for (std::size_t at = 1; at < chain.size(); ++at) {
        const DiskInfo child = storage.disk(chain[at - 1]);
        if (child.spec.format == DiskFormat::vhd &&
            child.spec.size < storage.disk(chain[at]).spec.size) {
            refuse(0xC03A0017,
                   fmt::format(
                       "'{}' could not be opened: its size differs from its parent's (0xC03A0012)",
                       chain[at - 1]));
        }
    }
}

[[noreturn]] void wrong_state(const Vm& vm)
{
    refuse(code::invalid_state, fmt::format("The virtual machine is {}", to_string(vm.state)));
}

} // namespace

const Job& Host::act_on(Vm& vm, VmState during, JobRequest request, std::function<void(Vm&)> finish)
{
    request.affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id}};
    const VmState before = std::exchange(vm.state, during);
    request.finish = [this, id = vm.id, finish = std::move(finish)] {
        Vm* found = find_vm(id);
        if (found == nullptr) {
            refuse(code::failed, "The virtual machine is gone");
        }
        finish(*found);
    };
    request.abandon = [this, id = vm.id, before] {
        // Cancelled, failed by a fault rule, or lost at a restart.
        if (Vm* found = find_vm(id); found != nullptr && is_transitional(found->state)) {
            found->state = before;
        }
    };
    return jobs_.start(std::move(request));
}

void Host::enter(Vm& vm, VmState state)
{
    vm.state = state;
    vm.state_changed = clock_.now();
}

void Host::open_disks(Vm& vm)
{
    const std::string holder = vm.id.upper();
    try {
        for (const Device& device : vm.settings.devices) {
            if (device.kind != DeviceKind::hard_disk) {
                if (device.kind == DeviceKind::dvd_medium && !storage_.file_exists(device.path)) {
                    refuse(code::hresult_file_not_found,
                           fmt::format("'{}' was not found", device.path));
                }
                continue;
            }
            const auto chain = storage_.chain(device.path);
            check_chain_sizes(storage_, chain);
            for (std::size_t at = 0; at < chain.size(); ++at) {
                storage_.lock(chain[at], at == 0, holder);
            }
        }
    } catch (const Error&) {
        storage_.unlock(holder);
        throw;
    }
}

void Host::take_resources(Vm& vm)
{
    const auto running =
        std::ranges::count_if(vms_, [](const auto& other) { return other->assigned_mib > 0; });
    if (running >= options_.limits.vms_running_max) {
        refuse(code::failed, "The host runs all virtual machines it can run");
    }
    if (vm.settings.memory.startup_mib > free_memory_mib()) {
        refuse(0x8007000E, fmt::format("'{}' could not start: not enough memory in the system",
                                       vm.settings.name));
    }
    open_disks(vm);
    vm.assigned_mib = vm.settings.memory.startup_mib;
    for (Device& device : vm.settings.devices) {
        if (is_nic(device.kind) && !device.static_mac && device.mac.empty()) {
            device.mac = next_dynamic_mac();
        }
    }
    vm.process_id = next_process_ += 4;
}

void Host::stop_running(Vm& vm)
{
    vm.on_time = std::chrono::milliseconds{0};
    vm.running_since.reset();
    vm.assigned_mib = 0;
    vm.process_id = 0;
    storage_.unlock(vm.id.upper());
}

const Job& Host::begin_start(Vm& vm)
{
    if (vm.state == VmState::paused) {
        return act_on(vm, VmState::resuming,
                      {.type = job_type::resume,
                       .text = "Resuming Virtual Machine",
                       .duration = options_.durations.pause},
                      [this](Vm& found) {
                          enter(found, VmState::running);
                          found.running_since = clock_.steady();
                      });
    }
    const bool is_restore = vm.state == VmState::saved;
    const VmState before = vm.state;
    return act_on(vm, is_restore ? VmState::restoring : VmState::starting,
                  {.type = is_restore ? job_type::restore : job_type::start,
                   .text = is_restore ? "Initializing and Restoring Virtual Machine"
                                      : "Initializing and Starting Virtual Machine",
                   .duration = options_.durations.start},
                  [this, before](Vm& found) {
                      if (found.state != VmState::starting && found.state != VmState::restoring) {
                          wrong_state(found);
                      }
                      found.state = before;
                      take_resources(found);
                      found.on_time =
                          before == VmState::saved ? found.on_time : std::chrono::milliseconds{0};
                      found.running_since = clock_.steady();
                      enter(found, VmState::running);
                  });
}

const Job& Host::begin_turn_off(Vm& vm)
{
    return act_on(vm, VmState::stopping,
                  {.type = job_type::turn_off,
                   .text = "Turning Off Virtual Machine",
                   .duration = options_.durations.turn_off},
                  [this](Vm& found) {
                      stop_running(found);
                      enter(found, VmState::off);
                  });
}

const Job& Host::begin_save(Vm& vm)
{
    return act_on(vm, VmState::saving,
                  {.type = job_type::save,
                   .text = "Saving Virtual Machine",
                   .duration = options_.durations.save},
                  [this](Vm& found) {
                      const std::string file = fmt::format(
                          "{}\\Virtual Machines\\{}.{}", found.settings.configuration_root,
                          found.id.upper(), generation() >= Generation::ws2016 ? "vmrs" : "vsv");
                      found.state = VmState::running;
                      storage_.write_file(file, found.assigned_mib * 1024 * 1024);
                      const auto on_time =
                          std::chrono::milliseconds{static_cast<std::int64_t>(uptime_ms(found))};
                      stop_running(found);
                      found.on_time = on_time;
                      enter(found, VmState::saved);
                  });
}

const Job& Host::begin_reset(Vm& vm, bool by_guest)
{
    return act_on(vm, VmState::resetting,
                  {.type = by_guest ? job_type::reboot : job_type::reset,
                   .text = by_guest ? "Rebooting Virtual Machine" : "Resetting Virtual Machine",
                   .duration = by_guest ? vm.guest.shutdown.value_or(options_.durations.start)
                                        : options_.durations.turn_off},
                  [this](Vm& found) {
                      found.on_time = std::chrono::milliseconds{0};
                      found.running_since = clock_.steady();
                      enter(found, VmState::running);
                  });
}

const Job& Host::begin_shutdown(Vm& vm)
{
    if (!guest_answers(vm) || !vm.guest.shutdown) {
        refuse(code::invalid_state, "The guest does not answer");
    }
    return act_on(vm, vm.state,
                  {.type = job_type::shut_down,
                   .text = "Shutting Down Virtual Machine",
                   .duration = *vm.guest.shutdown},
                  [this](Vm& found) {
                      stop_running(found);
                      enter(found, VmState::off);
                  });
}

const Job& Host::change_state(Vm& vm, Power power)
{
    const bool runs = vm.state == VmState::running;
    const bool holds_memory = runs || vm.state == VmState::paused;
    bool allowed = false;
    switch (power) {
    case Power::start:
        allowed =
            vm.state == VmState::off || vm.state == VmState::saved || vm.state == VmState::paused;
        break;
    case Power::turn_off:
        allowed = holds_memory || vm.state == VmState::saved;
        break;
    case Power::save:
        allowed = holds_memory;
        break;
    case Power::pause:
    case Power::shut_down:
    case Power::reboot:
        allowed = runs;
        break;
    case Power::reset:
        allowed = holds_memory;
        break;
    }
    if (!allowed) {
        wrong_state(vm);
    }
    const auto requested = std::exchange(vm.requested_state, requested_number(power));
    try {
        switch (power) {
        case Power::start:
            return begin_start(vm);
        case Power::turn_off:
            return begin_turn_off(vm);
        case Power::save:
            return begin_save(vm);
        case Power::pause:
            return act_on(vm, VmState::pausing,
                          {.type = job_type::pause,
                           .text = "Pausing Virtual Machine",
                           .duration = options_.durations.pause},
                          [this](Vm& found) {
                              found.on_time = std::chrono::milliseconds{
                                  static_cast<std::int64_t>(uptime_ms(found))};
                              found.running_since.reset();
                              enter(found, VmState::paused);
                          });
        case Power::reset:
            return begin_reset(vm, false);
        case Power::reboot:
            return begin_reset(vm, true);
        case Power::shut_down:
            return begin_shutdown(vm);
        }
    } catch (const Error&) {
        vm.requested_state = requested;
        throw;
    }
    std::unreachable();
}

void Host::shut_down_guest(Vm& vm, bool)
{
    const Device* service = vm.settings.first(DeviceKind::shutdown_service);
    if (vm.state != VmState::running) {
        wrong_state(vm);
    }
    if (!guest_answers(vm) || service == nullptr || !service->enabled) {
        refuse(32780, "The device is not ready");
    }
    if (!vm.guest.shutdown) {
        return; // accepted by the guest, which then never does it
    }
    later(*vm.guest.shutdown, [this, id = vm.id] {
        if (Vm* found = find_vm(id); found != nullptr && found->state == VmState::running) {
            stop_running(*found);
            enter(*found, VmState::off);
        }
    });
}

void Host::pause_vms_of_full_volumes()
{
    for (const auto& vm : vms_) {
        const bool is_stuck = std::ranges::any_of(vm->settings.devices, [&](const Device& device) {
            return device.kind == DeviceKind::hard_disk && storage_.free_bytes(device.path[0]) == 0;
        });
        if (is_stuck && vm->state == VmState::running) {
            vm->on_time = std::chrono::milliseconds{static_cast<std::int64_t>(uptime_ms(*vm))};
            vm->running_since.reset();
            enter(*vm, VmState::paused);
        }
    }
}

void Host::fill_volume(char letter)
{
    storage_.set_filler(letter, storage_.free_bytes(letter) + 1);
    pause_vms_of_full_volumes();
}

void Host::reboot()
{
    if (!up_) {
        return;
    }
    up_ = false;
    jobs_.clear();
    timers_.clear();
    for (const auto& vm : vms_) {
        const bool ran = vm->state == VmState::running || vm->state == VmState::paused;
        vm->was_running = ran;
        if (!ran || vm->settings.shutdown_action != ShutdownAction::save) {
            const VmState after = vm->state == VmState::saved ? VmState::saved : VmState::off;
            const auto on_time = vm->on_time;
            stop_running(*vm);
            vm->on_time = after == VmState::saved ? on_time : std::chrono::milliseconds{0};
            vm->state = after;
        } else {
            const auto on_time =
                std::chrono::milliseconds{static_cast<std::int64_t>(uptime_ms(*vm))};
            stop_running(*vm);
            vm->on_time = on_time;
            enter(*vm, VmState::saved);
        }
    }
    if (power_listener_) {
        power_listener_(true);
    }
    later(options_.durations.reboot, [this] { come_up(); });
}

void Host::come_up()
{
    up_ = true;
    booted_ = clock_.now();
    if (power_listener_) {
        power_listener_(false);
    }
    for (const auto& vm : vms_) {
        const bool starts =
            vm->settings.startup_action == StartupAction::always ||
            (vm->settings.startup_action == StartupAction::restart_if_running && vm->was_running);
        if (!starts || (vm->state != VmState::off && vm->state != VmState::saved)) {
            continue;
        }
        later(vm->settings.startup_delay, [this, id = vm->id] {
            Vm* found = find_vm(id);
            if (found != nullptr &&
                (found->state == VmState::off || found->state == VmState::saved)) {
                begin_start(*found);
            }
        });
    }
}

void Host::restart_service()
{
    jobs_.clear();
    if (power_listener_) {
        power_listener_(true);
        power_listener_(false);
    }
}

} // namespace watari::sim
