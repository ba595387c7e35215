#pragma once

#include "hyperv/v2/act.hpp"
#include "hyperv/words.hpp"

#include <vector>

namespace watari::hyperv::v2 {

/// Five requests for a disk and a NIC with a VLAN: everything read, drives and NICs, media and
/// connections, VLAN, everything read back. One more for each SCSI controller that is missing. What
/// is there already is left as it is.
Task<> add_devices(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
                   std::vector<NicAttachment> nics);

} // namespace watari::hyperv::v2
