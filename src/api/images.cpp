#include "api/resources.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

contract::Image image_view(store::Transaction& transaction, const store::ImageRecord& record)
{
    contract::Image image;
    image.id = record.id.value().lower();
    image.name = record.name;
    image.size_bytes = static_cast<std::int64_t>(record.disk_bytes.in_bytes());
    for (const auto& replica : store::replicas_of(transaction, record.id)) {
        image.replicas.push_back({.host = replica.host.value().lower(),
                                  .host_name = host_name(transaction, replica.host),
                                  .path = replica.path,
                                  .format = record.format,
                                  .verified = replica.verified.has_value()});
    }
    image.version = record.version;
    image.created = to_rfc3339(record.created);
    image.updated = to_rfc3339(record.updated);
    return image;
}

} // namespace

Task<http::Response> Resources::list_images(Call&, contract::ListImagesCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::ImageList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        fill_page<contract::ImageList, store::ImageRecord>(
            list, transaction, {}, page,
            [&](const auto& record) { return image_view(transaction, record); });
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::add_image(Call& call, contract::AddImageCall request)
{
    std::vector<provisioning::ReplicaOrder> replicas;
    for (const auto& replica : request.body.replicas) {
        replicas.push_back({.host = replica.host, .path = replica.path});
    }
    co_return co_await accepted(
        call, request.idempotency_key, request.prefer, "", [&](provisioning::Asker asker) {
            return parts_.orders.add_image(request.body.name, replicas, std::move(asker));
        });
}

Task<http::Response> Resources::get_image(Call&, contract::GetImageCall request)
{
    const auto image = co_await parts_.store.read([&](store::Transaction& transaction) {
        return image_view(transaction, provisioning::get_image(transaction, request.image));
    });
    co_return json_response(200, encode(image));
}

} // namespace watari::api
