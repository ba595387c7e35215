#include "hyperv/wmi/vm.hpp"
#include "hyperv/v1/acts.hpp"
#include "hyperv/v1/network.hpp"
#include "hyperv/wmi/memory.hpp"
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
        .set(Global::AutomaticStartupAction, startup_action.of(spec.startup));
    schema::Call<Define> call;
    call.set(Define::SystemSettingData, settings);
    const Done done = co_await act.change(call);
    co_return co_await defined_vm(act, done, spec);
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
    call.set(Modify::ComputerSystem, wmi::system_path<Dialect::Classes>(vm))
        .set(Modify::SystemSettingData, settings);
    co_await act.change(call);
}

/// The other lines of `notes` stay.
Task<> write_mark(Act& act, HostVmId vm, std::string notes, OwnershipMark mark)
{
    schema::Object<Settings> settings;
    settings.set(Settings::InstanceID, wmi::settings_id(vm))
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
    if (!wmi::has_resources(machine, spec)) {
        co_await Dialect::modify_resources(act, vm, spec.memory, spec.processors, false);
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
    Machine machine = co_await wmi::get_machine<Dialect>(act, vm);
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

} // namespace

Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier)
{
    wmi::check(act, spec);
    Machine machine; // a new VM has nothing of what it needs
    HostVmId vm;
    if (earlier) {
        vm = *earlier;
        machine = co_await get_earlier(act, vm, spec);
    } else {
        vm = co_await define_new(act, spec);
    }
    if (co_await complete(act, vm, machine, spec)) {
        machine = co_await wmi::get_machine<Dialect>(act, vm);
    }
    if (!has_mark(machine, spec) || machine.name() != spec.name) {
        wmi::throw_vm_not_as_asked(act, spec.name, "Notes, ElementName");
    }
    if (!wmi::has_resources(machine, spec)) {
        wmi::throw_vm_not_as_asked(act, spec.name, "memory, processors");
    }
    co_return vm;
}

Task<> delete_vm(Act& act, VmRef vm, bool force)
{
    co_await wmi::remove_vm<Dialect>(act, vm, force);
    co_await delete_ports(act, vm.mark);
}

Task<std::vector<VmSummary>> find_by_mark(Act& act, OwnershipMark mark)
{
    const auto all = co_await wmi::read_summaries<Dialect>(act);
    std::map<Uuid, std::string> folders;
    const auto rows = co_await act.query(fmt::format("select * from {}", Global::class_name));
    for (const auto& row : rows) {
        const schema::Object<Global> global{row};
        if (const auto owner = wmi::owner_of(global.get(Global::InstanceID).value_or(""))) {
            folders[*owner] = global.get(Global::ExternalDataRoot).value_or("");
        }
    }
    std::vector<VmSummary> found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const VmSummary& vm) {
        return carries_mark(mark, vm.name, vm.notes, folders[vm.guid.value()]);
    });
    co_return found;
}

Task<Done> Dialect::modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                                     std::optional<unsigned> processors, bool is_running)
{
    using Modify = Service::ModifyVirtualSystemResources;
    schema::Call<Modify> call;
    call.set(Modify::ComputerSystem, wmi::system_path<Classes>(vm))
        .set(Modify::ResourceSettingData,
             wmi::resource_changes<Classes>(vm, memory, processors, is_running));
    co_return co_await act.change(call);
}

Task<Done> Dialect::destroy(Act& act, HostVmId vm)
{
    using Destroy = Service::DestroyVirtualSystem;
    schema::Call<Destroy> call;
    call.set(Destroy::ComputerSystem, wmi::system_path<Classes>(vm));
    co_return co_await act.change(call);
}

Task<std::optional<cim::ObjectPath>> Dialect::shutdown_component(Act& act, HostVmId vm)
{
    using Shutdown = Classes::Msvm_ShutdownComponent;
    const auto rows = co_await act.query(fmt::format("select * from {} where SystemName='{}'",
                                                     Shutdown::class_name, vm.value().upper()));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    const schema::Object<Shutdown> row{rows.front()};
    co_return cim::ObjectPath{std::string{Shutdown::ns},
                              std::string{Shutdown::class_name},
                              {{"CreationClassName", cim::Value{Shutdown::class_name}},
                               {"DeviceID", cim::Value{row.get(Shutdown::DeviceID).value_or("")}},
                               {"SystemCreationClassName", cim::Value{System::class_name}},
                               {"SystemName", cim::Value{vm.value().upper()}}}};
}

} // namespace watari::hyperv::v1
