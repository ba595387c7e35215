#pragma once

#include "store/records/record.hpp"

#include <map>

namespace watari::store {

/// Capacity of a host that a VM holds, from before it is made until after it is gone; one per VM
/// and host.
struct ReservationRecord {
    using Id = ReservationId;

    ReservationId id = {};
    VmId vm = {};
    HostId host = {};
    std::optional<StorageId> storage = {};
    ByteSize memory = {};
    ByteSize storage_bytes = {}; ///< full growth × policy + saved-state reserve
    std::int64_t processors = 0;
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const ReservationRecord&, const ReservationRecord&) = default;
};

struct HostUsage {
    ByteSize memory = {};
    std::int64_t processors = 0;
    std::int64_t vms = 0;
};

/// What a host can give; an absent limit is none.
struct CapacityLimits {
    std::optional<ByteSize> memory = {};
    std::optional<ByteSize> storage_bytes = {};
    std::optional<std::int64_t> processors = {};
    std::optional<std::int64_t> vms = {};
};

HostUsage host_usage(Transaction& transaction, HostId host);
ByteSize storage_usage(Transaction& transaction, StorageId storage);
/// Of all storages on that storage's volume: they share its free space.
ByteSize volume_usage(Transaction& transaction, StorageId storage);

/// What is reserved of one host.
struct Reserved {
    ByteSize memory = {};
    /// The part of `memory` that no VM was seen to hold when the host was last seen: the host's
    /// free memory still counts it.
    ByteSize memory_not_held = {};
    std::map<StorageId, ByteSize> storage = {};
};
Reserved reserved_on(Transaction& transaction, HostId host);

std::optional<ReservationRecord> find_reservation(Transaction& transaction, VmId vm, HostId host);

/// Inserts or changes the reservation of (vm, host) if host and volume stay within `limits`; what
/// of a change does not grow is not judged. Throws exhausted (capacity: host, limit, used,
/// requested). This, not placement's memory, is what prevents over-commitment.
ReservationRecord reserve(Transaction& transaction, ReservationRecord wanted,
                          const CapacityLimits& limits);
/// False when there was none.
bool release(Transaction& transaction, VmId vm, HostId host);

} // namespace watari::store
