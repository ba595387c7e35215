// What the engine does inside its callers' transactions, and what it can resume.
#include "messages/operations.hpp"
#include "operations/engine_impl.hpp"
#include "store/records/event.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace watari::operations {

using store::OperationId;
using store::OperationRecord;
using store::StepRecord;
using store::Transaction;

const Workflow* Engine::Impl::find_workflow(std::string_view name, std::int64_t version) const
{
    const auto found = std::ranges::find_if(workflows_, [&](const Workflow& workflow) {
        return workflow.name == name && workflow.version == version;
    });
    return found == workflows_.end() ? nullptr : &*found;
}

const Workflow& Engine::Impl::newest_workflow(std::string_view name) const
{
    const Workflow* newest = nullptr;
    for (const auto& workflow : workflows_) {
        if (workflow.name == name && (newest == nullptr || workflow.version > newest->version)) {
            newest = &workflow;
        }
    }
    if (newest == nullptr) {
        throw Error{ErrorKind::invalid, message::workflow_unknown{.kind = std::string{name}}};
    }
    return *newest;
}

/// Not before: whoever else wakes the engine meanwhile would have it look in vain for the operation
/// or for its cancellation, and nobody would wake it again.
void Engine::Impl::accept_when_durable(Transaction& transaction, Accepted accepted)
{
    transaction.after_commit([this, accepted] {
        const std::lock_guard lock{accepted_mutex_};
        accepted_.push_back(accepted);
    });
}

OperationRecord Engine::Impl::submit(Transaction& transaction, NewOperation wanted)
{
    const auto& workflow = newest_workflow(wanted.kind);
    auto operation =
        store::insert(transaction, OperationRecord{.id = wanted.id,
                                                   .kind = workflow.name,
                                                   .workflow_version = workflow.version,
                                                   .project = wanted.project,
                                                   .vm = wanted.vm,
                                                   .host = wanted.host,
                                                   .actor = std::move(wanted.actor),
                                                   .reason = std::move(wanted.reason),
                                                   .request_id = std::move(wanted.request_id),
                                                   .input = std::move(wanted.input)});
    std::int64_t position = 0;
    for (const auto& step : workflow.steps) {
        store::insert_step(transaction,
                           {.operation = operation.id, .position = position++, .step = step.id});
    }
    const auto subject_kind = operation.vm ? "vm" : "operation";
    const auto subject = operation.vm ? operation.vm->value() : operation.id.value();
    store::append(transaction,
                  store::EventRecord{
                      .kind = "operation.accepted",
                      .project = operation.project,
                      .subject_kind = subject_kind,
                      .subject = subject,
                      .operation = operation.id,
                      .data = boost::json::object{{"kind", operation.kind}, {"state", "queued"}}});
    store::append(transaction,
                  store::AuditRecord{.actor = operation.actor,
                                     .action = operation.kind,
                                     .project = operation.project,
                                     .subject_kind = subject_kind,
                                     .subject = subject,
                                     .operation = operation.id,
                                     .request_id = operation.request_id,
                                     .outcome = "accepted",
                                     .details = boost::json::object{{"reason", operation.reason}}});
    accept_when_durable(transaction, {.id = operation.id, .host = operation.host});
    return operation;
}

OperationRecord Engine::Impl::request_cancel(Transaction& transaction, OperationId id,
                                             std::string_view actor)
{
    auto operation = store::get<OperationRecord>(transaction, id);
    if (store::has_ended(operation.state)) {
        throw Error{
            ErrorKind::conflict,
            message::operation_ended{.operation = id.value().lower(),
                                     .state = std::string{store::name_of(operation.state)}}};
    }
    if (operation.backward) {
        throw Error{ErrorKind::conflict,
                    message::operation_undoing{.operation = id.value().lower()}};
    }
    const auto* workflow = find_workflow(operation.kind, operation.workflow_version);
    const auto steps = store::steps_of(transaction, id);
    if (workflow != nullptr && workflow->forward_only &&
        std::ranges::any_of(steps, [](const StepRecord& step) { return step.sent.has_value(); })) {
        throw Error{ErrorKind::conflict,
                    message::operation_not_cancellable{.operation = id.value().lower()}};
    }
    if (!operation.cancel_requested) {
        operation.cancel_requested = true;
        operation = store::update(transaction, std::move(operation));
        store::append(transaction, store::AuditRecord{.actor = std::string{actor},
                                                      .action = operation.kind,
                                                      .project = operation.project,
                                                      .subject_kind = "operation",
                                                      .subject = id.value(),
                                                      .operation = id,
                                                      .outcome = "cancel_requested"});
    }
    accept_when_durable(transaction, {.id = id, .host = operation.host});
    return operation;
}

std::string Engine::Impl::lacking(std::string_view kind, std::int64_t version,
                                  const std::vector<std::string>& steps) const
{
    const auto* workflow = find_workflow(kind, version);
    const bool same =
        workflow != nullptr && std::ranges::equal(workflow->steps, steps, {}, &Step::id);
    return same ? std::string{} : fmt::format("{} {}", kind, version);
}

Task<> Engine::Impl::check(std::shared_ptr<Impl> self)
{
    const auto names = co_await self->services_.store.read([&](Transaction& transaction) {
        std::set<std::string> lacking;
        for (const auto& operation : store::unfinished_operations(transaction)) {
            std::vector<std::string> steps;
            for (const auto& step : store::steps_of(transaction, operation.id)) {
                steps.push_back(step.step);
            }
            lacking.insert(self->lacking(operation.kind, operation.workflow_version, steps));
        }
        lacking.erase("");
        return lacking;
    });
    if (!names.empty()) {
        throw Error{ErrorKind::unsupported,
                    message::workflows_missing{.names = fmt::format("{}", fmt::join(names, ", "))}};
    }
}

std::shared_ptr<Run> Engine::Impl::load(Transaction& transaction, OperationId id) const
{
    auto operation = store::find<OperationRecord>(transaction, id);
    if (!operation || store::has_ended(operation->state)) {
        return nullptr;
    }
    const auto* workflow = find_workflow(operation->kind, operation->workflow_version);
    auto steps = store::steps_of(transaction, id);
    if (workflow == nullptr ||
        !std::ranges::equal(workflow->steps, steps, {}, &Step::id, &StepRecord::step)) {
        throw Error{ErrorKind::unsupported,
                    message::workflows_missing{.names = fmt::format("{} {}", operation->kind,
                                                                    operation->workflow_version)}};
    }
    return std::make_shared<Run>(
        Run{.workflow = workflow, .operation = std::move(*operation), .steps = std::move(steps)});
}

} // namespace watari::operations
