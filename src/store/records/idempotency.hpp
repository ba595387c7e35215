#pragma once

#include "store/records/record.hpp"

namespace watari::store {

/// The answer once given to an Idempotency-Key; unique per project, token and key.
struct IdempotencyRecord {
    std::optional<ProjectId> project = {};
    TokenId token = {};
    std::string key = {};
    std::string request_hash = {}; ///< of method, path and canonical body
    std::optional<OperationId> operation = {};
    std::int64_t status = 0;
    std::string location = {};
    std::string body = {};
    WallTime created = {}; ///< given by insert
    WallTime expires = {};

    friend bool operator==(const IdempotencyRecord&, const IdempotencyRecord&) = default;
};

/// Nothing once it has expired.
std::optional<IdempotencyRecord> find_idempotency(Transaction& transaction,
                                                  std::optional<ProjectId> project, TokenId token,
                                                  std::string_view key);
/// Throws conflict when the key is in use; an expired one is replaced.
void insert_idempotency(Transaction& transaction, IdempotencyRecord record);
std::uint64_t forget_expired_idempotency(Transaction& transaction);

} // namespace watari::store
