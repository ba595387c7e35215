#pragma once

#include "sim/host/v1/view.hpp"

namespace watari::sim::host::v1 {

/// Msvm_VirtualSwitchManagementService with its methods on ports; all of them answer at once
/// (CreateSwitchPort: recorded).
void add_switch_service(const View& view);

} // namespace watari::sim::host::v1
