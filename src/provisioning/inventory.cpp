#include "provisioning/inventory.hpp"

#include "fleet/host_facts.hpp"
#include "store/records/host_change.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::provisioning {

namespace {

using Views = std::vector<std::shared_ptr<const HostView>>;

ByteSize less(ByteSize a, ByteSize b)
{
    return a > b ? a - b : ByteSize{};
}

/// Storages on one volume share its free space.
ByteSize promised_of_volume(const std::vector<store::StorageRecord>& storages,
                            const store::Reserved& reserved, std::string_view path)
{
    ByteSize promised;
    for (const auto& storage : storages) {
        const auto own = reserved.storage.find(storage.id);
        if (own != reserved.storage.end() &&
            hyperv::same_path(hyperv::drive_of(storage.path), hyperv::drive_of(path))) {
            promised += own->second;
        }
    }
    return promised;
}

void read_capacity(store::Transaction& transaction, const store::HostRecord& host, HostView& view)
{
    const auto reserved = store::reserved_on(transaction, host.id);
    view.memory_limit = less(host.memory_total, host.memory_reserve);
    // The smaller of what is free now and what policy leaves: neither may be exceeded.
    view.memory_free =
        std::min(less(less(host.memory_free, host.memory_reserve), reserved.memory_not_held),
                 less(view.memory_limit, reserved.memory));
    const auto storages = store::storages_of(transaction, host.id);
    for (const auto& storage : storages) {
        const auto limit = less(storage.volume_free, storage.reserve);
        view.storages.push_back(
            {.id = storage.id,
             .path = storage.path,
             .volume_size = storage.volume_size,
             .limit = limit,
             .free = less(limit, promised_of_volume(storages, reserved, storage.path))});
    }
}

void put(Views& views, store::HostId id, std::shared_ptr<const HostView> view)
{
    const auto place = std::ranges::lower_bound(views, id, {}, &HostView::id);
    const bool known = place != views.end() && (*place)->id == id;
    if (known && view) {
        *place = std::move(view);
    } else if (known) {
        views.erase(place);
    } else if (view) {
        views.insert(place, std::move(view));
    }
}

std::shared_ptr<const Snapshot> with_changes(store::Transaction& transaction,
                                             std::shared_ptr<const Snapshot> before)
{
    auto changes = store::host_changes_after(transaction, before->sequence);
    if (changes.hosts.empty()) {
        return before;
    }
    auto after = std::make_shared<Snapshot>(*before);
    after->sequence = changes.sequence;
    std::ranges::sort(changes.hosts); // a first reading appends instead of inserting
    for (const auto id : changes.hosts) {
        put(after->hosts, id, read_host_view(transaction, id));
    }
    return after;
}

} // namespace

store::CapacityLimits limits_of(const HostView& host, store::StorageId storage)
{
    const auto found = std::ranges::find(host.storages, storage, &HostView::Storage::id);
    return {.memory = host.memory_limit,
            .storage_bytes = found == host.storages.end() ? ByteSize{} : found->limit};
}

std::shared_ptr<const HostView> read_host_view(store::Transaction& transaction, store::HostId id)
{
    const auto host = store::find<store::HostRecord>(transaction, id);
    if (!host) {
        return nullptr;
    }
    const auto probe = fleet::recorded_probe(*host);
    const auto has = [&](hyperv::Capability capability) {
        return probe && probe->capabilities.has(capability);
    };
    auto facts = fleet::recorded_facts(*host);
    auto view = std::make_shared<HostView>(HostView{
        .id = id,
        .name = host->name,
        .state = host->state,
        .takes_vms = host->schedulable,
        .observed = host->observe,
        .memory_total = host->memory_total,
        .processors = host->processors,
        .vhdx = has(hyperv::Capability::vhdx),
        .differencing = !probe || has(hyperv::Capability::differencing_from_image),
        .bindings =
            store::list<store::NetworkBindingRecord>(transaction, {.all = {{"host", "=", id}}}),
        .replicas =
            store::list<store::ImageReplicaRecord>(transaction, {.all = {{"host", "=", id}}}),
        .mac_minimum = std::move(facts.mac_minimum),
        .mac_maximum = std::move(facts.mac_maximum),
        .macs = fleet::recorded_macs(*host)});
    read_capacity(transaction, *host, *view);
    return view;
}

Task<std::shared_ptr<const Snapshot>> Inventory::latest()
{
    const auto wanted = store_.commits();
    while (!snapshot_ || as_of_ < wanted) {
        if (reading_) {
            co_await read_.wait();
        } else {
            co_await catch_up();
        }
    }
    co_return snapshot_;
}

/// One reads for all who wait; should it fail, another one tries.
Task<> Inventory::catch_up()
{
    struct Reading {
        explicit Reading(Inventory& reader) : inventory(reader) { inventory.reading_ = true; }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        ~Reading()
        {
            inventory.reading_ = false;
            inventory.read_.notify_all();
        }

        Inventory& inventory;
    };
    const Reading reading{*this};
    const auto as_of = store_.commits();
    auto before = snapshot_ ? snapshot_ : std::make_shared<const Snapshot>();
    snapshot_ = co_await store_.read(
        [&before](store::Transaction& transaction) { return with_changes(transaction, before); });
    as_of_ = as_of;
}

} // namespace watari::provisioning
