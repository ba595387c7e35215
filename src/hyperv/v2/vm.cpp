#include "hyperv/wmi/vm.hpp"
#include "hyperv/v2/acts.hpp"
#include "hyperv/wmi/memory.hpp"
#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_VirtualSystemManagementService;
using System = schema::v2::Msvm_ComputerSystem;
using Settings = schema::v2::Msvm_VirtualSystemSettingData;
using Memory = schema::v2::Msvm_MemorySettingData;
using Processor = schema::v2::Msvm_ProcessorSettingData;
using Affected = schema::v2::Msvm_AffectedJobElement;

schema::Object<Settings> settings_of(const Act& act, const VmSpec& spec)
{
    schema::Object<Settings> settings;
    settings.set(Settings::ElementName, spec.name)
        .set(Settings::Notes, std::vector<std::string>{with_mark("", spec.mark)})
        .set(Settings::ConfigurationDataRoot, spec.folder)
        .set(Settings::SnapshotDataRoot, spec.folder)
        .set(Settings::SwapFileDataRoot, spec.folder)
        .set(Settings::AutomaticStartupAction, startup_action.of(spec.startup));
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
    const auto path = wmi::by_instance_id<schema::v2::Msvm_ConcreteJob>(job);
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
    auto marked = co_await wmi::read_summaries<Dialect>(act);
    std::erase_if(marked, [&](const VmSummary& vm) { return vm.mark != spec.mark; });
    if (marked.size() != 1) {
        throw Error{ErrorKind::outcome_unknown,
                    message::host_job_lost{.host = act.host(), .method = done.method}};
    }
    co_return marked.front().guid;
}

/// Static memory: quantity, reservation and limit are one (fresh-vm.md 1.3).
std::string memory_settings(ByteSize memory)
{
    const auto mib = memory.in_whole_mib();
    schema::Object<Memory> settings;
    settings.set(Memory::ResourceType, resource_type::memory)
        .set(Memory::ResourceSubType, std::string{sub_type::memory})
        .set(Memory::VirtualQuantity, mib)
        .set(Memory::Reservation, mib)
        .set(Memory::Limit, mib)
        .set(Memory::DynamicMemoryEnabled, false);
    return settings.cim_xml();
}

std::string processor_settings(unsigned count)
{
    schema::Object<Processor> settings;
    settings.set(Processor::ResourceType, resource_type::processor)
        .set(Processor::ResourceSubType, std::string{sub_type::processor})
        .set(Processor::VirtualQuantity, count);
    return settings.cim_xml();
}

Task<HostVmId> define_new(Act& act, const VmSpec& spec)
{
    using Define = Service::DefineSystem;
    schema::Call<Define> call;
    call.set(Define::SystemSettings, settings_of(act, spec))
        .set(Define::ResourceSettings,
             std::vector<std::string>{memory_settings(spec.memory),
                                      processor_settings(spec.processors)});
    const Done done = co_await act.change(call);
    co_return co_await defined_vm(act, done, spec);
}

bool has_identity(const Machine& machine, const VmSpec& spec)
{
    return mark_in(machine.notes()) == spec.mark && machine.name() == spec.name;
}

/// Name and mark; the other lines of Notes stay.
Task<> modify_identity(Act& act, HostVmId vm, const Machine& machine, const VmSpec& spec)
{
    schema::Object<Settings> settings;
    settings.set(Settings::InstanceID, wmi::settings_id(vm))
        .set(Settings::ElementName, spec.name)
        .set(Settings::Notes, std::vector<std::string>{with_mark(machine.notes(), spec.mark)});
    schema::Call<Service::ModifySystemSettings> call;
    call.set(Service::ModifySystemSettings::SystemSettings, settings);
    co_await act.change(call);
}

} // namespace

Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier)
{
    wmi::check(act, spec);
    const HostVmId vm = earlier ? *earlier : co_await define_new(act, spec);
    Machine machine = co_await wmi::get_machine<Dialect>(act, vm);
    if (earlier) {
        wmi::prove_own<Dialect>({.guid = vm, .mark = spec.mark, .folder = spec.folder}, machine);
    }
    const bool lacks_identity = !has_identity(machine, spec);
    const bool lacks_resources = !wmi::has_resources(machine, spec);
    if (lacks_identity) {
        co_await modify_identity(act, vm, machine, spec);
    }
    if (lacks_resources) {
        co_await Dialect::modify_resources(act, vm, spec.memory, spec.processors, false);
    }
    if (lacks_identity || lacks_resources) {
        machine = co_await wmi::get_machine<Dialect>(act, vm);
    }
    if (!has_identity(machine, spec)) {
        wmi::throw_vm_not_as_asked(act, spec.name, "Notes, ElementName");
    }
    if (!wmi::has_resources(machine, spec)) {
        wmi::throw_vm_not_as_asked(act, spec.name, "memory, processors");
    }
    co_return vm;
}

Task<Done> Dialect::modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                                     std::optional<unsigned> processors, bool is_running)
{
    using Modify = Service::ModifyResourceSettings;
    schema::Call<Modify> call;
    call.set(Modify::ResourceSettings,
             wmi::resource_changes<Classes>(vm, memory, processors, is_running));
    co_return co_await act.change(call);
}

Task<Done> Dialect::destroy(Act& act, HostVmId vm)
{
    using Destroy = Service::DestroySystem;
    schema::Call<Destroy> call;
    call.set(Destroy::AffectedSystem, wmi::system_path<Classes>(vm));
    co_return co_await act.change(call);
}

/// Its name can be written down without asking (fresh-vm.md 3).
Task<std::optional<cim::ObjectPath>> Dialect::shutdown_component(Act&, HostVmId vm)
{
    using Shutdown = Classes::Msvm_ShutdownComponent;
    co_return cim::ObjectPath{
        std::string{Shutdown::ns},
        std::string{Shutdown::class_name},
        {{"CreationClassName", cim::Value{Shutdown::class_name}},
         {"DeviceID", cim::Value{"Microsoft:9F8233AC-BE49-4C79-8EE3-E7E1985B2077"}},
         {"SystemCreationClassName", cim::Value{Classes::Msvm_ComputerSystem::class_name}},
         {"SystemName", cim::Value{vm.value().upper()}}}};
}

} // namespace watari::hyperv::v2
