#include "sim/host/v2/shapes.hpp"

#include <utility>

namespace watari::sim::host::v2 {

namespace {

struct Ends {
    std::string_view first_role;
    std::string_view second_role;
};

cim::Instance row_of(std::string_view class_name, const Ends& ends, const cim::ObjectPath& first,
                     const cim::ObjectPath& second)
{
    cim::Instance row{std::string{class_name}};
    put(row, ends.first_role, cim::Value{first});
    put(row, ends.second_role, cim::Value{second});
    return row;
}

using Pairs = std::function<void(
    const Demand&, const std::function<void(const cim::ObjectPath&, const cim::ObjectPath&)>&)>;

void add_association(Repository& repository, std::string_view class_name, Ends ends, Pairs pairs)
{
    repository.add(class_name, {.produce = [class_name, ends, pairs = std::move(pairs)](
                                               const Demand& demand, const Sink& sink) {
                       pairs(demand,
                             [&](const cim::ObjectPath& first, const cim::ObjectPath& second) {
                                 sink(row_of(class_name, ends, first, second));
                             });
                   }});
}

cim::ObjectPath live_path(const Host& host, const Vm& vm, const Device& device)
{
    const std::string_view class_name = live_class(device.kind);
    return object_path(host, class_name,
                       {{"CreationClassName", class_name},
                        {"DeviceID", live_id(device)},
                        {"SystemCreationClassName", "Msvm_ComputerSystem"},
                        {"SystemName", vm.id.upper()}});
}

void settings_components(
    Host& host, const Demand& demand,
    const std::function<void(const cim::ObjectPath&, const cim::ObjectPath&)>& pair)
{
    for_each_owner(host, demand, [&](const Owner& owner) {
        const cim::ObjectPath group = settings_path(host, owner.id());
        pair(group, object_path(host, "Msvm_MemorySettingData",
                                {{"InstanceID", setting_id(owner.id(), device_id::memory)}}));
        pair(group, object_path(host, "Msvm_ProcessorSettingData",
                                {{"InstanceID", setting_id(owner.id(), device_id::processor)}}));
        for (const Device& device : owner.settings().devices) {
            pair(group, device_settings_path(host, owner.id(), device));
        }
    });
}

void feature_components(
    Host& host, const Demand& demand,
    const std::function<void(const cim::ObjectPath&, const cim::ObjectPath&)>& pair)
{
    for_each_owner(host, demand, [&](const Owner& owner) {
        for (const Device& device : owner.settings().devices) {
            for (const Feature& feature : device.features) {
                pair(device_settings_path(host, owner.id(), device),
                     object_path(host, feature.values.class_name(),
                                 {{"InstanceID",
                                   setting_id(owner.id(), device.id + "\\" + feature.type.upper() +
                                                              "\\" + feature.id.upper())}}));
            }
        }
    });
}

} // namespace

void add_associations(Repository& repository, Host& host)
{
    add_association(repository, "Msvm_SettingsDefineState", {"ManagedElement", "SettingData"},
                    [&host](const Demand& demand, const auto& pair) {
                        for_each_vm(host, demand, [&](Vm& vm) {
                            pair(system_path(host, vm.id), settings_path(host, vm.id));
                            for (const Device& device : vm.settings.devices) {
                                if (!live_class(device.kind).empty()) {
                                    pair(live_path(host, vm, device),
                                         device_settings_path(host, vm.id, device));
                                }
                            }
                        });
                        for (const Switch& network : host.networks()) {
                            pair(switch_path(host, network.id),
                                 object_path(host, "Msvm_VirtualEthernetSwitchSettingData",
                                             {{"InstanceID", setting_id(network.id)}}));
                        }
                    });
    add_association(repository, "Msvm_VirtualSystemSettingDataComponent",
                    {"GroupComponent", "PartComponent"},
                    [&host](const Demand& demand, const auto& pair) {
                        settings_components(host, demand, pair);
                    });
    add_association(repository, "Msvm_EthernetPortSettingDataComponent",
                    {"GroupComponent", "PartComponent"},
                    [&host](const Demand& demand, const auto& pair) {
                        feature_components(host, demand, pair);
                    });
    add_association(repository, "Msvm_SystemDevice", {"GroupComponent", "PartComponent"},
                    [&host](const Demand& demand, const auto& pair) {
                        for_each_vm(host, demand, [&](Vm& vm) {
                            for (const Device& device : vm.settings.devices) {
                                if (!live_class(device.kind).empty()) {
                                    pair(system_path(host, vm.id), live_path(host, vm, device));
                                }
                            }
                        });
                    });
    add_association(repository, "Msvm_SnapshotOfVirtualSystem", {"Antecedent", "Dependent"},
                    [&host](const Demand& demand, const auto& pair) {
                        for_each_vm(host, demand, [&](const Vm& vm) {
                            for (const Checkpoint& checkpoint : vm.checkpoints) {
                                pair(system_path(host, vm.id), settings_path(host, checkpoint.id));
                            }
                        });
                    });
    add_association(repository, "Msvm_MostCurrentSnapshotInBranch", {"Antecedent", "Dependent"},
                    [&host](const Demand& demand, const auto& pair) {
                        for_each_vm(host, demand, [&](const Vm& vm) {
                            if (vm.current_checkpoint) {
                                pair(system_path(host, vm.id),
                                     settings_path(host, *vm.current_checkpoint));
                            }
                        });
                    });
    add_association(repository, "Msvm_LastAppliedSnapshot", {"Antecedent", "Dependent"},
                    [&host](const Demand& demand, const auto& pair) {
                        for_each_vm(host, demand, [&](const Vm& vm) {
                            if (vm.applied_checkpoint &&
                                vm.find_checkpoint(*vm.applied_checkpoint) != nullptr) {
                                pair(settings_path(host, *vm.applied_checkpoint),
                                     system_path(host, vm.id));
                            }
                        });
                    });
    add_association(repository, "Msvm_ParentChildSettingData", {"Parent", "Child"},
                    [&host](const Demand& demand, const auto& pair) {
                        for_each_vm(host, demand, [&](const Vm& vm) {
                            for (const Checkpoint& checkpoint : vm.checkpoints) {
                                if (checkpoint.parent) {
                                    pair(settings_path(host, *checkpoint.parent),
                                         settings_path(host, checkpoint.id));
                                }
                            }
                        });
                    });
    repository.add(
        "Msvm_ElementSettingData", {.produce = [&host](const Demand& demand, const Sink& sink) {
            for_each_vm(host, demand, [&](Vm& vm) {
                cim::Instance own =
                    row_of("Msvm_ElementSettingData", {"ManagedElement", "SettingData"},
                           settings_path(host, vm.id), settings_path(host, vm.id));
                put(own, "IsCurrent", 2);
                put(own, "IsDefault", 1);
                put(own, "IsNext", 0);
                sink(std::move(own));
            });
            if (demand.is_everything() && host.profile().yes("element_setting_null_rows")) {
                // In place of the two IDE controllers (recorded on 2012 R2).
                sink(cim::Instance{"Msvm_ElementSettingData"});
                sink(cim::Instance{"Msvm_ElementSettingData"});
            }
        }});
}

} // namespace watari::sim::host::v2
