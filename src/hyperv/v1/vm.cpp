#include "hyperv/v1/vm.hpp"

#include "hyperv/ownership.hpp"
#include "hyperv/v1/birth_mark.hpp"
#include "hyperv/v1/machine.hpp"
#include "hyperv/v1/memory.hpp"
#include "hyperv/v1/network.hpp"
#include "hyperv/v1/power.hpp"
#include "hyperv/v1/summary.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"

#include <map>

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_VirtualSystemManagementService;
using System = schema::v1::Msvm_ComputerSystem;
using Settings = Machine::Settings;
using Global = Machine::Global;
using Processor = Machine::Processor;

[[noreturn]] void throw_not_as_asked(const Act& act, const std::string& name, std::string what)
{
    throw Error{
        ErrorKind::conflict,
        message::vm_not_as_asked{.host = act.host(), .name = name, .what = std::move(what)}};
}

void check(const Act& act, const VmSpec& spec, const Capabilities& capabilities)
{
    require_local(spec.folder);
    require_aligned(spec.memory);
    if (spec.vm_generation == 2) {
        capabilities.require(Capability::vm_generation_2, act.host());
    }
    if (!spec.configuration_version.empty()) {
        capabilities.require(Capability::configuration_versions, act.host());
    }
}

/// By result, else by the name it was born with.
Task<HostVmId> defined_vm(Act& act, const Done& done, const VmSpec& spec)
{
    if (const auto system = schema::Result<Service::DefineVirtualSystem>{done.output}.get(
            Service::DefineVirtualSystem::DefinedSystem)) {
        if (const auto guid = Uuid::parse(system->key("Name").value_or(""))) {
            co_return HostVmId{*guid};
        }
    }
    const auto rows = co_await act.query(fmt::format("select * from {} where ElementName='{}'",
                                                     System::class_name, birth_name(spec.mark.vm)));
    std::optional<Uuid> guid;
    if (rows.size() == 1) {
        guid = Uuid::parse(schema::Object<System>{rows.front()}.get(System::Name).value_or(""));
    }
    if (!guid) {
        throw Error{ErrorKind::outcome_unknown,
                    message::host_job_lost{.host = act.host(), .method = done.method}};
    }
    co_return HostVmId{*guid};
}

Task<HostVmId> define_new(Act& act, const VmSpec& spec)
{
    using Define = Service::DefineVirtualSystem;
    schema::Object<Global> settings;
    settings.set(Global::ElementName, birth_name(spec.mark.vm))
        .set(Global::ExternalDataRoot, spec.folder)
        .set(Global::SnapshotDataRoot, spec.folder)
        .set(Global::AutomaticStartupAction, startup_action(spec.startup));
    schema::Call<Define> call;
    call.set(Define::SystemSettingData, settings);
    const Done done = co_await act.change(call);
    co_return co_await defined_vm(act, done, spec);
}

Task<Machine> get_machine(Act& act, HostVmId vm)
{
    auto machine = co_await read_machine(act, vm);
    if (!machine) {
        throw Error{ErrorKind::not_found,
                    message::vm_not_on_host{.guid = vm.value().upper(), .host = act.host()}};
    }
    co_return std::move(*machine);
}

bool has_resources(const Machine& machine, const VmSpec& spec)
{
    return machine.memory_size() == spec.memory && machine.processor &&
           machine.processor->get(Processor::VirtualQuantity) == spec.processors &&
           machine.memory->get(Machine::Memory::DynamicMemoryEnabled) == false;
}

bool has_mark(const Machine& machine, const VmSpec& spec)
{
    return mark_in(machine.notes()) == spec.mark;
}

template <class Class>
Task<> modify_system(Act& act, HostVmId vm, schema::Object<Class> settings)
{
    using Modify = Service::ModifyVirtualSystem;
    schema::Call<Modify> call;
    call.set(Modify::ComputerSystem, system_path(vm)).set(Modify::SystemSettingData, settings);
    co_await act.change(call);
}

/// The other lines of `notes` stay.
Task<> write_mark(Act& act, HostVmId vm, std::string notes, OwnershipMark mark)
{
    schema::Object<Settings> settings;
    settings.set(Settings::InstanceID, settings_id(vm))
        .set(Settings::Notes, with_mark(notes, mark));
    co_await modify_system(act, vm, std::move(settings));
}

Task<> write_name(Act& act, HostVmId vm, std::string name)
{
    schema::Object<Global> settings;
    settings.set(Global::InstanceID, global_id(vm)).set(Global::ElementName, std::move(name));
    co_await modify_system(act, vm, std::move(settings));
}

