#pragma once

#include "sim/host/v1/view.hpp"

namespace watari::sim::host::v1 {

/// Msvm_VirtualSystemManagementService.GetSummaryInformation: one structured instance per VM or
/// checkpoint.
MethodAnswer get_summary_information(const View& view, const MethodCall& call);

} // namespace watari::sim::host::v1
