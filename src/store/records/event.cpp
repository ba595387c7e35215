#include "store/records/event.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<EventRecord> {
    static constexpr std::string_view name = "events";
    static constexpr std::string_view kind = "event";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("sequence", record.sequence);
        visit("time", record.time);
        visit("kind", record.kind);
        visit("project", record.project);
        visit("subject_kind", record.subject_kind);
        visit("subject", record.subject);
        visit("operation", record.operation);
        visit("data", record.data);
    }
};

template <>
struct Table<AuditRecord> {
    static constexpr std::string_view name = "audit";
    static constexpr std::string_view kind = "audit record";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("sequence", record.sequence);
        visit("time", record.time);
        visit("actor", record.actor);
        visit("action", record.action);
        visit("project", record.project);
        visit("subject_kind", record.subject_kind);
        visit("subject", record.subject);
        visit("operation", record.operation);
        visit("request_id", record.request_id);
        visit("outcome", record.outcome);
        visit("details", record.details);
    }
};

namespace {

/// The columns without `sequence`, which the database gives.
template <class Record>
std::string append_statement()
{
    const auto& names = Statements<Record>::get().names;
    std::string columns;
    std::string places;
    for (std::size_t i = 1; i < names.size(); ++i) {
        columns += (i == 1 ? "" : ", ") + names[i];
        places += fmt::format("{}${}", i == 1 ? "" : ", ", i);
    }
    return fmt::format("INSERT INTO {} ({}) VALUES ({}) RETURNING sequence", Table<Record>::name,
                       columns, places);
}

template <class Record>
Record append_record(Transaction& transaction, Record record)
{
    static const auto sql = append_statement<Record>();
    record.time = transaction.now();
    const auto params = params_of(record);
    record.sequence = transaction.query(sql, std::span{params}.subspan(1))
                          .at(0)
                          .template get<std::int64_t>("sequence");
    return record;
}

} // namespace

EventRecord append(Transaction& transaction, EventRecord event)
{
    return append_record(transaction, std::move(event));
}

AuditRecord append(Transaction& transaction, AuditRecord audit)
{
    return append_record(transaction, std::move(audit));
}

std::vector<EventRecord> events_after(Transaction& transaction, std::int64_t sequence,
                                      std::size_t limit, std::optional<ProjectId> project)
{
    if (project) {
        return select<EventRecord>(
            transaction, "WHERE sequence > $1 AND project = $2 ORDER BY sequence LIMIT $3",
            {sequence, *project, limit});
    }
    return select<EventRecord>(transaction, "WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                               {sequence, limit});
}

std::int64_t oldest_event(Transaction& transaction)
{
    return transaction.query("SELECT coalesce(min(sequence), 0) AS sequence FROM events")
        .at(0)
        .get<std::int64_t>("sequence");
}

std::int64_t newest_event(Transaction& transaction)
{
    return transaction.query("SELECT coalesce(max(sequence), 0) AS sequence FROM events")
        .at(0)
        .get<std::int64_t>("sequence");
}

std::uint64_t forget_events_before(Transaction& transaction, WallTime time)
{
    return transaction.execute("DELETE FROM events WHERE time < $1", {time});
}

std::vector<AuditRecord> audit_before(Transaction& transaction, std::optional<std::int64_t> before,
                                      std::size_t limit, std::optional<ProjectId> project)
{
    const auto from = before.value_or(std::numeric_limits<std::int64_t>::max());
    if (project) {
        return select<AuditRecord>(
            transaction, "WHERE sequence < $1 AND project = $2 ORDER BY sequence DESC LIMIT $3",
            {from, *project, limit});
    }
    return select<AuditRecord>(transaction, "WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2",
                               {from, limit});
}

} // namespace watari::store
