#include "api/resources.hpp"

#include "messages/api.hpp"
#include "store/records/idempotency.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

constexpr std::chrono::hours keep_answers{72};

http::Response accepted_response(const contract::Operation& operation)
{
    auto response = json_response(202, encode(operation));
    response.headers.add("Location", "/v1/operations/" + operation.id);
    return response;
}

/// Keeps the answer beside its key, in the order's own transaction.
void keep_answer(store::Transaction& transaction, const Call& call, const std::string& key,
                 const contract::Operation& operation, store::OperationId id)
{
    store::insert_idempotency(transaction, {.project = call.project,
                                            .token = call.token,
                                            .key = key,
                                            .request_hash = call.request_hash,
                                            .operation = id,
                                            .status = 202,
                                            .location = "/v1/operations/" + operation.id,
                                            .body = boost::json::serialize(encode(operation)),
                                            .expires = transaction.now() + keep_answers});
}

} // namespace

http::Response json_response(int status, const boost::json::value& json)
{
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = boost::json::serialize(json);
    return response;
}

std::string host_name(store::Transaction& transaction, store::HostId host)
{
    const auto label = store::find_host_label(transaction, host);
    return label ? label->name : "";
}

Page page_of(const std::optional<std::int64_t>& size, const std::optional<std::string>& token)
{
    Page page;
    page.size = static_cast<std::size_t>(size.value_or(100));
    if (token) {
        page.after = Uuid::parse(*token);
        if (!page.after) {
            throw Error{ErrorKind::invalid, message::page_token_unknown{}};
        }
    }
    return page;
}

/// The same key with the same request gets the answer as first given; with another request it is
/// refused.
Task<std::optional<http::Response>> Resources::first_answer(Call& call, const std::string& key)
{
    const auto record = co_await parts_.store.read([&](store::Transaction& transaction) {
        return store::find_idempotency(transaction, call.project, call.token, key);
    });
    if (!record) {
        co_return std::nullopt;
    }
    if (record->request_hash != call.request_hash) {
        throw Error{ErrorKind::unsupported, message::idempotency_key_reused{.key = key}};
    }
    http::Response response;
    response.status = static_cast<int>(record->status);
    response.headers.add("Content-Type", "application/json");
    response.headers.add("Location", record->location);
    response.body = record->body;
    co_return response;
}

Task<http::Response> Resources::accepted(Call& call, std::optional<std::string> key,
                                         std::optional<std::string> prefer, std::string reason,
                                         Submit submit)
{
    if (key) {
        if (auto first = co_await first_answer(call, *key)) {
            co_return std::move(*first);
        }
    }
    provisioning::Asker asker{.project = call.project,
                              .actor = call.actor,
                              .request_id = call.request_id,
                              .reason = std::move(reason)};
    contract::Operation operation;
    asker.with = [&](store::Transaction& transaction, const store::OperationRecord& record) {
        operation = view(transaction, record, call.language);
        if (key) {
            keep_answer(transaction, call, *key, operation, record.id);
        }
    };
    std::exception_ptr refusal;
    bool in_conflict = false;
    std::optional<store::OperationRecord> record;
    try {
        record = co_await submit(asker);
    } catch (const Error& error) {
        refusal = std::current_exception();
        in_conflict = error.kind() == ErrorKind::conflict;
    }
    if (refusal) {
        if (key && in_conflict) { // perhaps its twin was a moment quicker
            if (auto first = co_await first_answer(call, *key)) {
                co_return std::move(*first);
            }
        }
        std::rethrow_exception(refusal);
    }
    if (const auto wait = wait_in(prefer.value_or(""))) {
        co_await parts_.engine.await_operation(record->id, Deadline::after(parts_.clock, *wait));
        operation = co_await view_of(record->id, call.language);
    }
    co_return accepted_response(operation);
}

} // namespace watari::api
