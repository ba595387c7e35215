#include "messages/provisioning.hpp"
#include "provisioning/machines.hpp"
#include "provisioning/workflows.hpp"

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;

Task<> stop(Services& services, StepContext& step)
{
    return flag_in(step.input(), "force") ? turn_off_machine(services, step)
                                          : shut_down_machine(services, step);
}

void commit_power(Transaction& transaction, StepContext& step, store::WantedPower wanted)
{
    auto vm = vm_of(transaction, step);
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
                       .act = [s](StepContext& step) { return start_machine(*s, step); },
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
                       .time_limit = std::chrono::minutes{10},
                       .waits_for = is_guest_not_ready}}};
}

} // namespace watari::provisioning
