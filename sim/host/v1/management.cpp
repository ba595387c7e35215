#include "sim/host/v1/ports.hpp"
#include "sim/host/v1/resources.hpp"
#include "sim/host/v1/summary.hpp"
#include "sim/host/v1/view.hpp"

#include <fmt/format.h>

#include <utility>

/// Msvm_VirtualSystemManagementService. What comes back at once and what starts a job:
/// schema/v1.json observed_call_results.
namespace watari::sim::host::v1 {

namespace {

std::vector<cim::Instance> embedded_array(const View& view, const MethodCall& call,
                                          std::string_view parameter)
{
    std::vector<cim::Instance> found;
    for (const cim::Value& value : elements(call.input[parameter])) {
        const std::string* text = value.string();
        if (text == nullptr) {
            refuse(code::invalid_parameter,
                   fmt::format("{} has an element that is no text", parameter));
        }
        found.push_back(view.repository().embedded(*text, call.method));
    }
    return found;
}

/// Runs `act`; a refusal leaves the VM as it was.
MethodAnswer as_a_whole(const View& view, Vm& vm, const std::function<MethodAnswer()>& act)
{
    Settings before = vm.settings;
    try {
        return act();
    } catch (const Error&) {
        vm.settings = std::move(before);
        reconcile_ports(view.host());
        throw;
    }
}

/// What the act made is among the job's affected elements, since the answer does not name it.
void add_created(const View& view, const Vm& vm, const MethodAnswer& answer,
                 std::vector<Subject>& affected)
{
    constexpr std::uint16_t other = 5;
    for (const cim::Value& value : elements(answer.output["NewResources"])) {
        const auto named =
            view.host().find_by_instance_id(value.reference()->key("InstanceID").value_or(""));
        affected.push_back({.kind = Subject::Kind::device,
                            .id = vm.id,
                            .detail = named ? named->device : "",
                            .effect = other});
    }
}

/// Recorded for a VM that is off: at once, 0. For others UNVERIFIED: a host job.
MethodAnswer change(const View& view, Vm& vm, std::string text,
                    const std::function<MethodAnswer()>& act)
{
    const auto whole = [&] { return as_a_whole(view, vm, act); };
    if (vm.state == VmState::off && view.profile().is("v1_resource_methods_return", "sync")) {
        return whole();
    }
    return view.in_job({.text = std::move(text),
                        .duration = view.host().options().durations.settings,
                        .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id}}},
                       [&](std::vector<Subject>& affected) {
                           MethodAnswer answer = whole();
                           add_created(view, vm, answer, affected);
                           return answer;
                       });
}

void apply_global(Settings& settings, const cim::Instance& given)
{
    if (const std::string* name = given["ElementName"].string()) {
        settings.name = *name;
    }
    if (const std::string* root = given["SnapshotDataRoot"].string();
        root != nullptr && !root->empty()) {
        settings.snapshot_root = *root;
    }
    if (const auto action = given["AutomaticStartupAction"].unsigned_integer()) {
        settings.startup_action = startup_action(*action);
    }
    if (const auto action = given["AutomaticShutdownAction"].unsigned_integer()) {
        settings.shutdown_action = shutdown_action(*action);
    }
    if (const auto action = given["AutomaticRecoveryAction"].unsigned_integer()) {
        settings.recovery_action = recovery_action(*action);
    }
    if (const cim::DateTime* delay = given["AutomaticStartupActionDelay"].datetime()) {
        settings.startup_delay = std::chrono::duration_cast<std::chrono::seconds>(delay->length());
    }
    for (const char* kept : {"AllowFullSCSICommandSet", "AutoActivate", "ScopeOfResidence"}) {
        if (const cim::Property* property = given.find(kept)) {
            settings.other.set(*property);
        }
    }
}

void apply_settings(Settings& settings, const cim::Instance& given)
{
    const auto take = [&](std::string_view property, std::string& into) {
        if (const std::string* text = given[property].string()) {
            into = *text;
        }
    };
    take("Notes", settings.notes);
    take("BIOSGUID", settings.bios_guid);
    take("BIOSSerialNumber", settings.bios_serial);
    take("BaseBoardSerialNumber", settings.base_board_serial);
    take("ChassisSerialNumber", settings.chassis_serial);
    take("ChassisAssetTag", settings.chassis_asset_tag);
    if (const auto order = elements(given["BootOrder"]); !order.empty()) {
        settings.boot_order.clear();
        for (const cim::Value& entry : order) {
            settings.boot_order.push_back(
                static_cast<std::uint16_t>(entry.unsigned_integer().value_or(0)));
        }
    }
    for (const char* kept : {"BIOSNumLock", "AutoActivate", "NumaNodesAreRequired"}) {
        if (const cim::Property* property = given.find(kept)) {
            settings.other.set(*property);
        }
    }
}

