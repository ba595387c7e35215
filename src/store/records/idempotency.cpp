#include "store/records/idempotency.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<IdempotencyRecord> {
    static constexpr std::string_view name = "idempotency_keys";
    static constexpr std::string_view kind = "idempotency key";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        // `project` is part of the key, which holds no null: it is read and written by hand.
        visit("token", record.token);
        visit("key", record.key);
        visit("request_hash", record.request_hash);
        visit("operation", record.operation);
        visit("status", record.status);
        visit("location", record.location);
        visit("body", record.body);
        visit("created", record.created);
        visit("expires", record.expires);
    }
};

namespace {

std::string project_key(const std::optional<ProjectId>& project)
{
    return project ? project->value().lower() : std::string{};
}

} // namespace

std::optional<IdempotencyRecord> find_idempotency(Transaction& transaction,
                                                  std::optional<ProjectId> project, TokenId token,
                                                  std::string_view key)
{
    auto found = select_one<IdempotencyRecord>(
        transaction, "WHERE project = $1 AND token = $2 AND key = $3 AND expires > $4",
        {project_key(project), token, key, transaction.now()});
    if (found) {
        found->project = project;
    }
    return found;
}

void insert_idempotency(Transaction& transaction, IdempotencyRecord record)
{
    record.created = transaction.now();
    const auto project = project_key(record.project);
    transaction.execute("DELETE FROM idempotency_keys WHERE project = $1 AND token = $2 AND key = "
                        "$3 AND expires <= $4",
                        {project, record.token, record.key, transaction.now()});
    auto params = params_of(record);
    params.emplace_back(project);
    static const auto sql = [&] {
        std::string places;
        for (std::size_t i = 1; i <= params.size(); ++i) {
            places += fmt::format("{}${}", i == 1 ? "" : ", ", i);
        }
        return fmt::format("INSERT INTO idempotency_keys ({}, project) VALUES ({})",
                           fmt::join(Statements<IdempotencyRecord>::get().names, ", "), places);
    }();
    transaction.execute(sql, params);
}

std::uint64_t forget_expired_idempotency(Transaction& transaction)
{
    return transaction.execute("DELETE FROM idempotency_keys WHERE expires <= $1",
                               {transaction.now()});
}

} // namespace watari::store
