#pragma once

#include "tests/world/world.hpp"

#include <string>

namespace watari::world {

/// What is on a host, as text: VMs with sizes, disks, NICs and power; every file; switch ports. Ids
/// are replaced by whose they are, so that two runs that made the same things compare equal.
std::string host_state(World& world, std::size_t index);
/// What the control plane holds: VMs not deleted, reservations, addresses, operations that have not
/// ended.
std::string stored_state(World& world);
/// Both, of everything.
std::string whole_state(World& world);
/// Everything that happened, word for word: events, audit, and each host's requests with their
/// times.
std::string event_log(World& world);

} // namespace watari::world
