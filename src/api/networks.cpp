#include "api/resources.hpp"

#include "store/records/network.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>

namespace watari::api {

namespace {

contract::Network network_view(store::Transaction& transaction, const store::NetworkRecord& record)
{
    contract::Network network;
    network.id = record.id.value().lower();
    network.name = record.name;
    network.switch_ = record.switch_name;
    network.vlan = record.vlan;
    network.mac_prefix = record.mac_prefix;
    for (const auto& binding : store::bindings_of(transaction, record.id)) {
        network.bindings.push_back({.host = binding.host.value().lower(),
                                    .host_name = host_name(transaction, binding.host),
                                    .switch_id = binding.switch_id});
    }
    network.version = record.version;
    network.created = to_rfc3339(record.created);
    network.updated = to_rfc3339(record.updated);
    return network;
}

} // namespace

Task<http::Response> Resources::list_networks(Call&, contract::ListNetworksCall request)
{
    const auto page = page_of(request.page_size, request.page_token);
    contract::NetworkList list;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        fill_page<contract::NetworkList, store::NetworkRecord>(
            list, transaction, {}, page,
            [&](const auto& record) { return network_view(transaction, record); });
    });
    co_return json_response(200, encode(list));
}

Task<http::Response> Resources::add_network(Call& call, contract::AddNetworkCall request)
{
    store::NetworkRecord network{.name = request.body.name,
                                 .switch_name = request.body.switch_,
                                 .vlan = request.body.vlan,
                                 .mac_prefix = request.body.mac_prefix.value_or("02155D")};
    std::ranges::transform(network.mac_prefix, network.mac_prefix.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    co_return co_await accepted(call, request.idempotency_key, request.prefer, "",
                                [&](provisioning::Asker asker) {
                                    return parts_.orders.add_network(network, std::move(asker));
                                });
}

} // namespace watari::api
