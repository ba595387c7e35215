#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <vector>

namespace watari::hyperv::v1 {

/// State, name, notes, processors and memory by GetSummaryInformation: of all VMs in one request,
/// or of one.
Task<std::vector<VmSummary>> read_summaries(Act& act);
Task<std::optional<VmSummary>> find_summary(Act& act, HostVmId vm);

/// State of a VM that is proven to be ours, in one request (two when the proof needs its folder).
/// Throws not_found, conflict (ownership_lost).
Task<VmSummary> look_at_own(Act& act, const VmRef& vm);

} // namespace watari::hyperv::v1