Settings fresh_settings(const View& view)
{
    Settings settings = view.host().fresh_settings(1);
    if (view.profile().is("v1_global_actions", "0/1/0")) {
        settings.startup_action = StartupAction::none;
        settings.recovery_action = RecoveryAction::none;
    } else {
        settings.recovery_action = RecoveryAction::restart;
    }
    return settings;
}

MethodAnswer define_virtual_system(const View& view, const MethodCall& call)
{
    Settings settings = fresh_settings(view);
    if (!call.input["SystemSettingData"].is_null()) {
        const cim::Instance given =
            view.repository().embedded(text_of(call.input, "SystemSettingData"), call.method);
        if (!cim::same_name(given.class_name(), "Msvm_VirtualSystemGlobalSettingData")) {
            refuse(code::invalid_parameter, "SystemSettingData is of another class");
        }
        apply_global(settings, given);
        if (const std::string* root = given["ExternalDataRoot"].string();
            root != nullptr && !root->empty()) {
            settings.configuration_root = *root;
        }
    }
    if (!call.input["SourceSetting"].is_null()) {
        refuse(code::not_supported, "A virtual system is not defined from another");
    }
    const auto resources = embedded_array(view, call, "ResourceSettingData");
    for (const cim::Instance& resource : resources) {
        apply_to_system(view, settings, resource);
    }
    Vm& vm = view.host().define_vm({.settings = std::move(settings)});
    if (view.profile().is("define_takes_all_resources", "all")) {
        for (const cim::Instance& resource : resources) {
            Settings ignored;
            if (!apply_to_system(view, ignored, resource)) {
                add_resource(view, vm, resource);
            }
        }
    }
    if (view.profile().is("define_system_returns", "job")) {
        return view.started(view.host().jobs().start(
            {.text = "Creating Virtual Machine",
             .duration = view.host().options().durations.settings,
             .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id, .effect = 5}}}));
    }
    MethodAnswer answer;
    answer.output.set("DefinedSystem", cim::Type::reference, view.system(vm.id));
    return answer;
}

/// The settings object of `vm` that the instance names; without InstanceID the current one.
std::optional<Uuid> named_checkpoint(const View& view, const Vm& vm, const cim::Instance& given)
{
    const std::string* id = given["InstanceID"].string();
    if (id == nullptr) {
        return std::nullopt;
    }
    const bool is_global =
        cim::same_name(given.class_name(), "Msvm_VirtualSystemGlobalSettingData");
    const auto named = view.host().find_by_instance_id(*id);
    if (!named || named->vm != &vm || !cim::same_name(named->device, is_global ? "Global" : "")) {
        refuse(code::invalid_parameter,
               "InstanceID names other settings than those of the virtual machine");
    }
    return named->checkpoint == nullptr ? std::nullopt : std::optional{named->checkpoint->id};
}

void rename_checkpoint(Vm& vm, const Uuid& id, const cim::Instance& given)
{
    for (Checkpoint& checkpoint : vm.checkpoints) {
        if (checkpoint.id == id) {
            checkpoint.settings.name = text_of(given, "ElementName");
            if (const std::string* notes = given["Notes"].string()) {
                checkpoint.settings.notes = *notes;
            }
        }
    }
}

void check_firmware_unchanged(const Vm& vm, const Settings& changed)
{
    const Settings& now = vm.settings;
    const bool same =
        now.bios_guid == changed.bios_guid && now.bios_serial == changed.bios_serial &&
        now.base_board_serial == changed.base_board_serial &&
        now.chassis_serial == changed.chassis_serial &&
        now.chassis_asset_tag == changed.chassis_asset_tag && now.boot_order == changed.boot_order;
    if (vm.state != VmState::off && !same) {
        refuse(code::invalid_state,
               "The firmware's settings cannot be changed while the virtual machine is running");
    }
}

