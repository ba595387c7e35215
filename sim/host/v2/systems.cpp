#include "sim/host/v2/shapes.hpp"

#include <utility>

namespace watari::sim::host::v2 {

namespace {

cim::Instance host_row(const Host& host)
{
    cim::Instance row{"Msvm_ComputerSystem"};
    put(row, "Caption", "Hosting Computer System");
    put(row, "CreationClassName", "Msvm_ComputerSystem");
    put(row, "Description", "Microsoft Hosting Computer System");
    put(row, "ElementName", host.name());
    put(row, "EnabledDefault", 2);
    put(row, "EnabledState", 2);
    put(row, "HealthState", 5);
    put(row, "Name", host.name());
    put(row, "NumberOfNumaNodes", host.options().limits.sockets);
    put(row, "OperationalStatus", numbers({2}));
    put(row, "RequestedState", 12);
    put(row, "ResetCapability", 1);
    put(row, "Status", "OK");
    put(row, "StatusDescriptions", texts({"OK"}));
    return row;
}

cim::Instance system_row(const Host& host, const Vm& vm)
{
    const std::uint16_t state = enabled_state(vm.state);
    cim::Instance row{"Msvm_ComputerSystem"};
    put(row, "Caption", "Virtual Machine");
    put(row, "CreationClassName", "Msvm_ComputerSystem");
    put(row, "Description", "Microsoft Virtual Machine");
    put(row, "ElementName", vm.settings.name);
    put(row, "EnabledDefault", vm.state == VmState::running ? 2 : 3);
    put(row, "EnabledState", state);
    put(row, "EnhancedSessionModeState", vm.state == VmState::running ? 6 : 3);
    put(row, "FailedOverReplicationType", 0);
    put(row, "HealthState", 5);
    put(row, "InstallDate", moment(vm.settings.created));
    put(row, "LastApplicationConsistentReplicationTime", never());
    put(row, "LastReplicationTime", never());
    put(row, "LastReplicationType", 0);
    put(row, "Name", vm.id.upper());
    put(row, "NumberOfNumaNodes", 1);
    put(row, "OnTimeInMilliseconds", host.uptime_ms(vm));
    cim::Value::Array operational;
    for (const std::uint16_t value : vm.operational_status) {
        operational.emplace_back(value);
    }
    put(row, "OperationalStatus", cim::Value{std::move(operational)});
    put(row, "ProcessID", vm.process_id == 0 ? cim::Value{} : cim::Value{vm.process_id});
    put(row, "ReplicationHealth", 0);
    put(row, "ReplicationMode", 0);
    put(row, "ReplicationState", 0);
    put(row, "RequestedState", vm.requested_state);
    put(row, "ResetCapability", 1);
    put(row, "Status", "OK");
    put(row, "StatusDescriptions", texts({"Operating normally"}));
    put(row, "TimeOfLastConfigurationChange", moment(vm.settings_changed));
    put(row, "TimeOfLastStateChange", vm.state_changed ? moment(*vm.state_changed) : never());
    return row;
}

/// v2's requested states. Source: call-sequences.md; 4 shuts the guest down from 2016 on
/// (UNVERIFIED).
Power power_of(const Host& host, std::uint64_t requested)
{
    switch (requested) {
    case 2:
        return Power::start;
    case 3:
        return Power::turn_off;
    case 4:
        return host.profile().yes("state_change_shutdown_by_requested_state") ? Power::shut_down
                                                                              : Power::turn_off;
    case 6:
        return Power::save;
    case 9:
        return Power::pause;
    case 10:
        return Power::reboot;
    case 11:
        return Power::reset;
    default:
        refuse(code::invalid_parameter, "There is no such state");
    }
}

MethodAnswer request_state_change(Host& host, const MethodCall& call)
{
    const auto id = Uuid::parse(call.target.key("Name").value_or(""));
    Vm* vm = id ? host.find_vm(*id) : nullptr;
    const auto requested = call.input["RequestedState"].unsigned_integer();
    if (vm == nullptr || !requested) {
        refuse(code::invalid_parameter, "The host itself has no requested state");
    }
    return started(host, host.change_state(*vm, power_of(host, *requested)));
}

} // namespace

void add_systems(Repository& repository, Host& host)
{
    ClassProvider systems;
    systems.produce = [&host](const Demand& demand, const Sink& sink) {
        if (demand.allows("Name", host.name())) {
            sink(host_row(host));
        }
        if (demand.owners() != nullptr || !demand.text("Name")) {
            for_each_vm(host, demand, [&](Vm& vm) { sink(system_row(host, vm)); });
        }
    };
    systems.methods["RequestStateChange"] = [&host](const MethodCall& call) {
        return request_state_change(host, call);
    };
    repository.add("Msvm_ComputerSystem", std::move(systems));
}

} // namespace watari::sim::host::v2
