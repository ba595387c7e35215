#include "hyperv/v1/power.hpp"

#include "hyperv/backoff.hpp"
#include "hyperv/v1/summary.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v1.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using System = schema::v1::Msvm_ComputerSystem;
using Shutdown = schema::v1::Msvm_ShutdownComponent;

constexpr std::uint32_t invalid_state = 32775; ///< also: it is in that state already
/// How long a VM may take to show a state whose host job is over.
constexpr std::chrono::seconds settling{60};

Task<Done> request(Act& act, HostVmId vm, RequestedState state)
{
    schema::Call<System::RequestStateChange> call;
    call.set(System::RequestStateChange::RequestedState, static_cast<std::uint16_t>(state));
    co_return co_await act.change(system_path(vm), call, {invalid_state});
}

struct Reached {
    bool is_there = false;
    VmSummary last = {};
};

/// Looks until the VM is in the state, at least once, and no longer than `until`. While the guest
/// is shutting down any state but off is on the way.
Task<Reached> reach(Act& act, VmRef vm, PowerState wanted, Deadline until,
                    bool any_state_is_on_the_way)
{
    Backoff backoff;
    while (true) {
        auto seen = co_await find_summary(act, vm.guid);
        if (!seen) {
            throw Error{
                ErrorKind::not_found,
                message::vm_not_on_host{.guid = vm.guid.value().upper(), .host = act.host()}};
        }
        const bool is_on_the_way = any_state_is_on_the_way || is_passing(seen->state) ||
                                   seen->state == PowerState::unknown;
        if (seen->state == wanted || !is_on_the_way || until.passed(act.clock())) {
            co_return Reached{seen->state == wanted, std::move(*seen)};
        }
        co_await act.clock().sleep_until(
            std::min(act.clock().steady() + backoff.next(), until.at()));
    }
}

Task<> bring_to(Act& act, VmRef vm, PowerState wanted, RequestedState requested)
{
    const VmSummary seen = co_await look_at_own(act, vm);
    if (seen.state == wanted) {
        co_return;
    }
    const Done done = co_await request(act, vm.guid, requested);
    const Deadline until = act.deadline().sooner(Deadline::after(act.clock(), settling));
    const Reached reached = co_await reach(act, vm, wanted, until, false);
    if (!reached.is_there) {
        act.require_certain(done);
        throw Error{
            done.return_value == invalid_state ? ErrorKind::conflict : ErrorKind::unavailable,
            message::vm_state_not_reached{.host = act.host(),
                                          .name = seen.name,
                                          .state = std::string{to_string(reached.last.state)},
                                          .wanted = std::string{to_string(wanted)}}};
    }
}

/// nullopt: the guest has no such component now.
Task<std::optional<cim::ObjectPath>> shutdown_component(Act& act, HostVmId vm)
{
    const auto rows = co_await act.query(fmt::format("select * from {} where SystemName='{}'",
                                                     Shutdown::class_name, vm.value().upper()));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    const schema::Object<Shutdown> row{rows.front()};
    co_return cim::ObjectPath{std::string{hyperv_ns},
                              std::string{Shutdown::class_name},
                              {{"CreationClassName", cim::Value{Shutdown::class_name}},
                               {"DeviceID", cim::Value{row.get(Shutdown::DeviceID).value_or("")}},
                               {"SystemCreationClassName", cim::Value{System::class_name}},
                               {"SystemName", cim::Value{vm.value().upper()}}}};
}

/// InitiateShutdown of the guest's integration service: no host job. False: the guest does not take
/// it now.
Task<bool> ask_guest(Act& act, HostVmId vm)
{
    const auto component = co_await shutdown_component(act, vm);
    if (!component) {
        co_return false;
    }
    schema::Call<Shutdown::InitiateShutdown> call;
    call.set(Shutdown::InitiateShutdown::Force, false)
        .set(Shutdown::InitiateShutdown::Reason, "Watari");
    try {
        const auto output = co_await act.send_change(*component, Shutdown::InitiateShutdown::name,
                                                     call.parameters());
        const auto code = schema::Result<Shutdown::InitiateShutdown>{output}.return_value();
        co_return code == 0 || code == 4096;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) {
            throw;
        }
    }
    co_return false;
}

} // namespace

Task<> start(Act& act, VmRef vm)
{
    co_await bring_to(act, std::move(vm), PowerState::running, RequestedState::start);
}

Task<> turn_off(Act& act, VmRef vm)
{
    co_await bring_to(act, std::move(vm), PowerState::off, RequestedState::off);
}

Task<> shut_down(Act& act, VmRef vm)
{
    const VmSummary seen = co_await look_at_own(act, vm);
    if (seen.state == PowerState::off) {
        co_return;
    }
    if (!co_await ask_guest(act, vm.guid)) {
        throw Error{ErrorKind::unavailable, message::guest_cannot_shut_down{.name = seen.name}};
    }
    const Reached reached = co_await reach(act, vm, PowerState::off, act.deadline(), true);
    if (!reached.is_there) {
        throw Error{ErrorKind::timed_out, message::guest_did_not_shut_down{.name = seen.name}};
    }
}

Task<> cut_power(Act& act, HostVmId vm)
{
    const Done done = co_await request(act, vm, RequestedState::off);
    act.require_certain(done);
}

} // namespace watari::hyperv::v1
