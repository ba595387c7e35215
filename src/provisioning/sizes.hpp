#pragma once

#include <cstdint>

namespace watari::provisioning {

/// Throws invalid unless hosts can count in these: memory in steps of 2 MiB, disks in sectors.
void check_sizes(std::int64_t memory_mib, std::uint64_t disk_bytes);

} // namespace watari::provisioning
