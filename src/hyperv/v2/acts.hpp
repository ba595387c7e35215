#pragma once

#include "hyperv/v2/dialect.hpp"

namespace watari::hyperv::v2 {

/// Two requests: DefineSystem with mark, memory and processors, and everything read back; what the
/// host left out is sent after. `earlier` is completed instead of defining another.
Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier);

/// Five requests for a disk and a NIC with a VLAN: everything read, drives and NICs, media and
/// connections, VLAN, everything read back. One more for each SCSI controller that is missing. What
/// is there already is left as it is.
Task<> add_devices(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
                   std::vector<NicAttachment> nics);

/// Eight class-wide queries, joined by InstanceID, and one request per path.
Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths);

} // namespace watari::hyperv::v2