MethodAnswer modify_virtual_system(const View& view, const MethodCall& call)
{
    Vm& vm = view.vm_of(call.input, "ComputerSystem");
    const cim::Instance given =
        view.repository().embedded(text_of(call.input, "SystemSettingData"), call.method);
    const bool is_global =
        cim::same_name(given.class_name(), "Msvm_VirtualSystemGlobalSettingData");
    if (!is_global && !cim::same_name(given.class_name(), "Msvm_VirtualSystemSettingData")) {
        refuse(code::invalid_parameter, "SystemSettingData is of another class");
    }
    const auto checkpoint = named_checkpoint(view, vm, given);
    const auto act = [&] {
        MethodAnswer answer;
        if (checkpoint) {
            rename_checkpoint(vm, *checkpoint, given);
        } else {
            view.host().change_settings(vm, [&](Settings& settings) {
                if (is_global) {
                    apply_global(settings, given);
                } else {
                    apply_settings(settings, given);
                    check_firmware_unchanged(vm, settings);
                }
            });
        }
        answer.output.set("ModifiedSettingData", cim::Type::reference,
                          is_global ? view.global_settings(vm.id)
                                    : view.settings(checkpoint.value_or(vm.id)));
        return answer;
    };
    // Nothing was recorded of this call; it follows its successor's switch.
    if (view.profile().is("modify_system_off", "job")) {
        return view.in_job({.text = "Modifying Virtual Machine Settings",
                            .duration = view.host().options().durations.settings,
                            .affected = {Subject{.kind = Subject::Kind::vm, .id = vm.id}}},
                           [&](std::vector<Subject>&) { return act(); });
    }
    return act();
}

MethodAnswer modify_resources(const View& view, const MethodCall& call)
{
    Vm& vm = view.vm_of(call.input, "ComputerSystem");
    const auto given = embedded_array(view, call, "ResourceSettingData");
    if (given.empty()) {
        refuse(code::invalid_parameter, "ResourceSettingData is empty");
    }
    return change(view, vm, "Modifying Virtual Machine Devices", [&] {
        for (const cim::Instance& resource : given) {
            modify_resource(view, vm, resource);
        }
        return MethodAnswer{};
    });
}

MethodAnswer add_resources(const View& view, const MethodCall& call)
{
    Vm& vm = view.vm_of(call.input, "TargetSystem");
    const auto given = embedded_array(view, call, "ResourceSettingData");
    if (given.empty()) {
        refuse(code::invalid_parameter, "ResourceSettingData is empty");
    }
    return change(view, vm, "Adding Virtual Machine Devices", [&] {
        cim::Value::Array added;
        for (const cim::Instance& resource : given) {
            const std::string id = add_resource(view, vm, resource);
            added.emplace_back(view.device_settings(vm.id, *vm.settings.find(id)));
        }
        MethodAnswer answer;
        answer.output.set("NewResources", cim::Type::reference, std::move(added));
        return answer;
    });
}

MethodAnswer remove_resources(const View& view, const MethodCall& call)
{
    Vm& vm = view.vm_of(call.input, "TargetSystem");
    const auto given = elements(call.input["ResourceSettingData"]);
    if (given.empty()) {
        refuse(code::invalid_parameter, "ResourceSettingData is empty");
    }
    return change(view, vm, "Removing Virtual Machine Devices", [&] {
        for (const cim::Value& value : given) {
            const cim::ObjectPath* path = value.reference();
            if (path == nullptr) {
                refuse(code::invalid_parameter,
                       "ResourceSettingData has an element that is no reference");
            }
            const Device& device = view.device_of(vm, *path);
            const std::string id = device.id;
            if (is_nic(device.kind)) {
                disconnect_nic(view.host(), vm, id);
            }
            view.host().remove_device(vm, id);
        }
        return MethodAnswer{};
    });
}

/// The VM and the checkpoint a reference to settings names. Throws refuse(32773).
std::pair<Vm*, Uuid> checkpoint_of(const View& view, const MethodCall& call)
{
    const cim::ObjectPath* path = call.input["SnapshotSettingData"].reference();
    const auto named = path == nullptr
                           ? std::nullopt
                           : view.host().find_by_instance_id(path->key("InstanceID").value_or(""));
    if (!named || named->checkpoint == nullptr || !named->device.empty()) {
        refuse(code::invalid_parameter, "SnapshotSettingData names no snapshot");
    }
    return {named->vm, named->checkpoint->id};
}

