#include "messages/provisioning.hpp"
#include "provisioning/workflows.hpp"

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;
using store::VmRecord;

Task<> start(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto machine = reference(services, vm);
    co_await on_host<void>(services, step, host_of(vm),
                           [&machine](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.start(machine, std::move(call));
                           });
}

Task<> stop(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto machine = reference(services, vm);
    const bool force = flag_in(step.input(), "force");
    co_await on_host<void>(services, step, host_of(vm),
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return force ? driver.turn_off(machine, std::move(call))
                                            : driver.shut_down(machine, std::move(call));
                           });
}

void commit_power(Transaction& transaction, StepContext& step, store::WantedPower wanted)
{
    auto vm = store::get<VmRecord>(transaction, step.operation().vm.value());
    vm.wanted_power = wanted;
    vm.observed_power = wanted == store::WantedPower::running ? store::ObservedPower::running
                                                              : store::ObservedPower::off;
    vm.observed_at = transaction.now();
    store::update(transaction, vm);
}

} // namespace

operations::Workflow start_vm(Services& services)
{
    Services* s = &services;
    return {.name = "start_vm",
            .version = 1,
            .steps = {{.id = "start",
                       .title = message::step_start{},
                       .act = [s](StepContext& step) { return start(*s, step); },
                       .commit =
                           [](Transaction& transaction, StepContext& step) {
                               commit_power(transaction, step, store::WantedPower::running);
                           },
                       .time_limit = std::chrono::minutes{10}}}};
}

operations::Workflow stop_vm(Services& services)
{
    Services* s = &services;
    return {.name = "stop_vm",
            .version = 1,
            .steps = {{.id = "stop",
                       .title = message::step_stop{},
                       .act = [s](StepContext& step) { return stop(*s, step); },
                       .commit =
                           [](Transaction& transaction, StepContext& step) {
                               commit_power(transaction, step, store::WantedPower::off);
                           },
                       .time_limit = std::chrono::minutes{10}}}};
}

} // namespace watari::provisioning
