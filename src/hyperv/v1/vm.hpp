#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <vector>

namespace watari::hyperv::v1 {

/// Five requests: DefineVirtualSystem with the birth mark, Notes, memory and processors, the real
/// name, everything read back. `earlier` is completed from wherever its try stopped.
Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier);

/// State and proof, power off where needed, DestroyVirtualSystem, our switch ports, read back.
Task<> delete_vm(Act& act, VmRef vm, bool force);

/// Two requests: by Notes, and by name or folder for those whose Notes were not written yet.
Task<std::vector<VmSummary>> find_by_mark(Act& act, OwnershipMark mark);

} // namespace watari::hyperv::v1
