#include "api/resources.hpp"

#include "store/records/reservation.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

contract::Storage storage_view(store::Transaction& transaction, const store::StorageRecord& record)
{
    contract::Storage storage;
    storage.id = record.id.value().lower();
    storage.host = record.host.value().lower();
    storage.host_name = host_name(transaction, record.host);
    storage.path = record.path;
    storage.size_bytes = static_cast<std::int64_t>(record.volume_size.in_bytes());
    storage.free_bytes = static_cast<std::int64_t>(record.volume_free.in_bytes());
    storage.reserved_bytes =
        static_cast<std::int64_t>(store::storage_usage(transaction, record.id).in_bytes());
    storage.version = record.version;
    storage.created = to_rfc3339(record.created);
    storage.updated = to_rfc3339(record.updated);
    return storage;
}

} // namespace

Task<http::Response> Resources::list_storages(Call&, contract::ListStoragesCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::StorageList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        fill_page<contract::StorageList, store::StorageRecord>(
            list, transaction, {}, page,
            [&](const auto& record) { return storage_view(transaction, record); });
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::add_storage(Call& call, contract::AddStorageCall request)
{
    co_return co_await accepted(call, request.idempotency_key, request.prefer, "",
                                [&](provisioning::Asker asker) {
                                    return parts_.orders.add_storage(
                                        request.body.host, request.body.path, std::move(asker));
                                });
}

} // namespace watari::api
