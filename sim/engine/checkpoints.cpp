#include "sim/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

std::string layer_path(const std::string& path, const Uuid& id)
{
    const auto dot = path.rfind('.');
    std::string stem = path.substr(0, dot);
    // "disk_<GUID>.avhdx" again becomes "disk_<new GUID>.avhdx".
    if (const auto cut = stem.rfind('_');
        cut != std::string::npos && Uuid::parse(stem.substr(cut + 1))) {
        stem.resize(cut);
    }
    const bool is_vhdx = path.size() > 1 && (path.back() == 'x' || path.back() == 'X');
    return fmt::format("{}_{}.{}", stem, id.upper(), is_vhdx ? "avhdx" : "avhd");
}

void refuse_transitional(const Vm& vm)
{
    if (is_transitional(vm.state)) {
        refuse(code::invalid_state, fmt::format("The virtual machine is {}", to_string(vm.state)));
    }
}

bool uses(const Settings& settings, const std::string& path)
{
    return std::ranges::any_of(settings.devices, [&](const Device& device) {
        return device.kind == DeviceKind::hard_disk && cim::same_name(device.path, path);
    });
}

void replace_path(Settings& settings, const std::string& from, const std::string& to)
{
    for (Device& device : settings.devices) {
        if (device.kind == DeviceKind::hard_disk && cim::same_name(device.path, from)) {
            device.path = to;
        }
    }
}

/// From now on the disks of these settings are written to layers of their own.
void put_layers(Storage& storage, Settings& settings, const Uuid& layer)
{
    for (Device& device : settings.devices) {
        if (device.kind == DeviceKind::hard_disk) {
            const DiskSpec spec{.path = layer_path(device.path, layer),
                                .format = storage.disk(device.path).spec.format,
                                .kind = DiskKind::differencing,
                                .parent = device.path};
            storage.create_disk(spec);
            device.path = spec.path;
        }
    }
}

} // namespace

const Job& Host::create_checkpoint(Vm& vm)
{
    refuse_transitional(vm);
    const Uuid id = Uuid::random(random_);
    return jobs_.start(
        {.type = 70,
         .text = "Taking Virtual Machine Snapshot",
         .duration = options_.durations.checkpoint,
         .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id},
                      Subject{.kind = Subject::Kind::checkpoint, .id = id, .effect = 5}},
         .finish = [this, vm_id = vm.id, id] {
             Vm* found = find_vm(vm_id);
             if (found == nullptr) {
                 refuse(code::failed, "The virtual machine is gone");
             }
             Checkpoint checkpoint{
                 .id = id, .parent = found->current_checkpoint, .settings = found->settings};
             checkpoint.with_memory =
                 found->state == VmState::running || found->state == VmState::paused;
             checkpoint.settings.name =
                 fmt::format("{} - ({})", found->settings.name, to_rfc3339(clock_.now()));
             checkpoint.settings.created = clock_.now();
             put_layers(storage_, found->settings, Uuid::random(random_));
             if (checkpoint.with_memory) {
                 storage_.unlock(vm_id.upper());
                 open_disks(*found);
             }
             found->current_checkpoint = id;
             found->checkpoints.push_back(std::move(checkpoint));
             touch(*found);
         }});
}

const Job& Host::apply_checkpoint(Vm& vm, const Uuid& checkpoint)
{
    if (vm.find_checkpoint(checkpoint) == nullptr) {
        refuse(code::invalid_parameter, "There is no such checkpoint");
    }
    if (vm.state != VmState::off && vm.state != VmState::saved) {
        refuse(code::invalid_state, "The virtual machine is not off");
    }
    return jobs_.start({.type = 71,
                        .text = "Applying Snapshot",
                        .duration = options_.durations.checkpoint,
                        .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id}},
                        .finish = [this, id = vm.id, checkpoint] {
                            Vm* found = find_vm(id);
                            const Checkpoint* wanted =
                                found == nullptr ? nullptr : found->find_checkpoint(checkpoint);
                            if (wanted == nullptr) {
                                refuse(code::failed,
                                       "The virtual machine or its checkpoint is gone");
                            }
                            if (found->state != VmState::off && found->state != VmState::saved) {
                                refuse(code::invalid_state, "The virtual machine is not off");
                            }
                            const Settings gone = found->settings;
                            Settings settings = wanted->settings;
                            settings.name = gone.name;
                            put_layers(storage_, settings, Uuid::random(random_));
                            found->settings = std::move(settings);
                            found->current_checkpoint = found->applied_checkpoint = checkpoint;
                            enter(*found, wanted->with_memory ? VmState::saved : VmState::off);
                            leave_disk_layer(*found, gone);
                            touch(*found);
                        }});
}

