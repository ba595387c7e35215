#pragma once

#include "store/database.hpp"
#include "store/ids.hpp"

#include <vector>

namespace watari::store {

/// Notes in the change's own transaction that something of this host changed: its record, a
/// storage, a network's binding, an image's replica, a reservation. The records do it themselves.
void note_host_change(Transaction& transaction, HostId host);

struct HostChanges {
    std::int64_t sequence = 0; ///< of the newest change there is; 0 when there is none
    std::vector<HostId> hosts = {};
};

/// The hosts changed after `sequence`, each once; also those that are gone. For those who keep
/// hosts in memory. (One writer commits at a time, so no change with a lower number comes later.)
HostChanges host_changes_after(Transaction& transaction, std::int64_t sequence);

} // namespace watari::store
