#include "sim/host/v1/view.hpp"

#include "cim/cim_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

/// Live devices: what the guest sees. Off, they stand there disabled and the integration components
/// are absent (switch live_devices_when_off).
namespace watari::sim::host::v1 {

namespace {

constexpr std::uint16_t status_ok = 2;
constexpr std::uint16_t status_no_contact = 12;

/// The settings id without the VM: "Microsoft:<device>"; keyboard and mouse without their last part
/// (fresh-vm.md 1.5).
std::string device_id_of(const Device& device)
{
    const bool is_input =
        device.kind == DeviceKind::keyboard || device.kind == DeviceKind::ps2_mouse;
    return "Microsoft:" + (is_input ? device.id.substr(0, device.id.find('\\')) : device.id);
}

Row start(std::string_view class_name, const Vm& vm, std::string device_id)
{
    const bool runs = vm.state == VmState::running;
    Row row{class_name};
    row.set("CreationClassName", class_name).set("DeviceID", std::move(device_id));
    row.set("SystemCreationClassName", "Msvm_ComputerSystem").set("SystemName", vm.id.upper());
    row.set("EnabledState", runs ? 2 : 3)
        .set("EnabledDefault", 2)
        .set("RequestedState", 12)
        .set("HealthState", 5)
        .set("Status", "OK");
    row.set("OperationalStatus", numbers({status_ok})).set("StatusDescriptions", texts({"OK"}));
    return row;
}

cim::Value exchange_items(const Vm& vm)
{
    std::vector<std::string> items;
    const auto add = [&](std::string_view name, std::string data) {
        Row row{"Msvm_KvpExchangeDataItem"};
        items.push_back(cim::to_cim_xml(row.set("Data", std::move(data)).set("Name", name).take()));
    };
    add("FullyQualifiedDomainName", vm.guest.host_name);
    add("OSName", vm.guest.os_name);
    std::string addresses;
    for (const std::string& address : vm.guest.addresses) {
        addresses += addresses.empty() ? address : ";" + address;
    }
    add("NetworkAddressIPv4", addresses);
    return texts(items);
}

cim::Instance component_row(const View& view, const Vm& vm, const Device& device,
                            const DeviceWords& words)
{
    const bool answers = view.host().guest_answers(vm) && device.enabled;
    Row row = start(words.live_class, vm, device_id_of(device));
    row.set("ElementName", words.name)
        .set("Caption", words.name)
        .set("EnabledState", device.enabled ? 2 : 3);
    row.set("OperationalStatus", numbers({answers ? status_ok : status_no_contact}));
    row.set("StatusDescriptions", texts({answers ? "OK" : "No Contact"}));
    if (device.kind == DeviceKind::kvp_service && answers) {
        row.set("GuestIntrinsicExchangeItems", exchange_items(vm));
    }
    return row.take();
}

cim::Instance device_row(const View& view, const Vm& vm, const Device& device,
                         const DeviceWords& words)
{
    if (is_integration_service(device.kind)) {
        return component_row(view, vm, device, words);
    }
    Row row = start(words.live_class, vm, device_id_of(device));
    row.set("ElementName", device.name.empty() ? std::string{words.name} : device.name)
        .set("Caption", words.name);
    if (is_nic(device.kind)) {
        const std::uint64_t speed =
            device.kind == DeviceKind::synthetic_nic ? 10'000'000'000 : 100'000'000;
        row.set("PermanentAddress", device.mac.empty() ? "000000000000" : device.mac)
            .set("NetworkAddresses", texts({device.mac}));
        row.set("Speed", speed)
            .set("MaxSpeed", speed)
            .set("PortType", 53)
            .set("LinkTechnology", 2)
            .set("FullDuplex", true);
    }
    return row.take();
}

/// Whether the host shows the live device now.
bool is_live(const View& view, const Vm& vm, const Device& device)
{
    const bool is_on = vm.state == VmState::running || vm.state == VmState::paused;
    if (is_integration_service(device.kind)) {
        return is_on && (view.host().guest_answers(vm) ||
                         !view.profile().is("component_status_no_guest", "absent"));
    }
    return is_on || view.profile().is("live_devices_when_off", "present");
}

cim::Instance memory_row(const Vm& vm)
{
    Row row = start("Msvm_Memory", vm, "Microsoft:4764334D-E001-4176-82EE-5594EC9B530E\\0");
    constexpr std::uint64_t block_size = 1 << 20;
    row.set("ElementName", "Memory").set("Caption", "Memory").set("BlockSize", block_size);
    const std::uint64_t mib =
        vm.assigned_mib == 0 ? vm.settings.memory.startup_mib : vm.assigned_mib;
    return row.set("NumberOfBlocks", mib).set("ConsumableBlocks", mib).take();
}

std::string processor_id(std::uint64_t number)
{
    return fmt::format("Microsoft:b637f346-6a0e-4dec-af52-bd70cb80a21d\\{}", number);
}

cim::Instance processor_row(const Vm& vm, std::uint64_t number)
{
    Row row = start("Msvm_Processor", vm, processor_id(number));
    row.set("ElementName", "Processor").set("Caption", "Processor").set("CPUStatus", 1);
    return row.set("LoadPercentage", vm.state == VmState::running ? 3 : 0).take();
}

bool shows_memory(const View& view, const Vm& vm)
{
    return vm.assigned_mib != 0 || view.profile().is("live_devices_when_off", "present");
}

/// Paths of every live device of the VM.
void each_live_path(
    const View& view, const Vm& vm,
    const std::function<void(const cim::ObjectPath&, const cim::ObjectPath& settings)>& visit)
{
    if (shows_memory(view, vm)) {
        visit(view.live_device(vm.id, "Msvm_Memory",
                               "Microsoft:4764334D-E001-4176-82EE-5594EC9B530E\\0"),
              view.by_id("Msvm_MemorySettingData", view.instance_id(vm.id, device_id::memory)));
        for (std::uint64_t number = 0; number < vm.settings.processor.count; ++number) {
            visit(view.live_device(vm.id, "Msvm_Processor", processor_id(number)),
                  view.by_id("Msvm_ProcessorSettingData",
                             view.instance_id(vm.id, device_id::processor)));
        }
    }
    for (const Device& device : vm.settings.devices) {
        const DeviceWords* words = words_of(device.kind);
        if (words != nullptr && !words->live_class.empty() &&
            view.repository().catalogue().find(words->live_class) != nullptr &&
            is_live(view, vm, device)) {
            visit(view.live_device(vm.id, words->live_class, device_id_of(device)),
                  view.device_settings(vm.id, device));
        }
    }
}

MethodAnswer initiate_shutdown(const View& view, const MethodCall& call)
{
    const auto id = Uuid::parse(call.target.key("SystemName").value_or(""));
    Vm* vm = id ? view.host().find_vm(*id) : nullptr;
    if (vm == nullptr) {
        refuse(code::invalid_parameter, "There is no such virtual machine");
    }
    static_cast<void>(text_of(call.input, "Reason"));
    view.host().shut_down_guest(*vm, call.input["Force"].boolean().value_or(false));
    return {};
}

void add_live_class(const View& view, const std::string& class_name)
{
    ClassProvider provider;
    provider.produce = [view, class_name](const Demand& demand, const Sink& sink) {
        for_each_vm(view.host(), demand, [&](const Vm& vm) {
            for (const Device& device : vm.settings.devices) {
                const DeviceWords* words = words_of(device.kind);
                if (words != nullptr && words->live_class == class_name &&
                    is_live(view, vm, device)) {
                    sink(device_row(view, vm, device, *words));
                }
            }
        });
    };
    if (class_name == "Msvm_ShutdownComponent") {
        provider.methods["InitiateShutdown"] =
            method([view](const MethodCall& call) { return initiate_shutdown(view, call); });
    }
    view.repository().add(class_name, std::move(provider));
}

void add_memory_and_processors(const View& view)
{
    view.repository().add("Msvm_Memory",
                          {.produce = [view](const Demand& demand, const Sink& sink) {
                              for_each_vm(view.host(), demand, [&](const Vm& vm) {
                                  if (shows_memory(view, vm)) {
                                      sink(memory_row(vm));
                                  }
                              });
                          }});
    view.repository().add(
        "Msvm_Processor", {.produce = [view](const Demand& demand, const Sink& sink) {
            for_each_vm(view.host(), demand, [&](const Vm& vm) {
                for (std::uint64_t number = 0;
                     shows_memory(view, vm) && number < vm.settings.processor.count; ++number) {
                    sink(processor_row(vm, number));
                }
            });
        }});
}

} // namespace

void add_devices(const View& view)
{
    for (const char* class_name : {"Msvm_IDEController",
                                   "Msvm_SCSIProtocolController",
                                   "Msvm_DisketteController",
                                   "Msvm_SerialController",
                                   "Msvm_SerialPort",
                                   "Msvm_S3DisplayController",
                                   "Msvm_SyntheticDisplayController",
                                   "Msvm_Keyboard",
                                   "Msvm_Ps2Mouse",
                                   "Msvm_SyntheticMouse",
                                   "Msvm_DiskDrive",
                                   "Msvm_DVDDrive",
                                   "Msvm_DisketteDrive",
                                   "Msvm_LogicalDisk",
                                   "Msvm_SyntheticEthernetPort",
                                   "Msvm_EmulatedEthernetPort",
                                   "Msvm_HeartbeatComponent",
                                   "Msvm_ShutdownComponent",
                                   "Msvm_KvpExchangeComponent",
                                   "Msvm_TimeSyncComponent",
                                   "Msvm_VssComponent",
                                   "Msvm_RdvComponent"}) {
        add_live_class(view, class_name);
    }
    add_memory_and_processors(view);
    view.repository().add(
        "Msvm_SystemDevice", {.produce = [view](const Demand& demand, const Sink& sink) {
            for_each_vm(view.host(), demand, [&](const Vm& vm) {
                each_live_path(view, vm,
                               [&](const cim::ObjectPath& device, const cim::ObjectPath&) {
                                   sink(Row{"Msvm_SystemDevice"}
                                            .set("GroupComponent", view.system(vm.id))
                                            .set("PartComponent", device)
                                            .take());
                               });
            });
        }});
    view.repository().add(
        "Msvm_SettingsDefineState", {.produce = [view](const Demand& demand, const Sink& sink) {
            const auto row = [&](const cim::ObjectPath& element, const cim::ObjectPath& settings) {
                sink(Row{"Msvm_SettingsDefineState"}
                         .set("ManagedElement", element)
                         .set("SettingData", settings)
                         .take());
            };
            for_each_vm(view.host(), demand, [&](const Vm& vm) {
                row(view.system(vm.id), view.settings(vm.id));
                each_live_path(view, vm, row);
            });
        }});
}

} // namespace watari::sim::host::v1
