#pragma once

#include "hyperv/v2/act.hpp"
#include "hyperv/words.hpp"
#include "schema/v2.hpp"

#include <optional>

namespace watari::hyperv::v2 {

/// Throws invalid unless a whole number of 2 MiB.
void require_aligned(ByteSize memory);

/// Static memory: quantity, reservation and limit are one (fresh-vm.md 1.3). Without `id`: for a VM
/// that is being defined.
schema::Object<schema::v2::Msvm_MemorySettingData> memory_settings(ByteSize memory);
schema::Object<schema::v2::Msvm_ProcessorSettingData> processor_settings(unsigned count);

/// Sends the changes in one ModifyResourceSettings; checks nothing.
Task<Done> modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                            std::optional<unsigned> processors, bool is_running);

/// Three requests: state and proof, change, read back.
Task<> set_resources(Act& act, VmRef vm, std::optional<ByteSize> memory,
                     std::optional<unsigned> processors);

} // namespace watari::hyperv::v2
