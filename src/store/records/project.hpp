#pragma once

#include "store/records/record.hpp"

namespace watari::store {

/// The tenant; an absent quota is no limit.
struct ProjectRecord {
    using Id = ProjectId;

    ProjectId id = {};
    std::string name = {}; ///< unique
    std::optional<std::int64_t> quota_vms = {};
    std::optional<std::int64_t> quota_processors = {};
    std::optional<ByteSize> quota_memory = {};
    std::optional<ByteSize> quota_disk = {};
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const ProjectRecord&, const ProjectRecord&) = default;
};

/// What a token may do: `admin` everything, `user` everything in its project, `viewer` read in its
/// project.
enum class Role { admin, user, viewer };

/// A token's hash; the token itself is shown once and kept nowhere.
struct TokenRecord {
    using Id = TokenId;

    TokenId id = {};
    std::optional<ProjectId> project = {}; ///< none: every project
    std::string name = {};
    Role role = Role::user;
    std::string hash = {}; ///< unique
    std::optional<WallTime> expires = {};
    std::optional<WallTime> revoked = {};
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

template <>
struct EnumNames<Role> {
    static constexpr std::pair<Role, std::string_view> names[] = {
        {Role::admin, "admin"}, {Role::user, "user"}, {Role::viewer, "viewer"}};
};

std::optional<ProjectRecord> find_project_by_name(Transaction& transaction, std::string_view name);
/// Also finds expired and revoked ones: the caller judges.
std::optional<TokenRecord> find_token_by_hash(Transaction& transaction, std::string_view hash);

/// What a project's VMs that are not deleted take (wanted sizes).
struct ProjectUsage {
    std::int64_t vms = 0;
    std::int64_t processors = 0;
    ByteSize memory = {};
    ByteSize disk = {};
};
ProjectUsage usage_of(Transaction& transaction, ProjectId project);
/// Throws exhausted (quota: limit, used, requested) when `added` does not fit the project's quotas
/// any more.
void check_quota(Transaction& transaction, ProjectId project, const ProjectUsage& added);

} // namespace watari::store
