#pragma once

#include "hyperv/v2/act.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <vector>

namespace watari::hyperv::v2 {

/// Two requests: DefineSystem with mark, memory and processors, and everything read back; what the
/// host left out is sent after. `earlier` is completed instead of defining another.
Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier);

/// State and proof, power off where needed, DestroySystem, read back.
Task<> delete_vm(Act& act, VmRef vm, bool force);

std::vector<VmSummary> with_mark_of(std::vector<VmSummary> all, const OwnershipMark& mark);

} // namespace watari::hyperv::v2
