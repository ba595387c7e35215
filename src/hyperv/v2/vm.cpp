#include "hyperv/v2/vm.hpp"

#include "hyperv/ownership.hpp"
#include "hyperv/v2/machine.hpp"
#include "hyperv/v2/memory.hpp"
#include "hyperv/v2/power.hpp"
#include "hyperv/v2/summary.hpp"
#include "hyperv/v2/values.hpp"
#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_VirtualSystemManagementService;
using System = schema::v2::Msvm_ComputerSystem;
using Settings = schema::v2::Msvm_VirtualSystemSettingData;
using Processor = schema::v2::Msvm_ProcessorSettingData;
using Affected = schema::v2::Msvm_AffectedJobElement;

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

schema::Object<Settings> settings_of(const Act& act, const VmSpec& spec)
{
    schema::Object<Settings> settings;
    settings.set(Settings::ElementName, spec.name)
        .set(Settings::Notes, std::vector<std::string>{with_mark("", spec.mark)})
        .set(Settings::ConfigurationDataRoot, spec.folder)
        .set(Settings::SnapshotDataRoot, spec.folder)
        .set(Settings::SwapFileDataRoot, spec.folder)
        .set(Settings::AutomaticStartupAction, startup_action(spec.startup));
    if (act.has(Capability::vm_generation_2)) { // the property is there only then
        settings.set(
            Settings::VirtualSystemSubType,
            std::string{spec.vm_generation == 2 ? sub_type::generation_2 : sub_type::generation_1});
    }
    if (!spec.configuration_version.empty()) {
        settings.set(Settings::Version, spec.configuration_version);
    }
    return settings;
}

/// The VM among the elements a DefineSystem job affected.
Task<std::optional<HostVmId>> made_by_job(Act& act, std::string job)
{
    const auto path = by_instance_id(schema::v2::Msvm_ConcreteJob::class_name, job);
    const auto rows = co_await act.query(fmt::format("references of {{{}}} where ResultClass = {}",
                                                     path.text(), Affected::class_name));
    for (const auto& instance : rows) {
        const auto element = schema::Object<Affected>{instance}.get(Affected::AffectedElement);
        if (element && cim::same_name(element->class_name(), System::class_name)) {
            if (const auto guid = Uuid::parse(element->key("Name").value_or(""))) {
                co_return HostVmId{*guid};
            }
        }
    }
    co_return std::nullopt;
}

/// By result, by affected element, by mark: the first that tells.
Task<HostVmId> defined_vm(Act& act, const Done& done, const VmSpec& spec)
{
    if (const auto system = schema::Result<Service::DefineSystem>{done.output}.get(
            Service::DefineSystem::ResultingSystem)) {
        if (const auto guid = Uuid::parse(system->key("Name").value_or(""))) {
            co_return HostVmId{*guid};
        }
    }
    if (!done.job.empty() && done.is_certain) {
        if (const auto guid = co_await made_by_job(act, done.job)) {
            co_return *guid;
        }
    }
    const auto marked = with_mark_of(co_await read_summaries(act), spec.mark);
    if (marked.size() != 1) {
        throw Error{ErrorKind::outcome_unknown,
                    message::host_job_lost{.host = act.host(), .method = done.method}};
    }
    co_return marked.front().guid;
}

Task<HostVmId> define_new(Act& act, const VmSpec& spec)
{
    using Define = Service::DefineSystem;
    schema::Call<Define> call;
    call.set(Define::SystemSettings, settings_of(act, spec))
        .set(Define::ResourceSettings,
             std::vector<std::string>{memory_settings(spec.memory).cim_xml(),
                                      processor_settings(spec.processors).cim_xml()});
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

bool has_identity(const Machine& machine, const VmSpec& spec)
{
    return mark_in(machine.notes()) == spec.mark && machine.name() == spec.name;
}

/// Name and mark; the other lines of Notes stay.
Task<> modify_identity(Act& act, HostVmId vm, const Machine& machine, const VmSpec& spec)
{
    schema::Object<Settings> settings;
    settings.set(Settings::InstanceID, settings_id(vm))
        .set(Settings::ElementName, spec.name)
        .set(Settings::Notes, std::vector<std::string>{with_mark(machine.notes(), spec.mark)});
    schema::Call<Service::ModifySystemSettings> call;
    call.set(Service::ModifySystemSettings::SystemSettings, settings);
    co_await act.change(call);
}

} // namespace

Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier)
{
    check(act, spec, act.shared().capabilities);
    const HostVmId vm = earlier ? *earlier : co_await define_new(act, spec);
    Machine machine = co_await get_machine(act, vm);
    if (earlier) {
        prove_ownership(
            {.guid = vm, .mark = spec.mark, .folder = spec.folder},
            {.name = machine.name(),
             .notes = machine.notes(),
             .folder = machine.settings->get(Settings::ConfigurationDataRoot).value_or("")});
    }
    const bool lacks_identity = !has_identity(machine, spec);
    const bool lacks_resources = !has_resources(machine, spec);
    if (lacks_identity) {
        co_await modify_identity(act, vm, machine, spec);
    }
    if (lacks_resources) {
        co_await modify_resources(act, vm, spec.memory, spec.processors, false);
    }
    if (lacks_identity || lacks_resources) {
        machine = co_await get_machine(act, vm);
    }
    if (!has_identity(machine, spec)) {
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
    if (!seen) {
        co_return;
    }
    if (seen->state != PowerState::off && seen->state != PowerState::saved) {
        if (!force) {
            throw Error{ErrorKind::conflict,
                        message::vm_must_be_off{.name = seen->name,
                                                .state = std::string{to_string(seen->state)}}};
        }
        co_await cut_power(act, vm.guid);
    }
    schema::Call<Service::DestroySystem> call;
    call.set(Service::DestroySystem::AffectedSystem, system_path(vm.guid));
    act.shared().held = {};
    const Done done = co_await act.change(call);
    // What the settings of the others hold is read here once for the files deleted next; a VM
    // without any medium shows its end by a Get.
    HeldDisks held = co_await read_held_disks(act);
    const bool still_holds = std::ranges::any_of(held.disks, [&](const HeldDisk& disk) {
        return is_below(disk.medium_id, settings_id(vm.guid));
    });
    const bool is_there =
        still_holds || (!done.is_certain && co_await act.find(system_path(vm.guid)));
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

std::vector<VmSummary> with_mark_of(std::vector<VmSummary> all, const OwnershipMark& mark)
{
    std::erase_if(all, [&](const VmSummary& vm) { return vm.mark != mark; });
    return all;
}

} // namespace watari::hyperv::v2
