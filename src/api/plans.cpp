#include "api/resources.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

contract::Plan plan_view(const store::PlanRecord& record)
{
    return {.id = record.id.value().lower(),
            .name = record.name,
            .processors = record.processors,
            .memory_mib = record.memory_mib,
            .disk_bytes = static_cast<std::int64_t>(record.disk_bytes.in_bytes()),
            .version = record.version,
            .created = to_rfc3339(record.created),
            .updated = to_rfc3339(record.updated)};
}

} // namespace

Task<http::Response> Resources::list_plans(Call&, contract::ListPlansCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::PlanList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        fill_page<contract::PlanList, store::PlanRecord>(list, transaction, {}, page, plan_view);
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::add_plan(Call& call, contract::AddPlanCall request)
{
    const store::PlanRecord plan{
        .name = request.body.name,
        .processors = request.body.processors,
        .memory_mib = request.body.memory_mib,
        .disk_bytes = ByteSize::bytes(static_cast<std::uint64_t>(request.body.disk_bytes))};
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "",
        [&](provisioning::Asker asker) { return parts_.orders.add_plan(plan, std::move(asker)); });
}

} // namespace watari::api
