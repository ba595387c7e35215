#include "schema/templates.hpp"
#include "sim/host/v1/ports.hpp"
#include "sim/host/v1/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

/// What a VM is made of as settings: the system's two objects and one per device, for the VM and
/// for each of its checkpoints.
namespace watari::sim::host::v1 {

namespace {

cim::Value value_or(const cim::Instance& other, std::string_view name, const cim::Value& fallback)
{
    const cim::Value& value = other[name];
    return value.is_null() ? fallback : value;
}

/// The checkpoint these settings come after.
std::optional<Uuid> parent_of(const Owner& owner)
{
    return owner.checkpoint == nullptr ? owner.vm.current_checkpoint : owner.checkpoint->parent;
}

cim::Instance settings_row(const View& view, const Owner& owner)
{
    const Settings& settings = owner.settings();
    const bool is_checkpoint = owner.checkpoint != nullptr;
    Row row{"Msvm_VirtualSystemSettingData"};
    row.set("InstanceID", view.instance_id(owner.id()))
        .set("SystemName", owner.vm.id.upper())
        .set("ElementName", settings.name);
    row.set("Caption", "Virtual Machine Settings")
        .set("Description",
             is_checkpoint ? "Snapshot" : "Active settings for the virtual machine.");
    // SettingType 3 current, 5 snapshot; VirtualSystemType 301 is documented.
    row.set("SettingType", is_checkpoint ? 5 : 3)
        .set("VirtualSystemType", 301)
        .set("CreationTime", moment(settings.created));
    if (!settings.notes.empty() || view.profile().is("v1_fresh_notes", "empty")) {
        row.set("Notes", settings.notes);
    }
    row.set("BIOSGUID", settings.bios_guid)
        .set("BIOSSerialNumber", settings.bios_serial)
        .set("BaseBoardSerialNumber", settings.base_board_serial);
    row.set("ChassisSerialNumber", settings.chassis_serial)
        .set("ChassisAssetTag", settings.chassis_asset_tag);
    row.set("BootOrder", numbers(settings.boot_order))
        .set("BIOSNumLock", value_or(settings.other, "BIOSNumLock", false));
    row.set("AutoActivate", value_or(settings.other, "AutoActivate", false))
        .set("NumaNodesAreRequired", value_or(settings.other, "NumaNodesAreRequired", false));
    if (const auto parent = parent_of(owner)) {
        row.set("Parent", view.settings(*parent).text());
    }
    return row.take();
}

cim::Instance global_row(const View& view, const Vm& vm)
{
    const Settings& settings = vm.settings;
    Row row{"Msvm_VirtualSystemGlobalSettingData"};
    row.set("InstanceID", view.instance_id(vm.id, "Global"))
        .set("SystemName", vm.id.upper())
        .set("ElementName", settings.name);
    row.set("Caption", "Virtual Machine Global Settings")
        .set("Description", "Global settings for the virtual machine.");
    row.set("SettingType", 3)
        .set("VirtualSystemType", 301)
        .set("CreationTime", moment(settings.created))
        .set("Version", settings.version);
    row.set("ExternalDataRoot", settings.configuration_root)
        .set("SnapshotDataRoot", settings.snapshot_root);
    row.set("AutomaticStartupAction", to_number(settings.startup_action))
        .set("AutomaticShutdownAction", to_number(settings.shutdown_action));
    row.set("AutomaticRecoveryAction", to_number(settings.recovery_action));
    row.set("AutomaticStartupActionDelay", cim::DateTime::interval(settings.startup_delay));
    row.set("AllowFullSCSICommandSet", value_or(settings.other, "AllowFullSCSICommandSet", false));
    row.set("AutoActivate", value_or(settings.other, "AutoActivate", false))
        .set("ScopeOfResidence", value_or(settings.other, "ScopeOfResidence", ""));
    return row.take();
}

/// The recorded constants (AllocationUnits, Caption, PoolID, …) of each kind, by folded
/// ResourceSubType.
class Constants
{
public:
    explicit Constants(Generation generation)
    {
        for (cim::Instance& instance :
             schema::default_templates(generation, schema::v1_namespace)) {
            add(std::move(instance));
        }
        for (cim::Instance& instance : schema::v1_new_vm_settings()) {
            add(std::move(instance));
        }
    }

