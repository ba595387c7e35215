#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

namespace watari::hyperv::v1 {

/// Three requests each: state and proof, RequestStateChange, read back. None but the first when the
/// state is there already.
Task<> start(Act& act, VmRef vm);
Task<> turn_off(Act& act, VmRef vm);
/// Asks the guest, then looks until the deadline.
Task<> shut_down(Act& act, VmRef vm);

/// Cuts the power of a VM that was just proven to be ours.
Task<> cut_power(Act& act, HostVmId vm);

} // namespace watari::hyperv::v1
