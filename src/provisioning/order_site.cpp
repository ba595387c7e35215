// Orders about what VMs are placed on: hosts, storages, images, networks and plans.
#include "messages/provisioning.hpp"
#include "provisioning/orders.hpp"
#include "provisioning/sizes.hpp"
#include "store/records/event.hpp"
#include "store/records/network.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

using operations::NewOperation;
using store::Transaction;

void check_network(const store::NetworkRecord& network)
{
    if (network.vlan && (*network.vlan < 1 || *network.vlan > 4094)) {
        throw Error{ErrorKind::invalid,
                    message::vlan_out_of_range{.vlan = std::to_string(*network.vlan)}};
    }
    const auto first = network.mac_prefix.size() >= 2
                           ? std::stoul(network.mac_prefix.substr(0, 2), nullptr, 16)
                           : 1UL;
    if ((first & 1U) != 0) {
        throw Error{ErrorKind::invalid,
                    message::mac_prefix_is_multicast{.prefix = network.mac_prefix}};
    }
}

} // namespace

Task<store::OperationRecord> Orders::enroll_host(store::HostRecord host,
                                                 std::optional<std::string> password, Asker asker)
{
    host.id = fresh_id<store::HostId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        if (store::find_host_by_name(transaction, host.name)) {
            throw Error{ErrorKind::conflict, message::host_name_taken{.host = host.name}};
        }
        store::insert(transaction, host);
        if (password) {
            store::set_host_password(transaction, secrets_, host.id, *password);
        }
        return NewOperation{.kind = "enroll_host", .host = host.id};
    });
}

Task<store::OperationRecord> Orders::update_host(std::string host, ChangeHost change,
                                                 std::optional<std::string> password, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        auto record = get_host(transaction, host);
        bool has_password = password || store::find_host_password(transaction, secrets_, record.id);
        change(record, has_password);
        store::update(transaction, record);
        if (!has_password) {
            store::forget_host_password(transaction, record.id);
        } else if (password) {
            store::set_host_password(transaction, secrets_, record.id, *password);
        }
        return NewOperation{.kind = "update_host", .host = record.id};
    });
}

Task<store::OperationRecord> Orders::set_observed(std::string host, bool observed, Asker asker)
{
    store::HostRecord record;
    auto operation = co_await accept(asker, [&](Transaction& transaction) {
        record = get_host(transaction, host);
        record.observe = observed;
        record = store::update(transaction, record);
        store::append(transaction, store::EventRecord{
                                       .kind = observed ? "host.observed" : "host.changes_allowed",
                                       .subject_kind = "host",
                                       .subject = record.id.value(),
                                       .data = boost::json::object{{"name", record.name}}});
        return NewOperation{.kind = observed ? "observe_host" : "allow_changes", .host = record.id};
    });
    services_.fleet.noticed(record);
    if (!observed) {
        engine_.host_is_back(record.id);
    }
    co_return operation;
}

Task<store::OperationRecord> Orders::observe_host(std::string host, Asker asker)
{
    co_return co_await set_observed(std::move(host), true, std::move(asker));
}

Task<store::OperationRecord> Orders::allow_changes(std::string host, Asker asker)
{
    co_return co_await set_observed(std::move(host), false, std::move(asker));
}

Task<store::OperationRecord> Orders::refresh_host(std::string host, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        return NewOperation{.kind = "refresh_host", .host = get_host(transaction, host).id};
    });
}

Task<store::OperationRecord> Orders::remove_host(std::string host, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        const auto record = get_host(transaction, host);
        if (!store::vms_of_host(transaction, record.id).empty()) {
            throw Error{ErrorKind::conflict, message::host_has_vms{.host = record.name}};
        }
        return NewOperation{.kind = "remove_host",
                            .input = boost::json::object{{"host", record.id.value().lower()},
                                                         {"name", record.name}}};
    });
}

Task<store::OperationRecord> Orders::add_storage(std::string host, std::string path, Asker asker)
{
    hyperv::require_local(path);
    while (path.size() > 3 && (path.ends_with('\\') || path.ends_with('/'))) {
        path.pop_back();
    }
    const auto id = fresh_id<store::StorageId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        const auto record = get_host(transaction, host);
        for (const auto& storage : store::storages_of(transaction, record.id)) {
            if (hyperv::same_path(storage.path, path)) {
                throw Error{ErrorKind::conflict,
                            message::storage_known{.path = path, .host = record.name}};
            }
        }
        return NewOperation{
            .kind = "add_storage",
            .host = record.id,
            .input = boost::json::object{{"storage", id.value().lower()}, {"path", path}}};
    });
}

Task<store::OperationRecord> Orders::add_image(std::string name, std::vector<ReplicaOrder> replicas,
                                               Asker asker)
{
    const auto id = fresh_id<store::ImageId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        boost::json::array wanted;
        for (const auto& replica : replicas) {
            hyperv::require_local(replica.path);
            const auto host = get_host(transaction, replica.host);
            wanted.push_back({{"host", host.id.value().lower()},
                              {"host_name", host.name},
                              {"path", replica.path}});
        }
        return NewOperation{.kind = "add_image",
                            .input = boost::json::object{{"image", id.value().lower()},
                                                         {"name", name},
                                                         {"replicas", std::move(wanted)}}};
    });
}

Task<store::OperationRecord> Orders::add_plan(store::PlanRecord plan, Asker asker)
{
    plan.id = fresh_id<store::PlanId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        check_sizes(plan.memory_mib, plan.disk_bytes.in_bytes());
        if (store::find_plan_by_name(transaction, plan.name)) {
            throw Error{ErrorKind::conflict, message::plan_name_taken{.plan = plan.name}};
        }
        store::insert(transaction, plan);
        return NewOperation{.kind = "add_plan",
                            .input = boost::json::object{{"plan", plan.id.value().lower()}}};
    });
}

Task<store::OperationRecord> Orders::add_network(store::NetworkRecord network, Asker asker)
{
    network.id = fresh_id<store::NetworkId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        check_network(network);
        if (store::find_network_by_name(transaction, network.name)) {
            throw Error{ErrorKind::conflict, message::network_name_taken{.network = network.name}};
        }
        store::insert(transaction, network);
        return NewOperation{.kind = "add_network",
                            .input = boost::json::object{{"network", network.id.value().lower()}}};
    });
}

} // namespace watari::provisioning