/// Sends what `machine` lacks, the mark first: from then on the VM is ours whatever its name.
Task<bool> complete(Act& act, HostVmId vm, const Machine& machine, const VmSpec& spec)
{
    bool has_changed = false;
    if (!has_mark(machine, spec)) {
        co_await write_mark(act, vm, machine.notes(), spec.mark);
        has_changed = true;
    }
    if (!has_resources(machine, spec)) {
        co_await modify_resources(act, vm, spec.memory, spec.processors);
        has_changed = true;
    }
    if (machine.name() != spec.name) {
        co_await write_name(act, vm, spec.name);
        has_changed = true;
    }
    co_return has_changed;
}

Task<Machine> get_earlier(Act& act, HostVmId vm, const VmSpec& spec)
{
    Machine machine = co_await get_machine(act, vm);
    if (!carries_mark(spec.mark, machine.name(), machine.notes(), machine.folder())) {
        prove_ownership({.guid = vm, .mark = spec.mark},
                        {.name = machine.name(), .notes = machine.notes()});
    }
    co_return machine;
}

/// Ports made for the VM carry its mark as their name; others are not ours to remove.
Task<> delete_ports(Act& act, OwnershipMark mark)
{
    using Port = schema::v1::Msvm_SwitchPort;
    const auto rows = co_await act.query(
        fmt::format("select * from {} where ElementName='{}'", Port::class_name, mark.line()));
    for (const auto& row : rows) {
        const schema::Object<Port> port{row};
        co_await delete_port(act, port.get(Port::SystemName).value_or(""),
                             port.get(Port::Name).value_or(""));
    }
}

Task<> destroy(Act& act, const VmSummary& seen)
{
    using Destroy = Service::DestroyVirtualSystem;
    schema::Call<Destroy> call;
    call.set(Destroy::ComputerSystem, system_path(seen.guid));
    act.shared().held = {};
    const Done done = co_await act.change(call);
    // What the settings of the others hold is read here once for the files deleted next; a VM
    // without any medium shows its end by a Get.
    HeldDisks held = co_await read_held_disks(act);
    const bool still_holds = std::ranges::any_of(held.disks, [&](const HeldDisk& disk) {
        return is_below(disk.medium_id, settings_id(seen.guid));
    });
    bool is_there = still_holds;
    if (!is_there && !done.is_certain) {
        is_there = (co_await act.find(system_path(seen.guid))).has_value();
    }
    if (is_there) {
        act.require_certain(done);
        throw Error{ErrorKind::unavailable,
                    message::vm_state_not_reached{.host = act.host(),
                                                  .name = seen.name,
                                                  .state = std::string{to_string(seen.state)},
                                                  .wanted = "deleted"}};
    }
    act.shared().held = std::move(held);
}

} // namespace

Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier)
{
    check(act, spec, act.shared().capabilities);
    Machine machine; // a new VM has nothing of what it needs
    HostVmId vm;
    if (earlier) {
        vm = *earlier;
        machine = co_await get_earlier(act, vm, spec);
    } else {
        vm = co_await define_new(act, spec);
    }
    if (co_await complete(act, vm, machine, spec)) {
        machine = co_await get_machine(act, vm);
    }
    if (!has_mark(machine, spec) || machine.name() != spec.name) {
        throw_not_as_asked(act, spec.name, "Notes, ElementName");
    }
    if (!has_resources(machine, spec)) {
        throw_not_as_asked(act, spec.name, "memory, processors");
    }
    co_return vm;
}

Task<> delete_vm(Act& act, VmRef vm, bool force)
{
    std::optional<VmSummary> seen;
    try {
        seen = co_await look_at_own(act, vm);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    if (seen) {
        if (seen->state != PowerState::off && seen->state != PowerState::saved) {
            if (!force) {
                throw Error{ErrorKind::conflict,
                            message::vm_must_be_off{.name = seen->name,
                                                    .state = std::string{to_string(seen->state)}}};
            }
            co_await cut_power(act, vm.guid);
        }
        co_await destroy(act, *seen);
    }
    co_await delete_ports(act, vm.mark);
}

Task<std::vector<VmSummary>> find_by_mark(Act& act, OwnershipMark mark)
{
    const auto all = co_await read_summaries(act);
    std::map<Uuid, std::string> folders;
    const auto rows = co_await act.query(fmt::format("select * from {}", Global::class_name));
    for (const auto& row : rows) {
        const schema::Object<Global> global{row};
        if (const auto owner = owner_of(global.get(Global::InstanceID).value_or(""))) {
            folders[*owner] = global.get(Global::ExternalDataRoot).value_or("");
        }
    }
    std::vector<VmSummary> found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const VmSummary& vm) {
        return carries_mark(mark, vm.name, vm.notes, folders[vm.guid.value()]);
    });
    co_return found;
}

} // namespace watari::hyperv::v1
