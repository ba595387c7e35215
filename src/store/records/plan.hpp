#pragma once

#include "store/records/record.hpp"

namespace watari::store {

/// The sizes a customer can buy.
struct PlanRecord {
    using Id = PlanId;

    PlanId id = {};
    std::string name = {}; ///< unique
    std::string description = {};
    std::int64_t processors = 1;
    std::int64_t memory_mib = 1024;
    ByteSize disk_bytes = {};
    bool disk_may_grow = true;
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const PlanRecord&, const PlanRecord&) = default;
};

std::optional<PlanRecord> find_plan_by_name(Transaction& transaction, std::string_view name);

} // namespace watari::store