MethodAnswer apply_snapshot(const View& view, const MethodCall& call)
{
    const auto [vm, checkpoint] = checkpoint_of(view, call);
    if (&view.vm_of(call.input, "ComputerSystem") != vm) {
        refuse(code::invalid_parameter, "The snapshot is another virtual machine's");
    }
    const Job& job = view.host().apply_checkpoint(*vm, checkpoint);
    // The plain form has no Job parameter: its caller only learns that it began.
    return call.method == "ApplyVirtualSystemSnapshotEx"
               ? view.started(job)
               : MethodAnswer{.return_value = code::job_started};
}

MethodAnswer remove_snapshot(const View& view, const MethodCall& call)
{
    const auto [vm, checkpoint] = checkpoint_of(view, call);
    return view.started(view.host().destroy_checkpoint(
        *vm, checkpoint, call.method == "RemoveVirtualSystemSnapshotTree"));
}

MethodAnswer modify_service_settings(const View& view, const MethodCall& call)
{
    const cim::Instance given =
        view.repository().embedded(text_of(call.input, "SettingData"), call.method);
    if (!cim::same_name(given.class_name(), "Msvm_VirtualSystemManagementServiceSettingData")) {
        refuse(code::invalid_parameter, "SettingData is of another class");
    }
    const auto text = [&](std::string_view property) {
        const std::string* value = given[property].string();
        return value == nullptr ? std::string{} : *value;
    };
    view.host().set_default_roots(text("DefaultExternalDataRoot"),
                                  text("DefaultVirtualHardDiskPath"));
    return {};
}

cim::Instance service_settings_row(const View& view)
{
    Row row{"Msvm_VirtualSystemManagementServiceSettingData"};
    row.set("InstanceID", "Microsoft:" + view.host().name())
        .set("ElementName", "Hyper-V Virtual System Management Service Settings");
    row.set("DefaultExternalDataRoot", view.host().default_configuration_root())
        .set("DefaultVirtualHardDiskPath", view.host().default_disk_root());
    row.set("MinimumMacAddress", view.host().dynamic_mac_prefix() + "00")
        .set("MaximumMacAddress", view.host().dynamic_mac_prefix() + "FF");
    return row.set("NumaSpanningEnabled", true)
        .set("PrimaryOwnerName", "Administrators")
        .set("PrimaryOwnerContact", "")
        .take();
}

} // namespace

void add_management(const View& view)
{
    ClassProvider service;
    service.produce = [view](const Demand&, const Sink& sink) {
        produce_service(view, "Msvm_VirtualSystemManagementService", sink);
    };
    const auto add = [&](const char* name, MethodAnswer (*act)(const View&, const MethodCall&)) {
        service.methods[name] =
            method([view, act](const MethodCall& call) { return act(view, call); });
    };
    add("DefineVirtualSystem", define_virtual_system);
    add("ModifyVirtualSystem", modify_virtual_system);
    add("ModifyVirtualSystemResources", modify_resources);
    add("AddVirtualSystemResources", add_resources);
    add("RemoveVirtualSystemResources", remove_resources);
    add("DestroyVirtualSystem", [](const View& at, const MethodCall& call) {
        return at.started(at.host().destroy_vm(at.vm_of(call.input, "ComputerSystem").id));
    });
    add("GetSummaryInformation", get_summary_information);
    add("CreateVirtualSystemSnapshot", [](const View& at, const MethodCall& call) {
        // Recorded: SnapshotSettingData is null at return; it is an affected element of the
        // finished job.
        return at.started(at.host().create_checkpoint(at.vm_of(call.input, "SourceSystem")));
    });
    add("ApplyVirtualSystemSnapshot", apply_snapshot);
    add("ApplyVirtualSystemSnapshotEx", apply_snapshot);
    add("RemoveVirtualSystemSnapshot", remove_snapshot);
    add("RemoveVirtualSystemSnapshotTree", remove_snapshot);
    add("ModifyServiceSettings", modify_service_settings);
    view.repository().add("Msvm_VirtualSystemManagementService", std::move(service));
    view.repository().add(
        "Msvm_VirtualSystemManagementServiceSettingData",
        {.produce = [view](const Demand&, const Sink& sink) { sink(service_settings_row(view)); }});
}

} // namespace watari::sim::host::v1