    Row start(std::string_view class_name, std::string_view subtype) const
    {
        const auto at = by_subtype_.find(cim::folded(subtype));
        if (!subtype.empty() && at != by_subtype_.end()) {
            return Row{at->second};
        }
        Row row{class_name};
        row.set("AllocationUnits", "count")
            .set("AutomaticAllocation", true)
            .set("AutomaticDeallocation", true)
            .set("ConsumerVisibility", 3);
        row.set("Limit", 1)
            .set("Reservation", 1)
            .set("VirtualQuantity", 1)
            .set("Weight", 0)
            .set("PoolID", "");
        return row;
    }

private:
    void add(cim::Instance instance)
    {
        const std::string* subtype = instance["ResourceSubType"].string();
        if (subtype != nullptr) {
            const std::string key = cim::folded(*subtype);
            by_subtype_.insert_or_assign(key, std::move(instance));
        }
    }

    std::map<std::string, cim::Instance> by_subtype_;
};

using SharedConstants = std::shared_ptr<const Constants>;

cim::Instance memory_row(const View& view, const Constants& constants, const Owner& owner)
{
    const MemorySettings& memory = owner.settings().memory;
    Row row = constants.start("Msvm_MemorySettingData", "Microsoft Virtual Machine Memory");
    row.set("InstanceID", view.instance_id(owner.id(), device_id::memory))
        .set("VirtualQuantity", memory.startup_mib);
    row.set("Reservation", memory.minimum_mib)
        .set("Limit", memory.maximum_mib)
        .set("DynamicMemoryEnabled", memory.dynamic);
    row.set("TargetMemoryBuffer", memory.buffer_percent).set("Weight", memory.weight);
    return row.take();
}

cim::Instance processor_row(const View& view, const Constants& constants, const Owner& owner)
{
    const ProcessorSettings& processor = owner.settings().processor;
    Row row = constants.start("Msvm_ProcessorSettingData", "Microsoft Processor");
    row.set("InstanceID", view.instance_id(owner.id(), device_id::processor))
        .set("VirtualQuantity", processor.count);
    // v1 was recorded with Reservation 1 where v2 shows 0.
    row.set("Reservation", std::max<std::uint64_t>(processor.reservation, 1))
        .set("Limit", processor.limit)
        .set("Weight", processor.weight);
    row.set("LimitCPUID", processor.limit_cpuid)
        .set("LimitProcessorFeatures", processor.limit_features);
    row.set("SocketCount", 1).set("ProcessorsPerSocket", processor.count);
    return row.take();
}

std::string display_name(const Device& device, const DeviceWords& words)
{
    if (!device.name.empty()) {
        return device.name;
    }
    if (device.kind == DeviceKind::ide_controller || device.kind == DeviceKind::serial_port) {
        const int number = device.address.empty() ? 0 : device.address.back() - '0';
        return fmt::format("{} {}", words.name,
                           device.kind == DeviceKind::serial_port ? number + 1 : number);
    }
    return std::string{words.name};
}

void set_nic(Row& row, const View& view, const Settings& settings, const Device& nic)
{
    row.set("Address", nic.mac.empty() ? "000000000000" : nic.mac)
        .set("StaticMacAddress", nic.static_mac);
    const auto connections = settings.on(nic.id);
    if (connections.empty() || !connections.front()->network || connections.front()->port.empty()) {
        row.set("Connection", texts({""}));
        return;
    }
    const Switch* network = view.host().find_network(*connections.front()->network);
    const SwitchPort named{.name = connections.front()->port};
    row.set(
        "Connection",
        texts({network == nullptr ? "" : view.port("Msvm_SwitchPort", *network, named).text()}));
}

cim::Instance device_row(const View& view, const Constants& constants, const Owner& owner,
                         const Device& device, const DeviceWords& words)
{
    const Settings& settings = owner.settings();
    Row row = constants.start(words.settings_class, words.subtype);
    row.set("InstanceID", view.instance_id(owner.id(), device.id))
        .set("ElementName", display_name(device, words));
    const bool is_minor = words.type == 13 && view.profile().is("minor_resource_types", "other");
    row.set("ResourceType", is_minor ? std::uint16_t{1} : words.type);
    if (!words.subtype.empty()) {
        row.set("ResourceSubType", words.subtype);
    }
    if (!words.other_type.empty() && (words.type == 1 || is_minor)) {
        row.set("OtherResourceType", words.other_type);
    }
    row.set("ConsumerVisibility", 3);
    if (const Device* parent = settings.find(device.parent);
        parent != nullptr && !is_nic(device.kind)) {
        row.set("Parent", view.device_settings(owner.id(), *parent).text());
    }
    if (is_drive(device.kind)) {
        row.set("Address", std::to_string(device.slot));
    } else if (!device.address.empty()) {
        row.set("Address", device.address);
    }
    if (is_medium(device.kind) && !device.path.empty()) {
        row.set("Connection", texts({device.path}));
    }
    if (device.kind == DeviceKind::serial_port) {
        row.set("Connection", texts({device.path}));
    }
    if (!device.channel_id.empty()) {
        row.set("VirtualSystemIdentifiers", texts({device.channel_id}));
    }
    if (is_nic(device.kind)) {
        set_nic(row, view, settings, device);
    }
    if (is_integration_service(device.kind)) {
        row.set("EnabledState", device.enabled ? 2 : 3);
    }
    return row.take();
}

using VisitDevice = std::function<void(const Owner&, const Device&, const DeviceWords&)>;

void each_device(const View& view, const Demand& demand, const VisitDevice& visit)
{
    for_each_owner(view.host(), demand, [&](const Owner& owner) {
        for (const Device& device : owner.settings().devices) {
            const DeviceWords* words = words_of(device.kind);
            if (words != nullptr &&
                view.repository().catalogue().find(words->settings_class) != nullptr) {
                visit(owner, device, *words);
            }
        }
    });
}

/// One instance per set of settings, and the templates.
void add_per_owner(const View& view, const std::string& class_name,
                   std::function<cim::Instance(const Owner&)> make)
{
    view.repository().add(
        class_name,
        {.produce =
             [view, class_name, make = std::move(make)](const Demand& demand, const Sink& sink) {
                 for_each_owner(view.host(), demand,
                                [&](const Owner& owner) { sink(make(owner)); });
                 produce_templates(view, demand, class_name, sink);
             },
         .count =
             [view, class_name] {
                 std::uint64_t count = count_templates(view, class_name);
                 for_each_owner(view.host(), {}, [&](const Owner&) { ++count; });
                 return count;
             }});
}

void add_per_device(const View& view, const SharedConstants& constants,
                    const std::string& class_name)
{
    view.repository().add(
        class_name,
        {.produce =
             [view, constants, class_name](const Demand& demand, const Sink& sink) {
                 reconcile_ports(view.host());
                 const auto id = demand.text("InstanceID");
                 each_device(
                     view, demand,
                     [&](const Owner& owner, const Device& device, const DeviceWords& words) {
                         if (words.settings_class == class_name &&
                             (!id ||
                              cim::same_name(*id, view.instance_id(owner.id(), device.id)))) {
                             sink(device_row(view, *constants, owner, device, words));
                         }
                     });
                 produce_templates(view, demand, class_name, sink);
             },
         .count =
             [view, class_name] {
                 std::uint64_t count = count_templates(view, class_name);
                 each_device(view, {}, [&](const Owner&, const Device&, const DeviceWords& words) {
                     count += words.settings_class == class_name ? 1 : 0;
                 });
                 return count;
             }});
}

void add_device_settings(const View& view)
{
    const SharedConstants constants = std::make_shared<const Constants>(view.host().generation());
    add_per_owner(view, "Msvm_MemorySettingData", [view, constants](const Owner& owner) {
        return memory_row(view, *constants, owner);
    });
    add_per_owner(view, "Msvm_ProcessorSettingData", [view, constants](const Owner& owner) {
        return processor_row(view, *constants, owner);
    });
    for (const char* class_name :
         {"Msvm_ResourceAllocationSettingData", "Msvm_SyntheticEthernetPortSettingData",
          "Msvm_EmulatedEthernetPortSettingData", "Msvm_HeartbeatComponentSettingData",
          "Msvm_ShutdownComponentSettingData", "Msvm_KvpExchangeComponentSettingData",
          "Msvm_TimeSyncComponentSettingData", "Msvm_VssComponentSettingData",
          "Msvm_RdvComponentSettingData"}) {
        add_per_device(view, constants, class_name);
    }
}

cim::Instance element_setting(std::string_view class_name, const cim::ObjectPath& element,
                              const cim::ObjectPath& setting, int is_current)
{
    return Row{class_name}
        .set("ManagedElement", element)
        .set("SettingData", setting)
        .set("IsCurrent", is_current)
        .set("IsDefault", 2)
        .set("IsNext", 2)
        .take();
}

void add_checkpoint_associations(const View& view)
{
    view.repository().add(
        "Msvm_ElementSettingData", {.produce = [view](const Demand& demand, const Sink& sink) {
            for_each_vm(view.host(), demand, [&](const Vm& vm) {
                sink(element_setting("Msvm_ElementSettingData", view.system(vm.id),
                                     view.global_settings(vm.id), 1));
                for (const Checkpoint& checkpoint : vm.checkpoints) {
                    sink(element_setting("Msvm_ElementSettingData", view.system(vm.id),
                                         view.settings(checkpoint.id), 2));
                }
            });
        }});
    const auto add = [&](const char* class_name, std::optional<Uuid> Vm::* member) {
        view.repository().add(
            class_name,
            {.produce = [view, class_name, member](const Demand& demand, const Sink& sink) {
                for_each_vm(view.host(), demand, [&](const Vm& vm) {
                    if (vm.*member && vm.find_checkpoint(*(vm.*member)) != nullptr) {
                        sink(element_setting(class_name, view.system(vm.id),
                                             view.settings(*(vm.*member)), 2));
                    }
                });
            }});
    };
    add("Msvm_PreviousSettingData", &Vm::current_checkpoint);
    add("Msvm_LastAppliedSettingData", &Vm::applied_checkpoint);
    view.repository().add("Msvm_ParentChildSettingData",
                          {.produce = [view](const Demand& demand, const Sink& sink) {
                              const auto link = [&](const Owner& child) {
                                  if (const auto parent = parent_of(child)) {
                                      sink(Row{"Msvm_ParentChildSettingData"}
                                               .set("Antecedent", view.settings(*parent))
                                               .set("Dependent", view.settings(child.id()))
                                               .take());
                                  }
                              };
                              for_each_vm(view.host(), demand, [&](Vm& vm) {
                                  link({.vm = vm});
                                  for (const Checkpoint& checkpoint : vm.checkpoints) {
                                      link({.vm = vm, .checkpoint = &checkpoint});
                                  }
                              });
                          }});
}

void add_components(const View& view)
{
    view.repository().add(
        "Msvm_VirtualSystemSettingDataComponent",
        {.produce = [view](const Demand& demand, const Sink& sink) {
            const auto component = [&](const Uuid& owner, const cim::ObjectPath& part) {
                sink(Row{"Msvm_VirtualSystemSettingDataComponent"}
                         .set("GroupComponent", view.settings(owner))
                         .set("PartComponent", part)
                         .take());
            };
            for_each_owner(view.host(), demand, [&](const Owner& owner) {
                component(owner.id(), view.by_id("Msvm_MemorySettingData",
                                                 view.instance_id(owner.id(), device_id::memory)));
                component(owner.id(),
                          view.by_id("Msvm_ProcessorSettingData",
                                     view.instance_id(owner.id(), device_id::processor)));
            });
            each_device(view, demand,
                        [&](const Owner& owner, const Device& device, const DeviceWords&) {
                            component(owner.id(), view.device_settings(owner.id(), device));
                        });
        }});
}

} // namespace

void add_settings(const View& view)
{
    add_per_owner(view, "Msvm_VirtualSystemSettingData",
                  [view](const Owner& owner) { return settings_row(view, owner); });
    view.repository().add("Msvm_VirtualSystemGlobalSettingData",
                          {.produce =
                               [view](const Demand& demand, const Sink& sink) {
                                   for_each_vm(view.host(), demand,
                                               [&](const Vm& vm) { sink(global_row(view, vm)); });
                               },
                           .count = [view] { return view.host().vms().size(); }});
    add_device_settings(view);
    add_checkpoint_associations(view);
    add_components(view);
}

} // namespace watari::sim::host::v1
