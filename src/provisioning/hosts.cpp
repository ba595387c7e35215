#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "provisioning/networks.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/event.hpp"
#include "store/records/image.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;

store::HostId host_in(const StepContext& step)
{
    return step.operation().host.value();
}

Task<> probe(Services& services, StepContext& step)
{
    co_await services.fleet.probe(host_in(step), step.deadline(),
                                  call_context(services, step).on_request);
}

Task<> refresh(Services& services, StepContext& step)
{
    co_await services.fleet.refresh(host_in(step), step.deadline(),
                                    call_context(services, step).on_request);
}

void commit_known(Transaction& transaction, StepContext& step, std::string event)
{
    const auto host = store::get<store::HostRecord>(transaction, host_in(step));
    bind_networks_of_host(transaction, step.random(), host);
    store::append(transaction,
                  store::EventRecord{.kind = std::move(event),
                                     .subject_kind = "host",
                                     .subject = host.id.value(),
                                     .operation = step.operation().id,
                                     .data = boost::json::object{{"name", host.name}}});
}

void commit_enrolled(Transaction& transaction, StepContext& step)
{
    commit_known(transaction, step, "host.enrolled");
}

void commit_updated(Transaction& transaction, StepContext& step)
{
    commit_known(transaction, step, "host.updated");
}

void commit_refreshed(Transaction& transaction, StepContext& step)
{
    bind_networks_of_host(transaction, step.random(),
                          store::get<store::HostRecord>(transaction, host_in(step)));
}

/// A host that could not be enrolled leaves no row: its name is free again.
void forget_unless_enrolled(Transaction& transaction, const store::OperationRecord& operation)
{
    if (operation.state != store::OperationState::succeeded && operation.host) {
        store::remove<store::HostRecord>(transaction, *operation.host);
    }
}

store::HostId removed_host(const StepContext& step)
{
    return store::HostId{Uuid::parse(text_in(step.input(), "host").value()).value()};
}

/// A refresh that began before the host's row is gone sees that it is, and forgets the host again.
Task<> forget(Services& services, StepContext& step)
{
    services.fleet.forget(removed_host(step));
    co_return;
}

void commit_removed(Transaction& transaction, StepContext& step)
{
    const auto host = removed_host(step);
    if (!store::vms_of_host(transaction, host).empty()) {
        throw Error{ErrorKind::conflict,
                    message::host_has_vms{.host = text_in(step.input(), "name").value_or("")}};
    }
    for (const auto& binding :
         store::list<store::NetworkBindingRecord>(transaction, {.all = {{"host", "=", host}}})) {
        store::remove<store::NetworkBindingRecord>(transaction, binding.id);
    }
    for (const auto& replica :
         store::list<store::ImageReplicaRecord>(transaction, {.all = {{"host", "=", host}}})) {
        store::remove<store::ImageReplicaRecord>(transaction, replica.id);
    }
    for (const auto& storage : store::storages_of(transaction, host)) {
        store::remove<store::StorageRecord>(transaction, storage.id);
    }
    store::remove<store::HostRecord>(transaction, host);
    store::append(transaction, store::EventRecord{.kind = "host.removed",
                                                  .subject_kind = "host",
                                                  .subject = host.value(),
                                                  .operation = step.operation().id});
}

operations::Workflow get_to_know(Services& services, std::string name,
                                 operations::Step::Commit commit)
{
    Services* s = &services;
    return {.name = std::move(name),
            .version = 1,
            .steps = {{.id = "probe",
                       .title = message::step_probe{},
                       .act = [s](StepContext& step) { return probe(*s, step); }},
                      {.id = "refresh",
                       .title = message::step_refresh{},
                       .act = [s](StepContext& step) { return refresh(*s, step); },
                       .commit = std::move(commit)}}};
}

} // namespace

operations::Workflow enroll_host(Services& services)
{
    auto workflow = get_to_know(services, "enroll_host", commit_enrolled);
    workflow.ended = forget_unless_enrolled;
    return workflow;
}

/// The record was changed in the transaction that accepted the operation.
operations::Workflow update_host(Services& services)
{
    return get_to_know(services, "update_host", commit_updated);
}

/// All of it is done in the transaction that accepted the operation; so is allow_changes.
operations::Workflow observe_host(Services&)
{
    return {.name = "observe_host", .version = 1, .steps = {}};
}

operations::Workflow allow_changes(Services&)
{
    return {.name = "allow_changes", .version = 1, .steps = {}};
}

operations::Workflow refresh_host(Services& services)
{
    Services* s = &services;
    return {.name = "refresh_host",
            .version = 1,
            .steps = {{.id = "refresh",
                       .title = message::step_refresh{},
                       .act = [s](StepContext& step) { return refresh(*s, step); },
                       .commit = commit_refreshed}}};
}

operations::Workflow remove_host(Services& services)
{
    Services* s = &services;
    return {.name = "remove_host",
            .version = 1,
            .steps = {{.id = "forget",
                       .title = message::step_forget_host{},
                       .act = [s](StepContext& step) { return forget(*s, step); },
                       .commit = commit_removed}}};
}

} // namespace watari::provisioning
