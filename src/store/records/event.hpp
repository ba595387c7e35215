#pragma once

#include "store/records/record.hpp"

namespace watari::store {

/// Something that happened, for those who watch. Written in the transaction that made it happen.
struct EventRecord {
    std::int64_t sequence = 0; ///< given by append; rises without regard to gaps
    WallTime time = {};        ///< given by append
    std::string kind = {};     ///< "operation.succeeded", "vm.created"
    std::optional<ProjectId> project = {};
    std::string subject_kind = {}; ///< "vm", "host", "operation"
    std::optional<Uuid> subject = {};
    std::optional<OperationId> operation = {};
    boost::json::value data = boost::json::object{};

    friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

/// Who changed what, and how it went. Never changed or removed.
struct AuditRecord {
    std::int64_t sequence = 0; ///< given by append
    WallTime time = {};        ///< given by append
    std::string actor = {};
    std::string action = {}; ///< "create_vm", "token.revoke"
    std::optional<ProjectId> project = {};
    std::string subject_kind = {};
    std::optional<Uuid> subject = {};
    std::optional<OperationId> operation = {};
    std::string request_id = {};
    std::string outcome = {}; ///< "accepted", "succeeded", "failed", …
    boost::json::value details = boost::json::object{};

    friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

EventRecord append(Transaction& transaction, EventRecord event);
AuditRecord append(Transaction& transaction, AuditRecord audit);

/// Events behind `sequence`, oldest first; of one project when given.
std::vector<EventRecord> events_after(Transaction& transaction, std::int64_t sequence,
                                      std::size_t limit, std::optional<ProjectId> project = {});
/// 0 when there is none.
std::int64_t oldest_event(Transaction& transaction);
std::int64_t newest_event(Transaction& transaction);
/// Removes events older than `time`; gives how many.
std::uint64_t forget_events_before(Transaction& transaction, WallTime time);

/// Newest first, behind `before` (none: from the newest).
std::vector<AuditRecord> audit_before(Transaction& transaction, std::optional<std::int64_t> before,
                                      std::size_t limit, std::optional<ProjectId> project = {});

} // namespace watari::store
