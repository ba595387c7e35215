#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

#include <optional>

namespace watari::hyperv::v1 {

/// Throws invalid unless a whole number of 2 MiB.
void require_aligned(ByteSize memory);

/// Sends the changes in one ModifyVirtualSystemResources; checks nothing.
Task<Done> modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                            std::optional<unsigned> processors);

/// Three requests: state and proof, change, read back.
Task<> set_resources(Act& act, VmRef vm, std::optional<ByteSize> memory,
                     std::optional<unsigned> processors);

} // namespace watari::hyperv::v1
