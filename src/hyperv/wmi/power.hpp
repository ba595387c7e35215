#pragma once

#include "hyperv/backoff.hpp"
#include "hyperv/wmi/summary.hpp"
#include "messages/hyperv.hpp"

/// Starting and stopping VMs. Three requests each: state and proof, RequestStateChange, read back.
/// None but the first when the state is there already.
namespace watari::hyperv::wmi {

inline constexpr std::uint32_t invalid_state = 32775;         ///< also: it is in that state already
inline constexpr std::uint32_t already_shutting_down = 32782; ///< InitiateShutdown
/// How long a VM may take to show a state whose host job is over.
inline constexpr std::chrono::seconds settling{60};
/// Kept back from a deadline for the last look.
inline constexpr std::chrono::seconds looking{10};

template <IsDialect D>
Task<Done> request_state(Act& act, HostVmId vm, RequestedState state)
{
    using Request = D::Classes::Msvm_ComputerSystem::RequestStateChange;
    schema::Call<Request> call;
    call.set(Request::RequestedState, static_cast<std::uint16_t>(state));
    co_return co_await act.change(system_path<typename D::Classes>(vm), call, {invalid_state});
}

struct Reached {
    bool is_there = false;
    VmSummary last = {};
};

/// Looks until the VM is in the state, at least once, and no longer than `until`. While the guest
/// is shutting down any state but off is on the way.
template <IsDialect D>
Task<Reached> reach(Act& act, HostVmId vm, PowerState wanted, Deadline until,
                    bool any_state_is_on_the_way)
{
    Backoff backoff;
    while (true) {
        auto seen = co_await find_summary<D>(act, vm);
        if (!seen) {
            throw_not_on_host(act, vm);
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

template <IsDialect D>
Task<> bring_to(Act& act, VmRef vm, PowerState wanted, RequestedState requested)
{
    const VmSummary seen = co_await look_at_own<D>(act, vm);
    if (seen.state == wanted) {
        co_return;
    }
    const Done done = co_await request_state<D>(act, vm.guid, requested);
    const Deadline until = act.deadline().sooner(Deadline::after(act.clock(), settling));
    const Reached reached = co_await reach<D>(act, vm.guid, wanted, until, false);
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

/// InitiateShutdown of the guest's integration service: no host job. False: the guest does not take
/// it now.
template <IsDialect D>
Task<bool> ask_guest(Act& act, HostVmId vm)
{
    using Initiate = D::Classes::Msvm_ShutdownComponent::InitiateShutdown;
    const auto component = co_await D::shutdown_component(act, vm);
    if (!component) {
        co_return false;
    }
    schema::Call<Initiate> call;
    call.set(Initiate::Force, false).set(Initiate::Reason, "Watari");
    try {
        const auto output = co_await act.send_change(*component, Initiate::name, call.parameters());
        const auto code = schema::Result<Initiate>{output}.return_value();
        co_return code == 0 || code == 4096 || code == already_shutting_down;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) {
            throw;
        }
    }
    co_return false;
}

template <IsDialect D>
Task<> start(Act& act, VmRef vm)
{
    co_await bring_to<D>(act, std::move(vm), PowerState::running, RequestedState::start);
}

template <IsDialect D>
Task<> turn_off(Act& act, VmRef vm)
{
    co_await bring_to<D>(act, std::move(vm), PowerState::off, RequestedState::off);
}

/// Asks the guest, then looks until the deadline. A guest that did not by then is not asked again:
/// whoever ordered it decides.
template <IsDialect D>
Task<> shut_down(Act& act, VmRef vm)
{
    const VmSummary seen = co_await look_at_own<D>(act, vm);
    if (seen.state == PowerState::off) {
        co_return;
    }
    if (!co_await ask_guest<D>(act, vm.guid)) {
        throw Error{ErrorKind::unavailable, message::guest_cannot_shut_down{.name = seen.name}};
    }
    const Deadline until{act.deadline().at() - looking};
    const Reached reached = co_await reach<D>(act, vm.guid, PowerState::off, until, true);
    if (!reached.is_there) {
        throw Error{ErrorKind::conflict, message::guest_did_not_shut_down{.name = seen.name}};
    }
}

} // namespace watari::hyperv::wmi
