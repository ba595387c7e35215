#pragma once

#include "generations/profile.hpp"
#include "sim/engine/storage.hpp"

#include <cstdint>

/// What hosts may refuse or choose about virtual disks where no fact says so: switches that both
/// namespaces act on.
namespace watari::sim::host {

/// Smallest size that the calls take (disk-formats.md 9.7).
void check_disk_size(const Profile& profile, std::uint64_t size);

/// Fills in what the host chooses. `size_given` is MaxInternalSize, 0 when it was not. Throws as
/// refuse().
void complete(const Profile& profile, DiskSpec& spec, std::uint64_t size_given);

} // namespace watari::sim::host
