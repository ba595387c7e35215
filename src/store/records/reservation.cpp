#include "store/records/reservation.hpp"

#include "store/records/columns.hpp"
#include "store/records/host.hpp"
#include "store/records/vm.hpp"

namespace watari::store {

// Made in host.cpp.
extern template struct RecordAccess<HostRecord>;
extern template struct RecordAccess<StorageRecord>;

template <>
struct Table<ReservationRecord> {
    static constexpr std::string_view name = "reservations";
    static constexpr std::string_view kind = "reservation";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("vm", record.vm);
        visit("host", record.host);
        visit("storage", record.storage);
        visit("memory", record.memory);
        visit("storage_bytes", record.storage_bytes);
        visit("processors", record.processors);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<ReservationRecord>;

namespace {

struct Place {
    std::string name;
    std::string_view resource;
};

void check_capacity(const Place& place, std::optional<std::uint64_t> limit, std::uint64_t used,
                    std::uint64_t requested)
{
    if (limit && (requested > *limit || used > *limit - requested)) {
        throw Error{ErrorKind::exhausted,
                    message::capacity_exceeded{.limit = std::to_string(*limit),
                                               .place = place.name,
                                               .requested = std::to_string(requested),
                                               .resource = std::string{place.resource},
                                               .used = std::to_string(used)}};
    }
}

std::uint64_t count_of(std::int64_t value)
{
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

void check_host(Transaction& transaction, const ReservationRecord& wanted,
                const CapacityLimits& limits)
{
    if (!limits.memory && !limits.processors && !limits.vms) {
        return;
    }
    const auto name = get<HostRecord>(transaction, wanted.host).name;
    const auto used = host_usage(transaction, wanted.host);
    if (limits.memory) {
        check_capacity({name, "memory"}, limits.memory->in_bytes(), used.memory.in_bytes(),
                       wanted.memory.in_bytes());
    }
    if (limits.processors) {
        check_capacity({name, "processors"}, count_of(*limits.processors),
                       count_of(used.processors), count_of(wanted.processors));
    }
    if (limits.vms) {
        check_capacity({name, "vms"}, count_of(*limits.vms), count_of(used.vms), 1);
    }
}

} // namespace

HostUsage host_usage(Transaction& transaction, HostId host)
{
    const auto rows = transaction.query(
        "SELECT coalesce(sum(memory), 0) AS memory, coalesce(sum(processors), 0) AS processors, "
        "count(*) AS vms FROM reservations WHERE host = $1",
        {host});
    const auto& row = rows.at(0);
    return {.memory = row.get<ByteSize>("memory"),
            .processors = row.get<std::int64_t>("processors"),
            .vms = row.get<std::int64_t>("vms")};
}

ByteSize storage_usage(Transaction& transaction, StorageId storage)
{
    return transaction
        .query(
            "SELECT coalesce(sum(storage_bytes), 0) AS used FROM reservations WHERE storage = $1",
            {storage})
        .at(0)
        .get<ByteSize>("used");
}

ReservedEverywhere reserved_everywhere(Transaction& transaction)
{
    ReservedEverywhere reserved;
    for (const auto& row : transaction.query(
             "SELECT r.host, sum(r.memory), sum(CASE WHEN v.observed_power = $1 AND v.observed_at "
             "<= h.last_seen THEN 0 ELSE r.memory END) FROM reservations r JOIN hosts h ON h.id = "
             "r.host LEFT JOIN vms v ON v.id = r.vm GROUP BY r.host",
             {name_of(ObservedPower::running)})) {
        const auto host = row.get<HostId>(std::size_t{0});
        reserved.memory.emplace(host, row.get<ByteSize>(std::size_t{1}));
        reserved.memory_not_held.emplace(host, row.get<ByteSize>(std::size_t{2}));
    }
    for (const auto& row : transaction.query("SELECT storage, sum(storage_bytes) FROM reservations "
                                             "WHERE storage IS NOT NULL GROUP BY storage")) {
        reserved.storage.emplace(row.get<StorageId>(std::size_t{0}),
                                 row.get<ByteSize>(std::size_t{1}));
    }
    return reserved;
}

std::optional<ReservationRecord> find_reservation(Transaction& transaction, VmId vm, HostId host)
{
    return select_one<ReservationRecord>(transaction, "WHERE vm = $1 AND host = $2", {vm, host});
}

ReservationRecord reserve(Transaction& transaction, ReservationRecord wanted,
                          const CapacityLimits& limits)
{
    // What the VM already holds here is given back first, so that a change is judged by its
    // difference.
    if (const auto held = find_reservation(transaction, wanted.vm, wanted.host)) {
        wanted.id = held->id;
        remove<ReservationRecord>(transaction, held->id);
    }
    check_host(transaction, wanted, limits);
    if (limits.storage_bytes && wanted.storage) {
        const auto storage = get<StorageRecord>(transaction, *wanted.storage);
        check_capacity({storage.path, "storage"}, limits.storage_bytes->in_bytes(),
                       storage_usage(transaction, storage.id).in_bytes(),
                       wanted.storage_bytes.in_bytes());
    }
    return insert(transaction, std::move(wanted));
}

bool release(Transaction& transaction, VmId vm, HostId host)
{
    return transaction.execute("DELETE FROM reservations WHERE vm = $1 AND host = $2", {vm, host}) >
           0;
}

} // namespace watari::store
