#include "store/records/reservation.hpp"

#include "store/records/columns.hpp"
#include "store/records/vm.hpp"

namespace watari::store {

template <>
struct Table<ReservationRecord> {
    static constexpr std::string_view name = "reservations";
    static constexpr std::string_view kind = "reservation";

    static HostId host(const ReservationRecord& record) { return record.host; }

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

/// Whose limit is checked; its name is read only when the limit does not hold.
struct Place {
    Transaction& transaction;
    std::string_view name_of; ///< statement that gives the name of `id`
    Uuid id;
};

void check_capacity(const Place& place, std::string_view resource,
                    std::optional<std::uint64_t> limit, std::uint64_t used, std::uint64_t requested)
{
    if (limit && (requested > *limit || used > *limit - requested)) {
        const auto names = place.transaction.query(place.name_of, {place.id});
        throw Error{ErrorKind::exhausted,
                    message::capacity_exceeded{
                        .limit = std::to_string(*limit),
                        .place = names.empty() ? place.id.lower()
                                               : names.front().get<std::string>(std::size_t{0}),
                        .requested = std::to_string(requested),
                        .resource = std::string{resource},
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
    const Place place{transaction, "SELECT name FROM hosts WHERE id = $1", wanted.host.value()};
    const auto used = host_usage(transaction, wanted.host);
    if (limits.memory) {
        check_capacity(place, "memory", limits.memory->in_bytes(), used.memory.in_bytes(),
                       wanted.memory.in_bytes());
    }
    if (limits.processors) {
        check_capacity(place, "processors", count_of(*limits.processors), count_of(used.processors),
                       count_of(wanted.processors));
    }
    if (limits.vms) {
        check_capacity(place, "vms", count_of(*limits.vms), count_of(used.vms), 1);
    }
}

/// What does not grow is not asked for: free space shrinks as disks fill, so that others alone may
/// be above the limits by now.
CapacityLimits limits_of_growth(const ReservationRecord& held, const ReservationRecord& wanted,
                                CapacityLimits limits)
{
    limits.vms.reset();
    if (wanted.memory <= held.memory) {
        limits.memory.reset();
    }
    if (wanted.processors <= held.processors) {
        limits.processors.reset();
    }
    if (wanted.storage == held.storage && wanted.storage_bytes <= held.storage_bytes) {
        limits.storage_bytes.reset();
    }
    return limits;
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

ByteSize volume_usage(Transaction& transaction, StorageId storage)
{
    return transaction
        .query(
            "SELECT coalesce(sum(r.storage_bytes), 0) AS used FROM storages this JOIN storages s "
            "ON s.host = this.host AND lower(substr(s.path, 1, 2)) = lower(substr(this.path, 1, "
            "2)) JOIN reservations r ON r.storage = s.id WHERE this.id = $1",
            {storage})
        .at(0)
        .get<ByteSize>("used");
}

Reserved reserved_on(Transaction& transaction, HostId host)
{
    Reserved reserved;
    for (const auto& row : transaction.query(
             "SELECT r.storage, sum(r.memory), sum(CASE WHEN v.observed_power = $2 AND "
             "v.observed_at <= h.last_seen THEN 0 ELSE r.memory END), sum(r.storage_bytes) FROM "
             "reservations r JOIN hosts h ON h.id = r.host LEFT JOIN vms v ON v.id = r.vm WHERE "
             "r.host = $1 GROUP BY r.storage",
             {host, name_of(ObservedPower::running)})) {
        reserved.memory += row.get<ByteSize>(std::size_t{1});
        reserved.memory_not_held += row.get<ByteSize>(std::size_t{2});
        if (const auto storage = row.get<std::optional<StorageId>>(std::size_t{0})) {
            reserved.storage.emplace(*storage, row.get<ByteSize>(std::size_t{3}));
        }
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
    auto judged = limits;
    // What the VM already holds here is given back first, so that a change is judged by its
    // difference.
    if (const auto held = find_reservation(transaction, wanted.vm, wanted.host)) {
        judged = limits_of_growth(*held, wanted, limits);
        wanted.id = held->id;
        remove<ReservationRecord>(transaction, held->id);
    }
    check_host(transaction, wanted, judged);
    if (judged.storage_bytes && wanted.storage) {
        check_capacity(
            {transaction, "SELECT path FROM storages WHERE id = $1", wanted.storage->value()},
            "storage", judged.storage_bytes->in_bytes(),
            volume_usage(transaction, *wanted.storage).in_bytes(), wanted.storage_bytes.in_bytes());
    }
    return insert(transaction, wanted);
}

bool release(Transaction& transaction, VmId vm, HostId host)
{
    note_host_change(transaction, host);
    return transaction.execute("DELETE FROM reservations WHERE vm = $1 AND host = $2", {vm, host}) >
           0;
}

} // namespace watari::store
