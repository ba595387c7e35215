#pragma once

#include "hyperv/v1/dialect.hpp"

namespace watari::hyperv::v1 {

struct Uplinks;

/// Five requests: DefineVirtualSystem with the birth mark, Notes, memory and processors, the real
/// name, everything read back. `earlier` is completed from wherever its try stopped.
Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier);

/// Two requests: by Notes, and by name or folder for those whose Notes were not written yet.
Task<std::vector<VmSummary>> find_by_mark(Act& act, OwnershipMark mark);

/// As wmi::remove_vm, and our switch ports.
Task<> delete_vm(Act& act, VmRef vm, bool force);

/// Six requests for a disk and a NIC with a VLAN: everything read, switch port, its VLAN, drives
/// and NICs, media, everything read back. More where a SCSI controller is missing or the uplinks
/// are not known. What is there already is left as it is.
Task<> add_devices(Act& act, Uplinks& uplinks, VmRef vm, std::vector<DiskAttachment> disks,
                   std::vector<NicAttachment> nics);

/// Eight class-wide queries, joined by InstanceID, and one request per path.
Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths);

} // namespace watari::hyperv::v1
