#include "api/problems.hpp"
#include "api/resources.hpp"
#include "api/vm_view.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

provisioning::VmOrder order_of(const contract::CreateVm& body)
{
    provisioning::VmOrder order;
    order.name = body.name;
    order.plan = body.plan;
    order.image = body.image;
    if (body.disk_source) {
        order.disk_source =
            *body.disk_source == "copy" ? store::DiskSource::copy : store::DiskSource::differencing;
    }
    order.disk_format = body.disk_format;
    order.network = body.network;
    order.host = body.host;
    order.start = body.start.value_or(true);
    order.memory_mib = body.memory_mib;
    order.processors = body.processors;
    order.disk_bytes = body.disk_bytes;
    return order;
}

contract::WorkPlan work_plan_view(const provisioning::WorkPlan& plan, const Call& call)
{
    contract::WorkPlan view;
    view.kind = "create_vm";
    view.host = plan.host.empty() ? std::nullopt : std::optional{plan.host};
    view.namespace_ = plan.ns.empty() ? std::nullopt : std::optional{plan.ns};
    view.requests_budget = plan.requests_budget;
    for (const auto& [id, title] : plan.steps) {
        view.steps.push_back({.id = id, .title = render(title, call.language)});
    }
    const auto chosen = plan.placement.chosen();
    view.placement =
        placement_view({.chosen = chosen ? std::optional{chosen->host->name} : std::nullopt,
                        .candidates = plan.placement.candidates()},
                       call.language);
    for (const auto& refusal : plan.refusals) {
        view.refusals.push_back(problem_of(refusal, call.language, call.request_id));
    }
    return view;
}

} // namespace

Task<http::Response> Resources::list_vms(Call& call, contract::ListVmsCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::VmList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        const store::Selection selection{
            .all = {{"project", "=", call.project}, {"lifecycle", "!=", "deleted"}}};
        VmViews views{transaction};
        fill_page<contract::VmList, store::VmRecord>(
            list, transaction, selection, page,
            [&](const auto& record) { return views.of(record); });
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::create_vm(Call& call, contract::CreateVmCall request)
{
    const auto order = order_of(request.body);
    if (request.validate_only.value_or(false)) {
        const auto plan = co_await parts_.orders.plan_create_vm(
            order, {.project = call.project, .actor = call.actor, .request_id = call.request_id});
        co_return json_response(200, encode(work_plan_view(plan, call)));
    }
    co_return co_await accepted(call, request.idempotency_key, request.prefer,
                                request.body.reason.value_or(""), [&](provisioning::Asker asker) {
                                    return parts_.orders.create_vm(order, std::move(asker));
                                });
}

Task<http::Response> Resources::get_vm(Call& call, contract::GetVmCall request)
{
    const auto vm = co_await parts_.store.read([&](store::Transaction& transaction) {
        return VmViews{transaction}.of(provisioning::get_vm(transaction, call.project, request.vm));
    });
    co_return json_response(200, encode(vm));
}

Task<http::Response> Resources::delete_vm(Call& call, contract::DeleteVmCall request)
{
    co_return co_await accepted(
        call, std::nullopt, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.delete_vm(request.vm, request.force.value_or(false),
                                           std::move(asker));
        });
}

Task<http::Response> Resources::start_vm(Call& call, contract::StartVmCall request)
{
    co_return co_await accepted(call, request.idempotency_key, request.prefer, "",
                                [&](provisioning::Asker asker) {
                                    return parts_.orders.start_vm(request.vm, std::move(asker));
                                });
}

Task<http::Response> Resources::stop_vm(Call& call, contract::StopVmCall request)
{
    const bool force = request.body && request.body->force.value_or(false);
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.stop_vm(request.vm, force, std::move(asker));
        });
}

Task<http::Response> Resources::resize_vm(Call& call, contract::ResizeVmCall request)
{
    const provisioning::ResizeOrder order{.plan = request.body.plan,
                                          .memory_mib = request.body.memory_mib,
                                          .processors = request.body.processors,
                                          .disk_bytes = request.body.disk_bytes,
                                          .restart = request.body.restart.value_or(false)};
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.resize_vm(request.vm, order, std::move(asker));
        });
}

} // namespace watari::api
