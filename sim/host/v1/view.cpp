#include "sim/host/v1/view.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v1 {

cim::Value numbers(const std::vector<std::uint16_t>& values)
{
    cim::Value::Array array;
    for (const std::uint16_t value : values) {
        array.emplace_back(value);
    }
    return array;
}

cim::Value texts(const std::vector<std::string>& values)
{
    cim::Value::Array array;
    for (const std::string& value : values) {
        array.emplace_back(value);
    }
    return array;
}

cim::Value moment(WallTime time)
{
    return cim::DateTime::moment(time);
}

cim::Value never()
{
    return cim::DateTime::moment(WallTime{std::chrono::seconds{-11'644'473'600}});
}

cim::ObjectPath View::path(std::string_view class_name,
                           std::vector<cim::ObjectPath::Key> keys) const
{
    return cim::ObjectPath{std::string{repository_->ns()}, std::string{class_name}, std::move(keys)}
        .with_host(host_->name());
}

cim::ObjectPath View::by_id(std::string_view class_name, std::string instance_id) const
{
    return path(class_name, {{"InstanceID", std::move(instance_id)}});
}

cim::ObjectPath View::host_system() const
{
    return path("Msvm_ComputerSystem",
                {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", host_->name()}});
}

cim::ObjectPath View::system(const Uuid& vm) const
{
    return path("Msvm_ComputerSystem",
                {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", vm.upper()}});
}

cim::ObjectPath View::settings(const Uuid& owner) const
{
    return by_id("Msvm_VirtualSystemSettingData", instance_id(owner));
}

cim::ObjectPath View::global_settings(const Uuid& vm) const
{
    return by_id("Msvm_VirtualSystemGlobalSettingData", instance_id(vm, "Global"));
}

cim::ObjectPath View::device_settings(const Uuid& owner, const Device& device) const
{
    const DeviceWords* words = words_of(device.kind);
    return by_id(words == nullptr ? "Msvm_ResourceAllocationSettingData" : words->settings_class,
                 instance_id(owner, device.id));
}

cim::ObjectPath View::live_device(const Uuid& vm, std::string_view class_name,
                                  std::string device_id) const
{
    return path(class_name, {{"CreationClassName", class_name},
                             {"DeviceID", std::move(device_id)},
                             {"SystemCreationClassName", "Msvm_ComputerSystem"},
                             {"SystemName", vm.upper()}});
}

cim::ObjectPath View::network(const Switch& network) const
{
    return path("Msvm_VirtualSwitch",
                {{"CreationClassName", "Msvm_VirtualSwitch"}, {"Name", network.id.upper()}});
}

cim::ObjectPath View::port(std::string_view class_name, const Switch& network,
                           const SwitchPort& port) const
{
    return path(class_name, {{"CreationClassName", class_name},
                             {"Name", port.name},
                             {"SystemCreationClassName", "Msvm_VirtualSwitch"},
                             {"SystemName", network.id.upper()}});
}

cim::ObjectPath View::job(const Job& job) const
{
    return by_id(job.job_class == JobClass::storage ? "Msvm_StorageJob" : "Msvm_ConcreteJob",
                 job.id.upper());
}

std::string View::instance_id(const Uuid& owner, std::string_view device) const
{
    std::string id = "Microsoft:" + owner.upper();
    if (device.empty()) {
        return id;
    }
    if (!profile().is("id_case", "upper")) {
        return fmt::format("{}\\{}", id, device);
    }
    id += '\\';
    constexpr std::size_t guid_length = 36;
    for (std::size_t at = 0; at < device.size(); ++at) {
        const char letter = device[at];
        id += at < guid_length && letter >= 'a' && letter <= 'f'
                  ? static_cast<char>(letter - 'a' + 'A')
                  : letter;
    }
    return id;
}

Vm& View::vm_of(const cim::Instance& input, std::string_view parameter) const
{
    const cim::ObjectPath* path = input[parameter].reference();
    if (path == nullptr || !cim::same_name(path->class_name(), "Msvm_ComputerSystem")) {
        refuse(code::invalid_parameter, fmt::format("{} names no virtual machine", parameter));
    }
    const auto id = Uuid::parse(path->key("Name").value_or(""));
    Vm* vm = id ? host_->find_vm(*id) : nullptr;
    if (vm == nullptr) {
        refuse(code::invalid_parameter, fmt::format("{} names no virtual machine", parameter));
    }
    return *vm;
}

const Device& View::device_of(Vm& vm, const cim::ObjectPath& path) const
{
    const auto named = host_->find_by_instance_id(path.key("InstanceID").value_or(""));
    const Device* device = named && named->vm == &vm && named->checkpoint == nullptr
                               ? vm.settings.find(named->device)
                               : nullptr;
    const DeviceWords* words = device == nullptr ? nullptr : words_of(device->kind);
    if (words == nullptr ||
        !repository_->catalogue().is_a(words->settings_class, path.class_name())) {
        refuse(code::invalid_parameter, "The path names no device of the virtual machine");
    }
    return *device;
}

MethodAnswer View::started(const Job& job) const
{
    MethodAnswer answer{.return_value = code::job_started};
    answer.output.set("Job", cim::Type::reference, this->job(job));
    return answer;
}

MethodAnswer View::in_job(JobRequest request, const JobAct& act) const
{
    MethodAnswer done;
    try {
        done = act(request.affected);
    } catch (const Error& error) {
        if (!error.peer().code || !profile().is("validation_errors", "job")) {
            throw;
        }
        request.finish = [number = *error.peer().code, text = error.peer().text] {
            refuse(number, text);
        };
    }
    MethodAnswer answer = started(host_->jobs().start(std::move(request)));
    if (profile().is("add_resource_running", "with_result")) {
        for (const cim::Property& result : done.output.properties()) {
            answer.output.set(result);
        }
    }
    return answer;
}

const std::string& text_of(const cim::Instance& input, std::string_view parameter)
{
    const std::string* text = input[parameter].string();
    if (text == nullptr) {
        refuse(code::invalid_parameter, fmt::format("{} is missing", parameter));
    }
    return *text;
}

std::vector<cim::Value> elements(const cim::Value& value)
{
    if (const auto* array = value.array()) {
        return *array;
    }
    return value.is_null() ? std::vector<cim::Value>{} : std::vector<cim::Value>{value};
}

std::function<MethodAnswer(const MethodCall&)>
method(std::function<MethodAnswer(const MethodCall&)> act)
{
    return [act = std::move(act)](const MethodCall& call) {
        try {
            return act(call);
        } catch (const Error& error) {
            if (!error.peer().code) {
                throw;
            }
            refuse(return_code(*error.peer().code), error.peer().text);
        }
    };
}

} // namespace watari::sim::host::v1
