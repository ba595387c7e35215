// How a runner makes durable what it did.
#include "operations/runner.hpp"
#include "store/records/event.hpp"

namespace watari::operations {

using store::OperationRecord;
using store::StepRecord;
using store::Transaction;

namespace {

store::EventRecord event_of(const OperationRecord& operation, std::string_view kind,
                            const StepRecord* step)
{
    boost::json::object data{{"kind", operation.kind}, {"state", store::name_of(operation.state)}};
    if (step != nullptr) {
        data["step"] = step->step;
        data["attempts"] = step->attempts;
        if (step->error) {
            data["error"] = step->error->message.code;
        }
    }
    return {.kind = std::string{kind},
            .project = operation.project,
            .subject_kind = operation.vm ? "vm" : "operation",
            .subject = operation.vm ? operation.vm->value() : operation.id.value(),
            .operation = operation.id,
            .data = std::move(data)};
}

} // namespace

Task<std::optional<Failure>> Runner::save(std::size_t position, Mark mark, std::string_view event,
                                          Hook hook)
{
    std::exception_ptr hook_threw;
    Run saved{.workflow = run_.workflow, .operation = {}, .steps = {}};
    std::exception_ptr thrown;
    try {
        co_await services_.store.transact([&](Transaction& transaction) {
            hook_threw = nullptr;
            const bool has_step = position < run_.steps.size();
            saved.operation = run_.operation;
            try {
                if (hook) {
                    hook(transaction);
                }
                StepRecord step = has_step ? run_.steps[position] : StepRecord{};
                mark(saved.operation, step, transaction.now());
                saved.operation = store::save_work(transaction, std::move(saved.operation));
                if (has_step) {
                    store::update_step(transaction, step);
                    saved.steps.assign(1, step);
                }
                if (!event.empty()) {
                    store::append(transaction,
                                  event_of(saved.operation, event, has_step ? &step : nullptr));
                }
                if (store::has_ended(saved.operation.state)) {
                    write_end(transaction, saved.operation);
                }
            } catch (...) {
                hook_threw = std::current_exception();
                throw;
            }
        });
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) {
        const std::string step = position < run_.steps.size() ? run_.steps[position].step : "";
        auto failure = failure_from(hook_threw ? hook_threw : thrown, step);
        failure.of_store = failure.of_store || !hook_threw;
        co_return failure;
    }
    run_.operation = std::move(saved.operation);
    Change change{.operation = run_.operation};
    if (!saved.steps.empty()) {
        run_.steps[position] = std::move(saved.steps.front());
        change.step = run_.steps[position];
    }
    services_.changed(change);
    co_return std::nullopt;
}

void Runner::write_end(Transaction& transaction, const OperationRecord& operation) const
{
    const auto outcome = std::string{store::name_of(operation.state)};
    store::append(transaction, event_of(operation, "operation." + outcome, nullptr));
    boost::json::object details{{"reason", operation.reason}};
    if (operation.error) {
        details["error"] = operation.error->to_json();
    }
    store::append(transaction, store::AuditRecord{.actor = operation.actor,
                                                  .action = operation.kind,
                                                  .project = operation.project,
                                                  .subject_kind = operation.vm ? "vm" : "operation",
                                                  .subject = operation.vm ? operation.vm->value()
                                                                          : operation.id.value(),
                                                  .operation = operation.id,
                                                  .request_id = operation.request_id,
                                                  .outcome = outcome,
                                                  .details = std::move(details)});
    if (run_.workflow->ended) {
        run_.workflow->ended(transaction, operation);
    }
}

} // namespace watari::operations
