#pragma once

#include "store/database.hpp"
#include "store/ids.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace watari::store {

/// `column op value`, with op one of = != < <= > >=. Null equals null.
struct Comparison {
    std::string column = {};
    std::string op = "=";
    Param value = {};
};

/// Rows where all comparisons hold, in the order of `order_by` and then id, starting behind
/// `after`.
struct Selection {
    std::vector<Comparison> all = {};
    std::optional<Uuid> after = {}; ///< the id of the last row already seen
    std::size_t limit = 100'000;
    bool newest_first = false;
};

/// The statements for one kind of record, made from its columns (records/columns.hpp).
template <class Record>
struct RecordAccess {
    static Record insert(Transaction& transaction, Record record);
    static std::optional<Record> find(Transaction& transaction, const Uuid& id);
    static Record get(Transaction& transaction, const Uuid& id);
    static std::vector<Record> list(Transaction& transaction, const Selection& selection);
    static std::size_t count(Transaction& transaction, const Selection& selection);
    static Record update(Transaction& transaction, Record record);
    static bool remove(Transaction& transaction, const Uuid& id);
};

// For every record with an id: HostRecord, StorageRecord, ImageRecord, ImageReplicaRecord,
// PlanRecord, NetworkRecord, NetworkBindingRecord, VmRecord, AddressRecord, ReservationRecord,
// ProjectRecord, TokenRecord, OperationRecord. `store::get<VmRecord>(tx, id)`, `store::insert(tx,
// VmRecord{…})`.

/// Gives the row as stored: version 1, created and updated filled in. Throws conflict on a taken
/// id, name, MAC or path.
template <class Record>
Record insert(Transaction& transaction, Record record)
{
    return RecordAccess<Record>::insert(transaction, std::move(record));
}

template <class Record>
std::optional<Record> find(Transaction& transaction, const typename Record::Id& id)
{
    return RecordAccess<Record>::find(transaction, id.value());
}

/// Throws not_found.
template <class Record>
Record get(Transaction& transaction, const typename Record::Id& id)
{
    return RecordAccess<Record>::get(transaction, id.value());
}

/// Throws invalid when a comparison names no column or no operator.
template <class Record>
std::vector<Record> list(Transaction& transaction, const Selection& selection = {})
{
    return RecordAccess<Record>::list(transaction, selection);
}

/// Ignores `after` and `limit`.
template <class Record>
std::size_t count(Transaction& transaction, const Selection& selection = {})
{
    return RecordAccess<Record>::count(transaction, selection);
}

/// Writes every column that may change if `record.version` is still the stored one, and gives the
/// row as stored (version + 1). Throws conflict when somebody changed it meanwhile, not_found when
/// it is gone.
template <class Record>
Record update(Transaction& transaction, Record record)
{
    return RecordAccess<Record>::update(transaction, std::move(record));
}

/// False when there was no such row. VMs and operations are never removed, only marked.
template <class Record>
bool remove(Transaction& transaction, const typename Record::Id& id)
{
    return RecordAccess<Record>::remove(transaction, id.value());
}

} // namespace watari::store
