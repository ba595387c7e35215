#include "sim/host/v1/summary.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace watari::sim::host::v1 {

namespace {

/// One row of settings and what it shows.
struct Subjected {
    const Vm* vm = nullptr;
    const Checkpoint* checkpoint = nullptr; ///< null: the VM itself
};

struct Member {
    std::uint32_t code;
    std::string_view name;
};

/// Codes of v1 (schema/v1.json requested_information); 100 and above are for VMs only.
constexpr std::array members{
    Member{0, "Name"},
    Member{1, "ElementName"},
    Member{2, "CreationTime"},
    Member{3, "Notes"},
    Member{4, "NumberOfProcessors"},
    Member{5, "ThumbnailImage"},
    Member{6, "ThumbnailImage"},
    Member{7, "ThumbnailImage"},
    Member{8, "AllocatedGPU"},
    Member{100, "EnabledState"},
    Member{101, "ProcessorLoad"},
    Member{102, "ProcessorLoadHistory"},
    Member{103, "MemoryUsage"},
    Member{104, "Heartbeat"},
    Member{105, "UpTime"},
    Member{106, "GuestOperatingSystem"},
    Member{107, "Snapshots"},
    Member{108, "AsynchronousTasks"},
    Member{109, "HealthState"},
    Member{110, "OperationalStatus"},
    Member{111, "StatusDescriptions"},
    Member{112, "MemoryAvailable"},
    Member{113, "AvailableMemoryBuffer"},
};

std::string_view name_of(std::uint64_t requested)
{
    const auto at = std::ranges::find(members, requested, &Member::code);
    return at == members.end() ? std::string_view{} : at->name;
}

cim::Value heartbeat(const View& view, const Vm& vm)
{
    constexpr std::uint16_t ok = 2;
    constexpr std::uint16_t no_contact = 12;
    if (vm.state != VmState::running) {
        return view.profile().is("summary_heartbeat_off", "12") ? cim::Value{no_contact}
                                                                : cim::Value{};
    }
    return view.host().guest_answers(vm) ? ok : no_contact;
}

cim::Value of_settings(const Subjected& subject, std::string_view name)
{
    const Settings& settings =
        subject.checkpoint == nullptr ? subject.vm->settings : subject.checkpoint->settings;
    if (name == "Name") {
        return (subject.checkpoint == nullptr ? subject.vm->id : subject.checkpoint->id).upper();
    }
    if (name == "ElementName") {
        return settings.name;
    }
    if (name == "CreationTime") {
        return moment(settings.created);
    }
    if (name == "Notes") {
        return settings.notes;
    }
    if (name == "NumberOfProcessors") {
        return settings.processor.count;
    }
    return {};
}

cim::Value snapshots(const View& view, const Vm& vm)
{
    cim::Value::Array found;
    for (const Checkpoint& checkpoint : vm.checkpoints) {
        Row row{"Msvm_VirtualSystemSettingData"};
        row.set("InstanceID", view.instance_id(checkpoint.id))
            .set("ElementName", checkpoint.settings.name);
        found.emplace_back(row.take());
    }
    return found.empty() ? cim::Value{} : cim::Value{std::move(found)};
}

cim::Value of_vm(const View& view, const Vm& vm, std::string_view name)
{
    const bool runs = vm.state == VmState::running;
    if (name == "EnabledState") {
        return enabled_state(vm.state);
    }
    if (name == "ProcessorLoad") {
        return runs                                                   ? cim::Value{3}
               : view.profile().is("summary_processor_load_off", "0") ? cim::Value{0}
                                                                      : cim::Value{};
    }
    if (name == "MemoryUsage") {
        return vm.assigned_mib == 0 ? cim::Value{}
                                    : cim::Value{vm.assigned_mib}; // null when off: recorded
    }
    if (name == "Heartbeat") {
        return heartbeat(view, vm);
    }
    if (name == "UpTime") {
        return view.host().uptime_ms(vm);
    }
    if (name == "GuestOperatingSystem" && view.host().guest_answers(vm)) {
        return vm.guest.os_name;
    }
    if (name == "Snapshots") {
        return snapshots(view, vm);
    }
    if (name == "HealthState") {
        return 5;
    }
    if (name == "OperationalStatus") {
        return numbers(vm.operational_status);
    }
    if (name == "StatusDescriptions") {
        return texts({"Operating normally"});
    }
    if (name == "MemoryAvailable" && !vm.settings.memory.dynamic &&
        view.profile().is("summary_memory_available_static", "2147483647")) {
        return 2147483647;
    }
    return {};
}

/// Every VM, or what the references name, in their order. Throws refuse(32773).
std::vector<Subjected> subjects(const View& view, const cim::Value& references)
{
    std::vector<Subjected> found;
    if (references.is_null()) {
        for (const auto& vm : view.host().vms()) {
            found.push_back({.vm = vm.get()});
        }
        return found;
    }
    for (const cim::Value& value : elements(references)) {
        const cim::ObjectPath* path = value.reference();
        const auto named =
            path == nullptr ? std::nullopt
                            : view.host().find_by_instance_id(path->key("InstanceID").value_or(""));
        if (!named || !named->device.empty()) {
            refuse(code::invalid_parameter, "SettingData names no settings of a virtual machine");
        }
        found.push_back({.vm = named->vm, .checkpoint = named->checkpoint});
    }
    return found;
}

} // namespace

MethodAnswer get_summary_information(const View& view, const MethodCall& call)
{
    const auto requested = elements(call.input["RequestedInformation"]);
    for (const cim::Value& value : requested) {
        if (name_of(value.unsigned_integer().value_or(0)).empty() &&
            view.profile().is("summary_unknown_code", "refused")) {
            refuse(code::invalid_parameter, "RequestedInformation has an unknown code");
        }
    }
    const schema::ClassInfo* info = view.repository().catalogue().find("Msvm_SummaryInformation");
    cim::Value::Array summaries;
    for (const Subjected& subject : subjects(view, call.input["SettingData"])) {
        cim::Instance row{"Msvm_SummaryInformation"};
        for (const schema::PropertyInfo& property : info->properties) {
            const bool is_asked = std::ranges::any_of(requested, [&](const cim::Value& value) {
                return name_of(value.unsigned_integer().value_or(UINT32_MAX)) == property.name;
            });
            if (!is_asked && !view.profile().is("summary_unrequested_members", "nil")) {
                continue;
            }
            cim::Value value = is_asked ? of_settings(subject, property.name) : cim::Value{};
            if (is_asked && value.is_null() && subject.checkpoint == nullptr) {
                value = of_vm(view, *subject.vm, property.name);
            }
            row.append({.name = property.name,
                        .type = property.type,
                        .is_array = property.is_array,
                        .value = std::move(value)});
        }
        summaries.emplace_back(row);
    }
    MethodAnswer answer;
    answer.output.set({.name = "SummaryInformation",
                       .type = cim::Type::object,
                       .is_array = true,
                       .value = std::move(summaries)});
    return answer;
}

} // namespace watari::sim::host::v1
