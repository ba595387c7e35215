#pragma once

#include "hyperv/driver.hpp"
#include "hyperv/v2/act.hpp"

namespace watari::hyperv::v2 {

/// Facts of a disk file in one request: file size and use are left out. nullopt: there is no such
/// file.
Task<std::optional<DiskFacts>> read_disk(Act& act, HostPath path);
/// With file size and use: two requests.
Task<std::optional<DiskFacts>> find_disk(Act& act, HostPath path);
/// Makes the file and reads it back: two requests; a full copy that grows takes two more.
Task<DiskFacts> create_disk(Act& act, NewDisk disk);
/// Four requests: size and kind, who holds it, grow, read back; a fifth on hosts with checkpoints.
Task<DiskFacts> grow_disk(Act& act, HostPath path, ByteSize size);

} // namespace watari::hyperv::v2
