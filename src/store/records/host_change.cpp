#include "store/records/host_change.hpp"

#include "store/value_cells.hpp"

namespace watari::store {

void note_host_change(Transaction& transaction, HostId host)
{
    transaction.execute("INSERT INTO host_changes (host, sequence) VALUES ($1, (SELECT "
                        "coalesce(max(sequence), 0) + 1 FROM host_changes)) ON CONFLICT (host) DO "
                        "UPDATE SET sequence = excluded.sequence",
                        {host});
}

HostChanges host_changes_after(Transaction& transaction, std::int64_t sequence)
{
    HostChanges changes{.sequence = sequence};
    for (const auto& row : transaction.query(
             "SELECT host, sequence FROM host_changes WHERE sequence > $1 ORDER BY sequence",
             {sequence})) {
        changes.hosts.push_back(row.get<HostId>(std::size_t{0}));
        changes.sequence = row.get<std::int64_t>(std::size_t{1});
    }
    return changes;
}

} // namespace watari::store
