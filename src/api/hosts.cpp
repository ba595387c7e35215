#include "api/host_settings.hpp"
#include "api/resources.hpp"
#include "core/known_fault.hpp"
#include "fleet/host_facts.hpp"
#include "hyperv/connect/doctor_report.hpp"
#include "store/stored_error.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

contract::Host host_view(store::Transaction& transaction, const store::HostRecord& record,
                         Language language)
{
    const auto facts = fleet::recorded_facts(record);
    contract::Host host;
    host.id = record.id.value().lower();
    host.name = record.name;
    show_settings(record, host);
    host.observe_only = record.observe;
    host.namespace_used = record.namespace_used;
    host.generation = record.generation;
    host.os_version = record.os_version;
    host.state = std::string{store::name_of(record.state)};
    if (record.last_error) {
        host.last_error =
            explain(store::StoredError::from_json(*record.last_error).to_error(), language);
    }
    if (record.last_seen) {
        host.last_seen = to_rfc3339(*record.last_seen);
    }
    host.memory_total_mib = static_cast<std::int64_t>(record.memory_total.in_mib_rounded_up());
    host.memory_free_mib = static_cast<std::int64_t>(record.memory_free.in_mib_rounded_up());
    host.logical_processors = record.processors;
    host.vms = static_cast<std::int64_t>(store::count_vms_of_host(transaction, record.id));
    host.foreign_vms = static_cast<std::int64_t>(fleet::recorded_foreign_vms(record));
    if (const auto probe = fleet::recorded_probe(record)) {
        for (const auto& [capability, evidence] : probe->capabilities.all()) {
            host.capabilities.push_back(
                {std::string{to_string(capability)}, evidence.present, evidence.by});
        }
    }
    for (const auto& volume : facts.volumes) {
        host.volumes.push_back({volume.drive, static_cast<std::int64_t>(volume.size.in_bytes()),
                                static_cast<std::int64_t>(volume.free.in_bytes())});
    }
    for (const auto& known : facts.switches) {
        host.switches.push_back({known.id, known.name});
    }
    host.version = record.version;
    host.created = to_rfc3339(record.created);
    host.updated = to_rfc3339(record.updated);
    return host;
}

} // namespace

Task<http::Response> Resources::list_hosts(Call& call, contract::ListHostsCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::HostList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        fill_page<contract::HostList, store::HostRecord>(
            list, transaction, {}, page,
            [&](const auto& record) { return host_view(transaction, record, call.language); });
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::enroll_host(Call& call, contract::EnrollHostCall request)
{
    store::HostRecord host{.name = request.body.name,
                           .observe = !request.body.allow_changes.value_or(false),
                           .memory_reserve = ByteSize::gib(2)};
    bool has_password = request.body.password.has_value();
    apply_settings(settings_in(request.body), host, has_password);
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.enroll_host(host, request.body.password, std::move(asker));
        });
}

Task<http::Response> Resources::update_host(Call& call, contract::UpdateHostCall request)
{
    const auto change = [&request](store::HostRecord& host, bool& has_password) {
        apply_settings(request.body, host, has_password);
    };
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.update_host(request.host, change, request.body.password,
                                             std::move(asker));
        });
}

Task<http::Response> Resources::allow_changes(Call& call, contract::AllowChangesCall request)
{
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.allow_changes(request.host, std::move(asker));
        });
}

Task<http::Response> Resources::observe_host(Call& call, contract::ObserveHostCall request)
{
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.observe_host(request.host, std::move(asker));
        });
}

Task<http::Response> Resources::get_host(Call& call, contract::GetHostCall request)
{
    const auto host = co_await parts_.store.read([&](store::Transaction& transaction) {
        return host_view(transaction, provisioning::get_host(transaction, request.host),
                         call.language);
    });
    co_return json_response(200, encode(host));
}

Task<http::Response> Resources::remove_host(Call& call, contract::RemoveHostCall request)
{
    co_return co_await accepted(
        call, std::nullopt, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.remove_host(request.host, std::move(asker));
        });
}

Task<http::Response> Resources::refresh_host(Call& call, contract::RefreshHostCall request)
{
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.refresh_host(request.host, std::move(asker));
        });
}

/// No operation: nothing is changed, and who asks waits for it.
Task<http::Response> Resources::diagnose_host(Call& call, contract::DiagnoseHostCall request)
{
    constexpr std::chrono::seconds usually{60};
    const auto host = co_await parts_.store.read([&](store::Transaction& transaction) {
        return provisioning::get_host(transaction, request.host).id;
    });
    const auto time = wait_in(request.prefer.value_or("")).value_or(usually);
    const auto diagnosis =
        co_await parts_.fleet.diagnose(host, Deadline::after(parts_.clock, time));
    http::Response response{
        .body = hyperv::diagnosis_json(diagnosis, call.language, request.exchange.value_or(false))};
    response.headers.set("Content-Type", "application/json");
    co_return response;
}

} // namespace watari::api