/// Removes the differencing files that only `gone` used.
void Host::leave_disk_layer(Vm& vm, const Settings& gone)
{
    for (const Device& device : gone.devices) {
        if (device.kind != DeviceKind::hard_disk || !storage_.file_exists(device.path)) {
            continue;
        }
        const bool is_layer = storage_.disk(device.path).spec.kind == DiskKind::differencing;
        const bool is_used = uses(vm.settings, device.path) || storage_.has_children(device.path) ||
                             std::ranges::any_of(vm.checkpoints, [&](const Checkpoint& other) {
                                 return uses(other.settings, device.path);
                             });
        if (is_layer && !is_used) {
            storage_.remove_file(device.path);
        }
    }
}

void Host::merge_after(const Uuid& vm_id, std::string child, std::string into)
{
    constexpr std::chrono::seconds look_again{30};
    if (const Vm* vm = find_vm(vm_id);
        generation() < Generation::ws2012 && vm != nullptr && vm->assigned_mib > 0) {
        // Merging under a running VM came with 2012 (call-sequences.md, v1).
        later(look_again, [this, vm_id, child = std::move(child), into = std::move(into)] {
            if (storage_.file_exists(child)) {
                merge_after(vm_id, child, into);
            }
        });
        return;
    }
    const auto merge = [this, vm_id, child, into] {
        Vm* found = find_vm(vm_id);
        const bool was_open = found != nullptr && found->assigned_mib > 0;
        storage_.unlock(vm_id.upper());
        storage_.merge_disk(child, into);
        if (found == nullptr) {
            return;
        }
        replace_path(found->settings, child, into);
        for (Checkpoint& checkpoint : found->checkpoints) {
            replace_path(checkpoint.settings, child, into);
        }
        if (was_open) {
            open_disks(*found);
        }
    };
    if (const Vm* vm = find_vm(vm_id); vm != nullptr && vm->assigned_mib == 0 &&
                                       profile_.is("destroy_snapshot_merge_vm_off", "inside")) {
        merge();
        return;
    }
    const auto size = storage_.file_exists(child) ? storage_.file(child)->size : 0;
    jobs_.start({.type = 50,
                 .text = "Merging Virtual Disk",
                 .duration = options_.durations.merge_per_gib *
                             static_cast<std::int64_t>(1 + size / (1ULL << 30)),
                 .cancellable = true,
                 .affected = {Subject{.kind = Subject::Kind::vm, .id = vm_id}},
                 .finish = merge});
}

const Job& Host::destroy_checkpoint(Vm& vm, const Uuid& checkpoint, bool with_children)
{
    if (vm.find_checkpoint(checkpoint) == nullptr) {
        refuse(code::invalid_parameter, "There is no such checkpoint");
    }
    refuse_transitional(vm);
    return jobs_.start({.type = 72,
                        .text = "Deleting Snapshot",
                        .duration = options_.durations.checkpoint,
                        .affected = {Subject{.kind = Subject::Kind::checkpoint, .id = checkpoint},
                                     Subject{.kind = Subject::Kind::vm, .id = vm.id}},
                        .finish = [this, id = vm.id, checkpoint, with_children] {
                            Vm* found = find_vm(id);
                            if (found == nullptr || found->find_checkpoint(checkpoint) == nullptr) {
                                refuse(code::failed,
                                       "The virtual machine or its checkpoint is gone");
                            }
                            std::vector<Uuid> doomed{checkpoint};
                            for (std::size_t at = 0; with_children && at < doomed.size(); ++at) {
                                for (const Checkpoint& other : found->checkpoints) {
                                    if (other.parent == doomed[at]) {
                                        doomed.push_back(other.id);
                                    }
                                }
                            }
                            for (auto each = doomed.rbegin(); each != doomed.rend(); ++each) {
                                remove_checkpoint(*found, *each);
                            }
                            touch(*found);
                        }});
}

void Host::remove_checkpoint(Vm& vm, const Uuid& checkpoint)
{
    const auto at = std::ranges::find(vm.checkpoints, checkpoint, &Checkpoint::id);
    const Checkpoint gone = std::move(*at);
    vm.checkpoints.erase(at);
    for (Checkpoint& other : vm.checkpoints) {
        if (other.parent == gone.id) {
            other.parent = gone.parent;
        }
    }
    if (vm.current_checkpoint == gone.id) {
        vm.current_checkpoint = gone.parent;
    }
    for (const Device& device : gone.settings.devices) {
        if (device.kind != DeviceKind::hard_disk || !storage_.file_exists(device.path)) {
            continue;
        }
        std::vector<std::string> children;
        for (const FileInfo& file : storage_.files()) {
            try {
                if (const DiskInfo disk = storage_.disk(file.path);
                    cim::same_name(disk.spec.parent, device.path)) {
                    children.push_back(file.path);
                }
            } catch (const Error&) {
                // No virtual disk.
            }
        }
        const bool is_used = std::ranges::any_of(vm.checkpoints, [&](const Checkpoint& other) {
            return uses(other.settings, device.path);
        });
        if (children.size() == 1 && !is_used) {
            merge_after(vm.id, children.front(), device.path);
        } else if (children.empty()) {
            leave_disk_layer(vm, gone.settings);
        }
    }
}

} // namespace watari::sim
