#include "store/records/project.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<ProjectRecord> {
    static constexpr std::string_view name = "projects";
    static constexpr std::string_view kind = "project";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("name", record.name);
        visit("quota_vms", record.quota_vms);
        visit("quota_processors", record.quota_processors);
        visit("quota_memory", record.quota_memory);
        visit("quota_disk", record.quota_disk);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<ProjectRecord>;

template <>
struct Table<TokenRecord> {
    static constexpr std::string_view name = "tokens";
    static constexpr std::string_view kind = "token";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("project", record.project);
        visit("name", record.name);
        visit("role", record.role);
        visit("hash", record.hash);
        visit("expires", record.expires);
        visit("revoked", record.revoked);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<TokenRecord>;

namespace {

void check_one(std::string_view quota, std::optional<std::uint64_t> limit, std::uint64_t used,
               std::uint64_t requested)
{
    if (limit && (requested > *limit || used > *limit - requested)) {
        throw Error{ErrorKind::exhausted,
                    message::quota_exceeded{.limit = std::to_string(*limit),
                                            .quota = std::string{quota},
                                            .requested = std::to_string(requested),
                                            .used = std::to_string(used)}};
    }
}

std::optional<std::uint64_t> number(const std::optional<std::int64_t>& limit)
{
    return limit ? std::optional{static_cast<std::uint64_t>(std::max<std::int64_t>(*limit, 0))}
                 : std::nullopt;
}

std::optional<std::uint64_t> number(const std::optional<ByteSize>& limit)
{
    return limit ? std::optional{limit->in_bytes()} : std::nullopt;
}

} // namespace

std::optional<ProjectRecord> find_project_by_name(Transaction& transaction, std::string_view name)
{
    return select_one<ProjectRecord>(transaction, "WHERE name = $1", {name});
}

std::optional<TokenRecord> find_token_by_hash(Transaction& transaction, std::string_view hash)
{
    return select_one<TokenRecord>(transaction, "WHERE hash = $1", {hash});
}

ProjectUsage usage_of(Transaction& transaction, ProjectId project)
{
    const auto rows = transaction.query(
        "SELECT count(*) AS vms, coalesce(sum(wanted_processors), 0) AS processors, "
        "coalesce(sum(wanted_memory_mib), 0) AS memory_mib, "
        "coalesce(sum(wanted_disk_bytes), 0) AS disk "
        "FROM vms WHERE project = $1 AND lifecycle <> 'deleted'",
        {project});
    const auto& row = rows.at(0);
    return {.vms = row.get<std::int64_t>("vms"),
            .processors = row.get<std::int64_t>("processors"),
            .memory = ByteSize::mib(row.get<std::uint64_t>("memory_mib")),
            .disk = row.get<ByteSize>("disk")};
}

void check_quota(Transaction& transaction, ProjectId project, const ProjectUsage& added)
{
    const auto quotas = get<ProjectRecord>(transaction, project);
    if (!quotas.quota_vms && !quotas.quota_processors && !quotas.quota_memory &&
        !quotas.quota_disk) {
        return; // counting a project's VMs is not free
    }
    const auto used = usage_of(transaction, project);
    const auto count = [](std::int64_t value) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    };
    check_one("vms", number(quotas.quota_vms), count(used.vms), count(added.vms));
    check_one("processors", number(quotas.quota_processors), count(used.processors),
              count(added.processors));
    check_one("memory", number(quotas.quota_memory), used.memory.in_bytes(),
              added.memory.in_bytes());
    check_one("disk", number(quotas.quota_disk), used.disk.in_bytes(), added.disk.in_bytes());
}

} // namespace watari::store
