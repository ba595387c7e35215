#include "store/records/operation.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<OperationRecord> {
    static constexpr std::string_view name = "operations";
    static constexpr std::string_view kind = "operation";
    static constexpr std::string_view fixed[] = {
        "kind", "workflow_version", "project", "vm", "actor", "reason", "request_id", "input"};

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("kind", record.kind);
        visit("workflow_version", record.workflow_version);
        visit("project", record.project);
        visit("vm", record.vm);
        visit("host", record.host);
        visit("state", record.state);
        visit("backward", record.backward);
        visit("cancel_requested", record.cancel_requested);
        visit("actor", record.actor);
        visit("reason", record.reason);
        visit("request_id", record.request_id);
        visit("input", record.input);
        visit("error", record.error);
        visit("attempts", record.attempts);
        visit("next_try", record.next_try);
        visit("started", record.started);
        visit("ended", record.ended);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<OperationRecord>;

template <>
struct Table<StepRecord> {
    static constexpr std::string_view name = "steps";
    static constexpr std::string_view kind = "step";
    static constexpr std::string_view fixed[] = {"operation", "position", "step"};

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("operation", record.operation);
        visit("position", record.position);
        visit("step", record.step);
        visit("state", record.state);
        visit("attempts", record.attempts);
        visit("sent", record.sent);
        visit("settles", record.settles);
        visit("progress", record.progress);
        visit("requests", record.requests);
        visit("result", record.result);
        visit("error", record.error);
        visit("started", record.started);
        visit("ended", record.ended);
    }
};

bool has_ended(OperationState state) noexcept
{
    return state == OperationState::succeeded || state == OperationState::failed ||
           state == OperationState::cancelled;
}

std::vector<StepRecord> steps_of(Transaction& transaction, OperationId operation)
{
    return select<StepRecord>(transaction, "WHERE operation = $1 ORDER BY position", {operation});
}

void insert_step(Transaction& transaction, const StepRecord& step)
{
    transaction.execute(Statements<StepRecord>::get().insert, params_of(step));
}

void update_step(Transaction& transaction, const StepRecord& step)
{
    auto params = changes_of(step);
    params.emplace_back(step.operation);
    params.emplace_back(step.position);
    static const auto sql =
        fmt::format("UPDATE steps SET {} WHERE operation = ${} AND position = ${}",
                    Statements<StepRecord>::get().set_clause, params.size() - 1, params.size());
    if (transaction.execute(sql, params) == 0) {
        throw_no_record<StepRecord>(fmt::format("{}/{}", step.operation, step.position));
    }
}

OperationRecord save_work(Transaction& transaction, OperationRecord operation)
{
    operation.updated = transaction.now();
    const auto rows = transaction.query(
        "UPDATE operations SET host = $2, state = $3, backward = $4, error = $5, attempts = $6, "
        "next_try = $7, started = $8, ended = $9, updated = $10, version = version + 1 WHERE id = "
        "$1 RETURNING version, cancel_requested",
        {operation.id, operation.host, operation.state, operation.backward, operation.error,
         operation.attempts, operation.next_try, operation.started, operation.ended,
         operation.updated});
    if (rows.empty()) {
        throw_no_record<OperationRecord>(operation.id.value().lower());
    }
    operation.version = rows.front().get<std::int64_t>(std::size_t{0});
    operation.cancel_requested = rows.front().get<bool>(std::size_t{1});
    return operation;
}

std::vector<OperationRecord> unfinished_operations(Transaction& transaction, std::size_t limit)
{
    return select<OperationRecord>(transaction, "WHERE ended IS NULL ORDER BY id LIMIT $1",
                                   {limit});
}

std::vector<OpenOperation> open_operations(Transaction& transaction)
{
    std::vector<OpenOperation> open;
    for (const auto& row : transaction.query("SELECT id, host, next_try, cancel_requested FROM "
                                             "operations WHERE ended IS NULL ORDER BY id")) {
        open.push_back({.id = row.get<OperationId>(std::size_t{0}),
                        .host = row.get<std::optional<HostId>>(std::size_t{1}),
                        .next_try = row.get<std::optional<WallTime>>(std::size_t{2}),
                        .cancel_requested = row.get<bool>(std::size_t{3})});
    }
    return open;
}

std::vector<OperationRecord> unfinished_operations_of(Transaction& transaction, VmId vm)
{
    return select<OperationRecord>(transaction, "WHERE vm = $1 AND ended IS NULL ORDER BY id",
                                   {vm});
}

std::optional<OperationId> operation_under_way(Transaction& transaction, VmId vm)
{
    const auto rows = transaction.query(
        "SELECT id FROM operations WHERE vm = $1 AND ended IS NULL ORDER BY id LIMIT 1", {vm});
    return rows.empty() ? std::nullopt
                        : std::optional{rows.front().get<OperationId>(std::size_t{0})};
}

} // namespace watari::store
