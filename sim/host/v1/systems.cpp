#include "sim/host/v1/view.hpp"

#include <fmt/format.h>

#include <utility>

/// Msvm_ComputerSystem (VMs and the host itself) and the services' own rows (fresh-vm.md 1.1, 2,
/// 8).
namespace watari::sim::host::v1 {

namespace {

cim::Instance host_row(const View& view)
{
    Row row{"Msvm_ComputerSystem"};
    row.set("CreationClassName", "Msvm_ComputerSystem")
        .set("Name", view.host().name())
        .set("ElementName", view.host().name());
    row.set("Caption", "Hosting Computer System")
        .set("Description", "Microsoft Hosting Computer System");
    row.set("EnabledState", 2)
        .set("EnabledDefault", 2)
        .set("RequestedState", 12)
        .set("HealthState", 5)
        .set("Status", "OK");
    row.set("OperationalStatus", numbers({2}))
        .set("StatusDescriptions", texts({"OK"}))
        .set("ResetCapability", 1);
    return row.take();
}

cim::Instance vm_row(const View& view, const Vm& vm)
{
    Row row{"Msvm_ComputerSystem"};
    const std::uint16_t state = enabled_state(vm.state);
    row.set("CreationClassName", "Msvm_ComputerSystem")
        .set("Name", vm.id.upper())
        .set("ElementName", vm.settings.name);
    row.set("Caption", "Virtual Machine").set("Description", "Microsoft Virtual Machine");
    row.set("EnabledState", state).set("EnabledDefault", vm.state == VmState::running ? 2 : 3);
    row.set("RequestedState", requested_state(vm.requested_state))
        .set("HealthState", 5)
        .set("Status", "OK");
    row.set("OperationalStatus", numbers(vm.operational_status))
        .set("StatusDescriptions", texts({"Operating normally"}));
    row.set("InstallDate", moment(vm.settings.created))
        .set("TimeOfLastConfigurationChange", moment(vm.settings_changed));
    row.set("TimeOfLastStateChange", vm.state_changed ? moment(*vm.state_changed) : never());
    row.set("OnTimeInMilliseconds", view.host().uptime_ms(vm)).set("ResetCapability", 1);
    if (vm.process_id != 0) {
        row.set("ProcessID", vm.process_id);
    }
    return row.take();
}

MethodAnswer request_state_change(const View& view, const MethodCall& call)
{
    const auto id = Uuid::parse(call.target.key("Name").value_or(""));
    Vm* vm = id ? view.host().find_vm(*id) : nullptr;
    if (vm == nullptr) {
        refuse(code::not_supported, "The host's own state cannot be changed");
    }
    const auto power = power_of(call.input["RequestedState"].unsigned_integer().value_or(0));
    if (!power) {
        refuse(code::invalid_parameter, "There is no such state");
    }
    // Recorded: 4096 and a job; 32775 without one when the VM is in that state already.
    return view.started(view.host().change_state(*vm, *power));
}

struct ServiceWords {
    std::string_view class_name;
    std::string_view name;
    std::string_view element_name;
};

/// Names: fresh-vm.md 3 (recorded in v2 except the image service's, documented).
constexpr ServiceWords services[] = {
    {"Msvm_VirtualSystemManagementService", "vmms", "Hyper-V Virtual Machine Management"},
    {"Msvm_ImageManagementService", "vhdsvc", "Hyper-V Image Management Service"},
    {"Msvm_VirtualSwitchManagementService", "nvspwmi", "Hyper-V Networking Management Service"},
};

cim::ObjectPath service_path(const View& view, const ServiceWords& words)
{
    return view.path(words.class_name, {{"CreationClassName", words.class_name},
                                        {"Name", words.name},
                                        {"SystemCreationClassName", "Msvm_ComputerSystem"},
                                        {"SystemName", view.host().name()}});
}

void add_hosted(const View& view)
{
    view.repository().add("Msvm_HostedDependency",
                          {.produce = [view](const Demand& demand, const Sink& sink) {
                              for_each_vm(view.host(), demand, [&](const Vm& vm) {
                                  sink(Row{"Msvm_HostedDependency"}
                                           .set("Antecedent", view.host_system())
                                           .set("Dependent", view.system(vm.id))
                                           .take());
                              });
                          }});
    view.repository().add("Msvm_HostedService",
                          {.produce = [view](const Demand&, const Sink& sink) {
                              for (const ServiceWords& words : services) {
                                  sink(Row{"Msvm_HostedService"}
                                           .set("Antecedent", view.host_system())
                                           .set("Dependent", service_path(view, words))
                                           .take());
                              }
                          }});
}

} // namespace

void produce_service(const View& view, std::string_view class_name, const Sink& sink)
{
    for (const ServiceWords& words : services) {
        if (words.class_name != class_name) {
            continue;
        }
        Row row{class_name};
        row.set("CreationClassName", class_name)
            .set("Name", words.name)
            .set("SystemCreationClassName", "Msvm_ComputerSystem");
        row.set("SystemName", view.host().name())
            .set("ElementName", words.element_name)
            .set("Caption", words.element_name);
        row.set("EnabledState", 5)
            .set("EnabledDefault", 2)
            .set("RequestedState", 12)
            .set("HealthState", 5)
            .set("Status", "OK");
        row.set("OperationalStatus", numbers({2}))
            .set("StatusDescriptions", texts({"OK"}))
            .set("Started", true)
            .set("StartMode", "Automatic");
        sink(row.take());
    }
}

void add_systems(const View& view)
{
    ClassProvider systems;
    systems.produce = [view](const Demand& demand, const Sink& sink) {
        if (demand.allows("Name", view.host().name())) {
            sink(host_row(view));
        }
        if (demand.owners() != nullptr || !demand.text("Name")) {
            for_each_vm(view.host(), demand, [&](const Vm& vm) { sink(vm_row(view, vm)); });
        }
    };
    systems.methods["RequestStateChange"] =
        method([view](const MethodCall& call) { return request_state_change(view, call); });
    view.repository().add("Msvm_ComputerSystem", std::move(systems));
    add_hosted(view);
}

} // namespace watari::sim::host::v1
