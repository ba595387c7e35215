#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

#include <vector>

namespace watari::hyperv::v1 {

/// Six requests for a disk and a NIC with a VLAN: everything read, switch port, its VLAN, drives
/// and NICs, media, everything read back. More where a SCSI controller is missing or the uplinks
/// were not looked at lately. What is there already is left as it is.
Task<> add_devices(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
                   std::vector<NicAttachment> nics);

} // namespace watari::hyperv::v1
