#include "api/problems.hpp"
#include "api/resources.hpp"
#include "messages/api.hpp"
#include "provisioning/placement.hpp"
#include "provisioning/services.hpp"
#include "store/records/network.hpp"
#include "store/records/plan.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::api {

namespace {

std::optional<std::int64_t> milliseconds_between(const std::optional<WallTime>& from,
                                                 const std::optional<WallTime>& to)
{
    if (!from || !to) {
        return std::nullopt;
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(*to - *from).count();
}

template <class Record>
std::optional<std::string> name_of(store::Transaction& transaction, const typename Record::Id& id)
{
    const auto record = store::find<Record>(transaction, id);
    return record ? std::optional{record->name} : std::nullopt;
}

/// Images, plans and networks stand in the input of the operation that adds them.
void name_thing(store::Transaction& transaction, const store::OperationRecord& operation,
                contract::Operation& into)
{
    const auto id_in = [&operation](std::string_view member) {
        return Uuid::parse(provisioning::text_in(operation.input, member).value_or(""));
    };
    if (const auto image = id_in("image")) {
        into.resource_kind = "image";
        into.resource_id = image->lower();
        into.resource_name = provisioning::text_in(operation.input, "name");
    } else if (const auto plan = id_in("plan")) {
        into.resource_kind = "plan";
        into.resource_id = plan->lower();
        into.resource_name = name_of<store::PlanRecord>(transaction, store::PlanId{*plan});
    } else if (const auto network = id_in("network")) {
        into.resource_kind = "network";
        into.resource_id = network->lower();
        into.resource_name = name_of<store::NetworkRecord>(transaction, store::NetworkId{*network});
    }
}

/// What the operation is about. A VM's row is needed for its budget, too.
void name_resource(store::Transaction& transaction, const store::OperationRecord& operation,
                   const std::optional<store::VmRecord>& vm, contract::Operation& into)
{
    if (operation.vm) {
        into.resource_kind = "vm";
        into.resource_id = operation.vm->value().lower();
        into.resource_name = vm ? std::optional{vm->name} : std::nullopt;
    } else if (operation.host) {
        into.resource_kind = "host";
        into.resource_id = operation.host->value().lower();
    } else {
        name_thing(transaction, operation, into);
    }
    const auto host =
        operation.host ? store::find_host_label(transaction, *operation.host) : std::nullopt;
    if (host) {
        into.host_name = host->name;
        into.namespace_ = host->namespace_used;
        into.resource_name = into.resource_name ? into.resource_name : std::optional{host->name};
    }
}

std::optional<std::string> time_text(const std::optional<WallTime>& time)
{
    return time ? std::optional{to_rfc3339(*time)} : std::nullopt;
}

contract::Step step_view(const store::StepRecord& record, std::string title, Language language)
{
    contract::Step step;
    step.id = record.step;
    step.title = std::move(title);
    step.state = std::string{store::name_of(record.state)};
    step.attempts = record.attempts;
    step.requests = record.requests;
    step.milliseconds = milliseconds_between(record.started, record.ended);
    if (record.progress > 0) {
        step.percent = record.progress;
    }
    if (record.error) {
        step.error = render(record.error->to_error(), language);
    }
    return step;
}

/// A budget is that of a first attempt; a resize that restarts the guest polls it, too.
std::optional<std::int64_t> budget_of(const store::OperationRecord& operation,
                                      const std::optional<store::VmRecord>& vm,
                                      const contract::Operation& view)
{
    const bool is_repeated =
        std::ranges::any_of(view.steps, [](const auto& step) { return step.attempts > 1; });
    if (is_repeated || provisioning::flag_in(operation.input, "restart")) {
        return std::nullopt;
    }
    const std::size_t disks = !vm || vm->disk_path ? 1 : 0;
    return provisioning::requests_budget(operation.kind, view.namespace_.value_or(""),
                                         vm ? vm->disk_source : store::DiskSource::empty, disks);
}

} // namespace

std::string Resources::title_of(const std::string& kind, const std::string& step,
                                Language language) const
{
    const auto title = parts_.step_titles.find(kind + "/" + step);
    return title == parts_.step_titles.end() ? step : render(title->second, language);
}

contract::Operation Resources::view(store::Transaction& transaction,
                                    const store::OperationRecord& operation,
                                    Language language) const
{
    contract::Operation result;
    result.id = operation.id.value().lower();
    result.kind = operation.kind;
    result.state = std::string{store::name_of(operation.state)};
    if (operation.project) {
        result.project = operation.project->value().lower();
    }
    result.actor = operation.actor;
    result.reason = operation.reason.empty() ? std::nullopt : std::optional{operation.reason};
    result.request_id = operation.request_id;
    result.created = to_rfc3339(operation.created);
    result.started = time_text(operation.started);
    result.ended = time_text(operation.ended);
    result.next_try = time_text(operation.next_try);
    const auto vm =
        operation.vm ? store::find<store::VmRecord>(transaction, *operation.vm) : std::nullopt;
    name_resource(transaction, operation, vm, result);
    if (operation.error) {
        result.error = problem_of(operation.error->to_error(), language, operation.request_id);
    }
    std::int64_t requests = 0;
    std::int64_t polls = 0;
    for (const auto& record : store::steps_of(transaction, operation.id)) {
        result.steps.push_back(
            step_view(record, title_of(operation.kind, record.step, language), language));
        requests += record.requests;
        polls += provisioning::number_in(record.result, "host_job_polls").value_or(0);
        if (record.step == "place" && record.result.is_object() &&
            record.result.get_object().contains("placement")) {
            result.placement = placement_view(
                provisioning::explain(record.result.get_object().at("placement")), language);
        }
    }
    result.requests = requests;
    result.host_job_polls = polls;
    result.requests_budget = budget_of(operation, vm, result);
    return result;
}

Task<contract::Operation> Resources::view_of(store::OperationId id, Language language)
{
    auto operation = co_await parts_.store.read([&](store::Transaction& transaction) {
        const auto record = store::find<store::OperationRecord>(transaction, id);
        if (!record) {
            throw Error{ErrorKind::not_found,
                        message::operation_unknown{.operation = id.value().lower()}};
        }
        return view(transaction, *record, language);
    });
    if (const auto percent = parts_.engine.progress_of(id)) {
        const auto running =
            std::ranges::find(operation.steps, std::string{"running"}, &contract::Step::state);
        if (running != operation.steps.end()) {
            running->percent = *percent;
        }
    }
    co_return operation;
}

namespace {

store::OperationId operation_id(const std::string& text)
{
    const auto id = Uuid::parse(text);
    if (!id) {
        throw Error{ErrorKind::not_found, message::operation_unknown{.operation = text}};
    }
    return store::OperationId{*id};
}

} // namespace

Task<http::Response> Resources::list_operations(Call& call, contract::ListOperationsCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::OperationList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        fill_page<contract::OperationList, store::OperationRecord>(
            list, transaction, {}, page,
            [&](const auto& record) { return view(transaction, record, call.language); });
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::get_operation(Call& call, contract::GetOperationCall request)
{
    const auto id = operation_id(request.operation);
    if (const auto wait = wait_in(request.prefer.value_or(""))) {
        co_await parts_.engine.await_operation(id, Deadline::after(parts_.clock, *wait));
    }
    co_return json_response(200, encode(co_await view_of(id, call.language)));
}

Task<http::Response> Resources::cancel_operation(Call& call, contract::CancelOperationCall request)
{
    const auto id = operation_id(request.operation);
    co_await parts_.orders.cancel(
        id, {.project = call.project, .actor = call.actor, .request_id = call.request_id});
    auto response = json_response(202, encode(co_await view_of(id, call.language)));
    response.headers.add("Location", "/v1/operations/" + id.value().lower());
    co_return response;
}

} // namespace watari::api
