#include "sim/host/v2/given.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace watari::sim::host::v2 {

namespace {

/// Codes of RequestedInformation (fresh-vm.md 7).
constexpr std::uint64_t first_vm_only_code = 100;

void fill(cim::Instance& row, Host& host, const Owner& owner, std::uint64_t member)
{
    const Settings& settings = owner.settings();
    const Vm& vm = owner.vm;
    const bool runs = vm.state == VmState::running;
    switch (member) {
    case 0:
        put(row, "Name", owner.id().upper());
        break;
    case 1:
        put(row, "ElementName", settings.name);
        break;
    case 2:
        put(row, "CreationTime", moment(settings.created));
        break;
    case 3:
        put(row, "Notes", settings.notes);
        break;
    case 4:
        put(row, "NumberOfProcessors", settings.processor.count);
        break;
    case 9: {
        std::vector<std::string> names;
        for (const Device& device : settings.devices) {
            const Switch* network = device.network ? host.find_network(*device.network) : nullptr;
            if (network != nullptr) {
                names.push_back(network->name);
            }
        }
        put(row, "VirtualSwitchNames", texts(std::move(names)));
        break;
    }
    case 10:
        put(row, "Version", settings.version);
        break;
    case 11:
        put(row, "Shielded", false);
        break;
    case 100:
        put(row, "EnabledState", enabled_state(vm.state));
        break;
    case 101:
        if (runs || host.profile().is("summary_processor_load_off", "0")) {
            put(row, "ProcessorLoad", runs ? 3 : 0);
        }
        break;
    case 103:
        if (vm.assigned_mib != 0) {
            put(row, "MemoryUsage", vm.assigned_mib);
        }
        break;
    case 104:
        if (runs) {
            put(row, "Heartbeat", host.guest_answers(vm) ? 2 : 12);
        } else if (host.profile().is("summary_heartbeat_off", "12")) {
            put(row, "Heartbeat", 12);
        }
        break;
    case 105:
        put(row, "UpTime", host.uptime_ms(vm));
        break;
    case 106:
        if (host.guest_answers(vm)) {
            put(row, "GuestOperatingSystem", vm.guest.os_name);
        }
        break;
    case 109:
        put(row, "HealthState", 5);
        break;
    case 110:
        put(row, "OperationalStatus", numbers({2}));
        break;
    case 111:
        put(row, "StatusDescriptions", texts({"Operating normally"}));
        break;
    case 112:
        if (host.profile().is("summary_memory_available_static", "2147483647")) {
            put(row, "MemoryAvailable", 2147483647);
        }
        break;
    case 120:
        put(row, "SwapFilesInUse", false);
        break;
    case 121:
    case 132:
        put(row, "IntegrationServicesVersionState", host.guest_answers(vm) ? 1 : 0);
        break;
    case 123:
        put(row, "MemorySpansPhysicalNumaNodes", false);
        break;
    default:
        break;
    }
}

const std::set<std::uint64_t>& known_codes()
{
    static const std::set<std::uint64_t> codes{0,   1,   2,   3,   4,   5,   6,   7,   8,   9,
                                               10,  11,  100, 101, 102, 103, 104, 105, 106, 107,
                                               108, 109, 110, 111, 112, 113, 114, 115, 116, 117,
                                               118, 119, 120, 121, 122, 123, 124, 132};
    return codes;
}

cim::Instance summary_row(Repository& repository, Host& host, const Owner& owner,
                          const std::set<std::uint64_t>& wanted)
{
    cim::Instance row{"Msvm_SummaryInformation"};
    for (const std::uint64_t member : wanted) {
        if (owner.checkpoint == nullptr || member < first_vm_only_code) {
            fill(row, host, owner, member);
        }
    }
    put(row, "InstanceID", setting_id(owner.id()));
    put(row, "VirtualSystemSubType",
        owner.settings().generation == 2 ? "Microsoft:Hyper-V:SubType:2"
                                         : "Microsoft:Hyper-V:SubType:1");
    put(row, "HostComputerSystemName", host.name());
    put(row, "EnhancedSessionModeState", owner.vm.state == VmState::running ? 6 : 3);
    const schema::ClassInfo* info = repository.catalogue().find("Msvm_SummaryInformation");
    cim::Instance typed{"Msvm_SummaryInformation"};
    typed.reserve(info->properties.size());
    const bool shows_null = host.profile().is("summary_unrequested_members", "nil");
    for (const schema::PropertyInfo& property : info->properties) {
        cim::Value value = row[property.name];
        if (!value.is_null() ||
            (shows_null && !property.is_array && property.type != cim::Type::object)) {
            typed.append({.name = property.name,
                          .type = property.type,
                          .is_array = property.is_array,
                          .value = std::move(value)});
        }
    }
    return typed;
}

} // namespace

MethodAnswer summary(Repository& repository, Host& host, const MethodCall& call)
{
    std::set<std::uint64_t> wanted;
    if (const auto* codes = call.input["RequestedInformation"].array()) {
        for (const cim::Value& one : *codes) {
            wanted.insert(one.unsigned_integer().value_or(0));
        }
    }
    if (host.profile().is("summary_unknown_code", "refused") &&
        std::ranges::any_of(wanted,
                            [](std::uint64_t one) { return !known_codes().contains(one); })) {
        refuse(code::invalid_parameter, "RequestedInformation has an unknown code");
    }
    cim::Value::Array rows;
    const auto add = [&](const Owner& owner) {
        rows.emplace_back(summary_row(repository, host, owner, wanted));
    };
    const auto paths = paths_of(call.input["SettingData"]);
    if (paths.empty()) {
        for (const auto& vm : host.vms()) {
            add(Owner{.vm = *vm});
        }
    }
    for (const cim::ObjectPath& path : paths) {
        const Host::Named at = named(host, path);
        add(Owner{.vm = *at.vm, .checkpoint = at.checkpoint});
    }
    MethodAnswer answer;
    put(answer.output, "SummaryInformation", cim::Value{std::move(rows)});
    return answer;
}

void add_summary(Repository& repository, Host& host)
{
    repository.add("Msvm_SummaryInformation",
                   {.produce = [&](const Demand& demand, const Sink& sink) {
                       if (host.profile().yes("summary_class_enumerable")) {
                           for_each_vm(host, demand, [&](Vm& vm) {
                               sink(summary_row(repository, host, Owner{.vm = vm}, known_codes()));
                           });
                       }
                   }});
}

} // namespace watari::sim::host::v2
