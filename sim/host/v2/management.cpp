#include "sim/host/v2/given.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v2 {

namespace {

constexpr std::uint16_t job_define = 1;
constexpr std::uint16_t job_modify = 2;
constexpr std::uint16_t job_service = 4;

int vm_generation_of(const cim::Instance& given, const Host& host)
{
    const std::string* subtype = given["VirtualSystemSubType"].string();
    if (subtype == nullptr) {
        return host.generation() >= Generation::ws2025 &&
                       host.profile().is("define_default_generation", "2")
                   ? 2
                   : 1;
    }
    if (cim::same_name(*subtype, "Microsoft:Hyper-V:SubType:1")) {
        return 1;
    }
    if (cim::same_name(*subtype, "Microsoft:Hyper-V:SubType:2") &&
        host.generation() >= Generation::ws2012r2) {
        return 2;
    }
    refuse(code::invalid_parameter, fmt::format("'{}' is no kind of virtual machine", *subtype));
}

NewVm new_vm(Repository& repository, Host& host, const MethodCall& call,
             std::vector<cim::Instance>& rest)
{
    const std::string* text = call.input["SystemSettings"].string();
    cim::Instance given{"Msvm_VirtualSystemSettingData"};
    if (text != nullptr && !text->empty()) {
        given = repository.embedded(*text, call.method);
    }
    NewVm request{.settings = host.fresh_settings(vm_generation_of(given, host))};
    apply_system(request.settings, given, host);
    for (const std::string& resource : texts_of(call.input["ResourceSettings"])) {
        cim::Instance settings = repository.embedded(resource, call.method);
        if (cim::same_name(settings.class_name(), "Msvm_MemorySettingData")) {
            apply_memory(request.settings.memory, settings);
        } else if (cim::same_name(settings.class_name(), "Msvm_ProcessorSettingData")) {
            apply_processor(request.settings.processor, settings);
        } else if (host.profile().is("define_takes_all_resources", "all")) {
            rest.push_back(std::move(settings));
        }
    }
    return request;
}

MethodAnswer define_system(Repository& repository, Host& host, const MethodCall& call)
{
    std::vector<cim::Instance> rest;
    NewVm request = new_vm(repository, host, call, rest);
    const auto define = [&host, rest](NewVm what) -> const Vm& {
        Vm& vm = host.define_vm(std::move(what));
        for (const cim::Instance& given : rest) {
            host.add_device(vm, device_from(host, vm.id, given));
        }
        return vm;
    };
    if (host.profile().is("define_system_returns", "sync")) {
        MethodAnswer answer;
        put(answer.output, "ResultingSystem",
            cim::Value{system_path(host, define(std::move(request)).id)});
        return answer;
    }
    request.id = Uuid::random(host.random());
    const Subject made{.kind = Subject::Kind::vm, .id = *request.id, .effect = 5};
    return started(host, host.jobs().start({.type = job_define,
                                            .text = "Creating Virtual Machine",
                                            .duration = host.options().durations.settings,
                                            .affected = {made},
                                            .finish = [define, request] {
                                                static_cast<void>(define(request));
                                            }}));
}

MethodAnswer modify_system(Repository& repository, Host& host, const MethodCall& call)
{
    const std::string* text = call.input["SystemSettings"].string();
    if (text == nullptr) {
        refuse(code::invalid_parameter, "SystemSettings is missing");
    }
    const cim::Instance given = repository.embedded(*text, call.method);
    const std::string* id = given["InstanceID"].string();
    if (id == nullptr || !cim::same_name(given.class_name(), "Msvm_VirtualSystemSettingData")) {
        refuse(code::invalid_parameter, "InstanceID is missing");
    }
    const Host::Named at = named(host, *id);
    if (!at.device.empty()) {
        refuse(code::invalid_parameter, fmt::format("'{}' names no system settings", *id));
    }
    if (at.checkpoint != nullptr) {
        for (Checkpoint& checkpoint : at.vm->checkpoints) {
            if (&checkpoint == at.checkpoint) {
                apply_system(checkpoint.settings, given, host);
            }
        }
        return {};
    }
    const bool as_job =
        at.vm->state != VmState::off || host.profile().is("modify_system_off", "job");
    return perform(host, *at.vm, as_job, job_modify, "Modifying Virtual Machine",
                   [&host, id = at.vm->id, given] {
                       host.change_settings(*host.find_vm(id), [&](Settings& settings) {
                           apply_system(settings, given, host);
                       });
                       return cim::Instance{};
                   });
}

MethodAnswer destroy_system(Host& host, const MethodCall& call)
{
    const cim::ObjectPath* path = call.input["AffectedSystem"].reference();
    const auto id = path == nullptr ? std::nullopt : Uuid::parse(path->key("Name").value_or(""));
    if (!id) {
        refuse(code::invalid_parameter, "AffectedSystem names no virtual machine");
    }
    return started(host, host.destroy_vm(*id));
}

MethodAnswer modify_service(Repository& repository, Host& host, const MethodCall& call)
{
    const std::string* text = call.input["SettingData"].string();
    if (text == nullptr) {
        refuse(code::invalid_parameter, "SettingData is missing");
    }
    const cim::Instance given = repository.embedded(*text, call.method);
    const std::string* root = given["DefaultExternalDataRoot"].string();
    const std::string* disks = given["DefaultVirtualHardDiskPath"].string();
    host.set_default_roots(root == nullptr ? "" : *root, disks == nullptr ? "" : *disks);
    static_cast<void>(job_service);
    return {};
}

} // namespace

Methods management_methods(Repository& repository, Host& host)
{
    Methods methods;
    methods["DefineSystem"] = [&](const MethodCall& call) {
        return define_system(repository, host, call);
    };
    methods["ModifySystemSettings"] = [&](const MethodCall& call) {
        return modify_system(repository, host, call);
    };
    methods["DestroySystem"] = [&](const MethodCall& call) { return destroy_system(host, call); };
    methods["ModifyServiceSettings"] = [&](const MethodCall& call) {
        return modify_service(repository, host, call);
    };
    methods["GetSummaryInformation"] = [&](const MethodCall& call) {
        return summary(repository, host, call);
    };
    methods.merge(resource_methods(repository, host));
    methods.merge(feature_methods(repository, host));
    return methods;
}

} // namespace watari::sim::host::v2
