#pragma once

#include "core/byte_size.hpp"
#include "core/sync.hpp"
#include "core/task.hpp"
#include "store/database.hpp"
#include "store/records/host.hpp"
#include "store/records/image.hpp"
#include "store/records/network.hpp"
#include "store/records/reservation.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace watari::provisioning {

/// What placement knows of a host.
struct HostView {
    struct Storage {
        store::StorageId id = {};
        std::string path = {};
        ByteSize volume_size = {};
        ByteSize limit = {}; ///< of what may be promised
        ByteSize free = {};  ///< for a new VM: of that, what is not promised
    };

    store::HostId id = {};
    std::string name = {};
    store::HostState state = store::HostState::enrolling;
    bool takes_vms = true;
    bool observed = false; ///< looked at, never changed
    ByteSize memory_total = {};
    ByteSize memory_limit = {}; ///< of what may be promised
    ByteSize memory_free = {};  ///< for a new VM: the host's, less its reserve and what is promised
    std::int64_t processors = 0;
    bool vhdx = false;
    /// False only where a probe found that it cannot.
    bool differencing = true;
    std::vector<Storage> storages = {};
    std::vector<store::NetworkBindingRecord> bindings = {};
    std::vector<store::ImageReplicaRecord> replicas = {};
    /// The addresses the host gives to NICs nobody addressed; empty: unknown.
    std::string mac_minimum = {};
    std::string mac_maximum = {};
    std::vector<std::string> macs = {}; ///< of the NICs seen on it, in order
};

/// What policy lets be promised of a host and one of its storages; the storage's limit is nothing
/// when the host has it no more.
store::CapacityLimits limits_of(const HostView& host, store::StorageId storage);

/// Null when there is no such host (any more).
std::shared_ptr<const HostView> read_host_view(store::Transaction& transaction, store::HostId host);

/// Every host as of one moment, ordered by id. Never changes: any thread may read it.
struct Snapshot {
    std::int64_t sequence = 0; ///< of the newest change that is in it
    std::vector<std::shared_ptr<const HostView>> hosts = {};
};

/// The hosts in memory, so that a decision reads no rows. A cache: what is decided from it is
/// checked again by the transaction that acts on it.
class Inventory
{
public:
    explicit Inventory(store::Store& store) : store_(store) {}

    /// As of everything that was durable when this was called.
    Task<std::shared_ptr<const Snapshot>> latest();

private:
    Task<> catch_up();

    store::Store& store_;
    std::shared_ptr<const Snapshot> snapshot_ = {};
    std::uint64_t as_of_ = 0; ///< the store's commits() before what snapshot_ has was read
    bool reading_ = false;
    Signal read_;
};

} // namespace watari::provisioning
