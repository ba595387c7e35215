#pragma once

#include "hyperv/wmi/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Disks in the slots of a VM's controllers.
namespace watari::hyperv::wmi {

std::string text_of(const Slot& slot); ///< "SCSI 0:3"

/// The disk whose drive or medium has this id; nullopt: the id names no slot. `scsi` are the ids of
/// the VM's SCSI controllers in the order in which they are numbered.
std::optional<VmDisk> disk_at(std::string_view drive_or_medium, HostPath path,
                              const std::vector<std::string>& scsi);

/// Whether a VM with these disks has the wanted one where it is wanted. On which SCSI controller
/// does not matter: their ids are chance, so a controller that is added later may come before
/// those that are there and change their numbers.
bool is_attached(const std::vector<VmDisk>& present, const DiskAttachment& wanted);

/// Throws conflict (message::slot_occupied) where another file is in a wanted slot, invalid where a
/// path is not local.
void require_free_slots(const std::string& vm_name, const std::vector<VmDisk>& present,
                        const std::vector<DiskAttachment>& wanted);

/// How many SCSI controllers a VM needs that has `present` of them.
std::size_t missing_controllers(std::size_t present, const std::vector<DiskAttachment>& wanted);

/// Throws conflict (message::controller_missing) when there is no `controller` for the slot.
std::string require_controller(const std::string& vm_name, const Slot& slot,
                               std::optional<std::string> controller);

} // namespace watari::hyperv::wmi
