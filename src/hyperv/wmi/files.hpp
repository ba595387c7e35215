#pragma once

#include "hyperv/wmi/act.hpp"

#include <optional>

/// Files and folders of the host, through root/cimv2.
namespace watari::hyperv::wmi {

/// One request each.
Task<bool> has_file(Act& act, HostPath path);
Task<std::optional<HostPath>> find_folder(Act& act, HostPath path);

/// Reads what the settings of the host's VMs hold: one class-wide query.
using ReadHeldDisks = Task<HeldDisks> (*)(Act& act);

/// One request when delete_vm of this driver came right before, else a class-wide query too. Waits
/// while the file is open for a moment longer.
Task<> delete_disk(Act& act, HostPath path, VmId vm, ReadHeldDisks read_held_disks);

} // namespace watari::hyperv::wmi
