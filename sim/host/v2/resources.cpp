#include "sim/host/v2/given.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace watari::sim::host::v2 {

namespace {

constexpr std::uint16_t job_add = 30;
constexpr std::uint16_t job_modify = 31;
constexpr std::uint16_t job_remove = 32;

struct FeatureType {
    std::string_view class_name;
    std::string_view id;
};

/// fresh-vm.md 3.
constexpr std::array feature_types{
    FeatureType{"Msvm_EthernetSwitchPortVlanSettingData", "952C5004-4465-451C-8CB8-FA9AB382B773"},
    FeatureType{"Msvm_EthernetSwitchPortSecuritySettingData",
                "776E0BA7-94A1-41C8-8F28-951F524251B5"},
    FeatureType{"Msvm_EthernetSwitchPortBandwidthSettingData",
                "24AD3CE1-69BD-4978-B2AC-DAAD389D699C"},
    FeatureType{"Msvm_EthernetSwitchPortOffloadSettingData",
                "C885BFD1-ABB7-418F-8163-9F379C9F7166"},
    FeatureType{"Msvm_EthernetSwitchPortAclSettingData", "998BEF4A-5D55-492A-9C43-8B2F5EAE9F2B"},
    FeatureType{"Msvm_EthernetSwitchPortExtendedAclSettingData",
                "CD168FF0-A16D-4514-B7B5-8BBBA791A928"},
    FeatureType{"Msvm_EthernetSwitchPortProfileSettingData",
                "9940CD46-8B06-43BB-B9D5-93D50381FD56"},
    FeatureType{"Msvm_EthernetSwitchPortIsolationSettingData",
                "83AF2CCB-72C9-4479-A285-94E58A98CAA6"},
    FeatureType{"Msvm_EthernetSwitchPortRoutingDomainSettingData",
                "BF874DF0-F729-4312-A0FA-194271B88990"},
    FeatureType{"Msvm_EthernetSwitchPortTeamMappingSettingData",
                "8D45D4BD-8C18-435C-98A7-D632A7C618FF"},
    FeatureType{"Msvm_EthernetSwitchPortRdmaSettingData", "7A498FC4-8572-4FDC-92AB-7A6FC7042D53"},
};

std::string id_of(const cim::Instance& given)
{
    const std::string* id = given["InstanceID"].string();
    if (id == nullptr) {
        refuse(code::invalid_parameter, "InstanceID is missing");
    }
    return *id;
}

cim::Instance results(std::string_view name, std::vector<cim::ObjectPath> paths)
{
    cim::Instance output;
    cim::Value::Array array;
    for (const cim::ObjectPath& path : paths) {
        array.emplace_back(path);
    }
    put(output, name, cim::Value{std::move(array)});
    return output;
}

void add_offload_feature(Host& host, Vm& vm, const Device& connection)
{
    if (!host.profile().is("nic_default_feature", "offload")) {
        return;
    }
    Feature feature{.type = *Uuid::parse(feature_types[3].id),
                    .id = Uuid::random(host.random()),
                    .values = cim::Instance{std::string{feature_types[3].class_name}}};
    put(feature.values, "VMQOffloadWeight", 100);
    put(feature.values, "IPSecOffloadLimit", 512);
    put(feature.values, "IOVOffloadWeight", 0);
    put(feature.values, "IOVQueuePairsRequested", 1);
    host.set_feature(vm, connection.id, std::move(feature));
}

std::vector<cim::ObjectPath> add_all(Host& host, const Uuid& id,
                                     const std::vector<cim::Instance>& given)
{
    Vm& vm = *host.find_vm(id);
    const Settings before = vm.settings;
    std::vector<cim::ObjectPath> paths;
    try {
        for (const cim::Instance& settings : given) {
            const std::string added = host.add_device(vm, device_from(host, id, settings)).id;
            const Device& device = *vm.settings.find(added);
            paths.push_back(device_settings_path(host, id, device));
            if (device.kind == DeviceKind::connection) {
                add_offload_feature(host, vm, device);
            } else if (is_nic(device.kind) && host.profile().is("unconnected_epasd", "present")) {
                Device connection;
                connection.kind = DeviceKind::connection;
                connection.parent = added;
                host.add_device(vm, std::move(connection));
            }
        }
    } catch (const Error&) {
        vm.settings = before;
        throw;
    }
    return paths;
}

MethodAnswer add_resources(Repository& repository, Host& host, const MethodCall& call)
{
    const auto targets = paths_of(call.input["AffectedConfiguration"]);
    if (targets.empty()) {
        refuse(code::invalid_parameter, "AffectedConfiguration is missing");
    }
    const Host::Named at = named(host, targets.front());
    if (at.checkpoint != nullptr || !at.device.empty()) {
        refuse(code::invalid_parameter,
               "AffectedConfiguration names no virtual machine's settings");
    }
    std::vector<cim::Instance> given;
    for (const std::string& text : texts_of(call.input["ResourceSettings"])) {
        given.push_back(repository.embedded(text, call.method));
    }
    if (given.empty()) {
        refuse(code::invalid_parameter, "ResourceSettings is missing");
    }
    for (const cim::Instance& settings : given) {
        static_cast<void>(device_from(host, at.vm->id, settings)); // malformed calls fail at once
    }
    const bool as_job = at.vm->state != VmState::off;
    return perform(
        host, *at.vm, as_job, job_add, "Adding Virtual Machine Resources",
        [&host, id = at.vm->id, given] {
            return results("ResultingResourceSettings", add_all(host, id, given));
        },
        as_job && host.profile().is("add_resource_running", "with_result"));
}

cim::ObjectPath modify_one(Host& host, const cim::Instance& given)
{
    const Host::Named at = named(host, id_of(given));
    if (at.checkpoint != nullptr) {
        refuse(code::invalid_parameter, "A checkpoint's resources cannot be changed");
    }
    const auto path = [&](std::string_view class_name) {
        return object_path(host, class_name, {{"InstanceID", setting_id(at.vm->id, at.device)}});
    };
    if (cim::same_name(at.device, device_id::memory)) {
        host.change_settings(*at.vm,
                             [&](Settings& settings) { apply_memory(settings.memory, given); });
        return path("Msvm_MemorySettingData");
    }
    if (cim::same_name(at.device, device_id::processor)) {
        host.change_settings(
            *at.vm, [&](Settings& settings) { apply_processor(settings.processor, given); });
        return path("Msvm_ProcessorSettingData");
    }
    host.change_device(*at.vm, at.device,
                       [&](Device& device) { apply_device(host, device, given); });
    return path(settings_class(host, at.vm->settings.find(at.device)->kind));
}

MethodAnswer modify_resources(Repository& repository, Host& host, const MethodCall& call)
{
    std::vector<cim::Instance> given;
    for (const std::string& text : texts_of(call.input["ResourceSettings"])) {
        given.push_back(repository.embedded(text, call.method));
    }
    if (given.empty()) {
        refuse(code::invalid_parameter, "ResourceSettings is missing");
    }
    Vm& vm = *named(host, id_of(given.front())).vm;
    for (const cim::Instance& settings : given) {
        if (named(host, id_of(settings)).vm != &vm) {
            refuse(code::invalid_parameter, "The resources belong to several virtual machines");
        }
    }
    return perform(host, vm, vm.state != VmState::off, job_modify,
                   "Modifying Virtual Machine Resources", [&host, id = vm.id, given] {
                       const Settings before = host.find_vm(id)->settings;
                       std::vector<cim::ObjectPath> paths;
                       try {
                           for (const cim::Instance& settings : given) {
                               paths.push_back(modify_one(host, settings));
                           }
                       } catch (const Error&) {
                           host.find_vm(id)->settings = before;
                           throw;
                       }
                       return results("ResultingResourceSettings", std::move(paths));
                   });
}

MethodAnswer remove_resources(Host& host, const MethodCall& call)
{
    const auto paths = paths_of(call.input["ResourceSettings"]);
    if (paths.empty()) {
        refuse(code::invalid_parameter, "ResourceSettings is missing");
    }
    Vm& vm = *named(host, paths.front()).vm;
    std::vector<std::string> devices;
    for (const cim::ObjectPath& path : paths) {
        const Host::Named at = named(host, path);
        if (at.vm != &vm || at.checkpoint != nullptr || at.device.empty()) {
            refuse(code::invalid_parameter, "The resource cannot be removed");
        }
        devices.push_back(at.device);
    }
    return perform(host, vm, vm.state != VmState::off, job_remove,
                   "Removing Virtual Machine Resources", [&host, id = vm.id, devices] {
                       for (const std::string& device : devices) {
                           host.remove_device(*host.find_vm(id), device);
                       }
                       return cim::Instance{};
                   });
}

const FeatureType& type_of(const cim::Instance& given)
{
    const auto at = std::ranges::find_if(feature_types, [&](const FeatureType& type) {
        return cim::same_name(type.class_name, given.class_name());
    });
    if (at == feature_types.end()) {
        refuse(code::invalid_parameter,
               fmt::format("{} is no feature of a port", given.class_name()));
    }
    return *at;
}

/// "<connection>\<type>\<id>" → the connection's id.
std::string connection_of_feature(const std::string& device)
{
    std::string id = device;
    for (int part = 0; part < 2; ++part) {
        const auto cut = id.rfind('\\');
        if (cut == std::string::npos) {
            refuse(code::invalid_parameter, "The feature does not exist");
        }
        id.resize(cut);
    }
    return id;
}

cim::ObjectPath set_feature(Host& host, Vm& vm, const std::string& connection,
                            const cim::Instance& given)
{
    const FeatureType& type = type_of(given);
    Device* device = vm.settings.find(connection);
    if (device == nullptr || device->kind != DeviceKind::connection) {
        refuse(code::invalid_parameter, "There is no such connection");
    }
    Feature feature{.type = *Uuid::parse(type.id),
                    .id = Uuid::random(host.random()),
                    .values = cim::Instance{std::string{type.class_name}}};
    for (const Feature& have : device->features) {
        if (have.type == feature.type) {
            feature = have;
        }
    }
    for (const cim::Property& property : given.properties()) {
        if (!cim::same_name(property.name, "InstanceID")) {
            feature.values.set(property);
        }
    }
    if (const auto vlan = feature.values["AccessVlanId"].unsigned_integer(); vlan && *vlan > 4094) {
        refuse(code::invalid_parameter, "The VLAN is out of range");
    }
    const std::string id =
        fmt::format("{}\\{}\\{}", connection, feature.type.upper(), feature.id.upper());
    host.set_feature(vm, connection, std::move(feature));
    return object_path(host, type.class_name, {{"InstanceID", setting_id(vm.id, id)}});
}

MethodAnswer feature_answer(Host& host, Vm& vm, std::uint16_t type,
                            std::function<cim::Instance()> act)
{
    const bool as_job = host.profile().is("feature_methods_return", "job");
    return perform(host, vm, as_job, type, "Modifying Virtual Machine Network Settings",
                   std::move(act));
}

MethodAnswer add_features(Repository& repository, Host& host, const MethodCall& call)
{
    const auto targets = paths_of(call.input["AffectedConfiguration"]);
    if (targets.empty()) {
        refuse(code::invalid_parameter, "AffectedConfiguration is missing");
    }
    const Host::Named at = named(host, targets.front());
    std::vector<cim::Instance> given;
    const auto texts_given = texts_of(call.input["FeatureSettings"]);
    given.reserve(texts_given.size());
    for (const std::string& text : texts_given) {
        given.push_back(repository.embedded(text, call.method));
        static_cast<void>(type_of(given.back()));
    }
    return feature_answer(
        host, *at.vm, job_add, [&host, id = at.vm->id, connection = at.device, given] {
            std::vector<cim::ObjectPath> paths;
            paths.reserve(given.size());
            for (const cim::Instance& feature : given) {
                paths.push_back(set_feature(host, *host.find_vm(id), connection, feature));
            }
            return results("ResultingFeatureSettings", std::move(paths));
        });
}

MethodAnswer modify_features(Repository& repository, Host& host, const MethodCall& call)
{
    std::vector<cim::Instance> given;
    for (const std::string& text : texts_of(call.input["FeatureSettings"])) {
        given.push_back(repository.embedded(text, call.method));
    }
    if (given.empty() || host.profile().is("feature_modify_allowed", "no")) {
        refuse(given.empty() ? code::invalid_parameter : code::failed,
               "The feature cannot be modified");
    }
    Vm& vm = *named(host, id_of(given.front())).vm;
    return feature_answer(host, vm, job_modify, [&host, given] {
        std::vector<cim::ObjectPath> paths;
        for (const cim::Instance& feature : given) {
            const Host::Named at = named(host, id_of(feature));
            paths.push_back(set_feature(host, *at.vm, connection_of_feature(at.device), feature));
        }
        return results("ResultingFeatureSettings", std::move(paths));
    });
}

MethodAnswer remove_features(Host& host, const MethodCall& call)
{
    const auto paths = paths_of(call.input["FeatureSettings"]);
    if (paths.empty()) {
        refuse(code::invalid_parameter, "FeatureSettings is missing");
    }
    Vm& vm = *named(host, paths.front()).vm;
    return feature_answer(host, vm, job_remove, [&host, paths] {
        for (const cim::ObjectPath& path : paths) {
            const Host::Named at = named(host, path);
            Device* device = at.vm->settings.find(connection_of_feature(at.device));
            const std::string wanted = at.device.substr(at.device.rfind('\\') + 1);
            const auto erased = device == nullptr
                                    ? 0
                                    : std::erase_if(device->features, [&](const Feature& feature) {
                                          return cim::same_name(feature.id.upper(), wanted);
                                      });
            if (erased == 0) {
                refuse(code::invalid_parameter, "The feature does not exist");
            }
        }
        return cim::Instance{};
    });
}

} // namespace

std::string feature_type_id(std::string_view class_name)
{
    const auto at = std::ranges::find(feature_types, class_name, &FeatureType::class_name);
    return at == feature_types.end() ? std::string{} : std::string{at->id};
}

Methods resource_methods(Repository& repository, Host& host)
{
    Methods methods;
    methods["AddResourceSettings"] = [&](const MethodCall& call) {
        return add_resources(repository, host, call);
    };
    methods["ModifyResourceSettings"] = [&](const MethodCall& call) {
        return modify_resources(repository, host, call);
    };
    methods["RemoveResourceSettings"] = [&](const MethodCall& call) {
        return remove_resources(host, call);
    };
    return methods;
}

Methods feature_methods(Repository& repository, Host& host)
{
    Methods methods;
    methods["AddFeatureSettings"] = [&](const MethodCall& call) {
        return add_features(repository, host, call);
    };
    methods["ModifyFeatureSettings"] = [&](const MethodCall& call) {
        return modify_features(repository, host, call);
    };
    methods["RemoveFeatureSettings"] = [&](const MethodCall& call) {
        return remove_features(host, call);
    };
    return methods;
}

} // namespace watari::sim::host::v2
