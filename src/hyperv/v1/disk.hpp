#pragma once

#include "hyperv/driver.hpp"
#include "hyperv/v1/act.hpp"

namespace watari::hyperv::v1 {

/// One request. nullopt: there is no such file.
Task<std::optional<DiskFacts>> find_disk(Act& act, HostPath path);
/// Makes the file and reads it back: two requests; a full copy that grows takes two more.
Task<DiskFacts> create_disk(Act& act, NewDisk disk);
/// Four requests: size and use, who holds it, grow, read back; more on hosts with checkpoints.
Task<DiskFacts> grow_disk(Act& act, HostPath path, ByteSize size);

} // namespace watari::hyperv::v1
