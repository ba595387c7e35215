#include "hyperv/wmi/slots.hpp"

#include "core/error.hpp"
#include "messages/hyperv.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace watari::hyperv::wmi {

std::string text_of(const Slot& slot)
{
    return fmt::format("{} {}:{}", slot.controller == ControllerType::ide ? "IDE" : "SCSI",
                       slot.controller_number, slot.position);
}

std::optional<VmDisk> disk_at(std::string_view drive_or_medium, HostPath path,
                              const std::vector<std::string>& scsi)
{
    const auto place = place_of(drive_or_medium);
    if (!place) {
        return std::nullopt;
    }
    VmDisk disk{.path = std::move(path), .drive_id = drive_id(place->controller, place->position)};
    disk.slot.position = place->position;
    if (is_ide(drive_or_medium)) {
        disk.slot.controller_number = place->controller.ends_with("\\1") ? 1 : 0;
        return disk;
    }
    const auto at = std::ranges::find_if(
        scsi, [&](const std::string& id) { return cim::same_name(id, place->controller); });
    disk.slot.controller = ControllerType::scsi;
    disk.slot.controller_number = at == scsi.end() ? 0 : static_cast<unsigned>(at - scsi.begin());
    return disk;
}

bool is_attached(const std::vector<VmDisk>& present, const DiskAttachment& wanted)
{
    return std::ranges::any_of(present, [&](const VmDisk& disk) {
        const bool is_there = wanted.slot.controller == ControllerType::ide
                                  ? disk.slot == wanted.slot
                                  : disk.slot.controller == ControllerType::scsi &&
                                        disk.slot.position == wanted.slot.position;
        return is_there && same_path(disk.path, wanted.path);
    });
}

void require_free_slots(const std::string& vm_name, const std::vector<VmDisk>& present,
                        const std::vector<DiskAttachment>& wanted)
{
    for (const auto& disk : wanted) {
        require_local(disk.path);
        const auto at = std::ranges::find(present, disk.slot, &VmDisk::slot);
        if (at != present.end() && !is_attached(present, disk)) {
            throw Error{ErrorKind::conflict, message::slot_occupied{.name = vm_name,
                                                                    .path = at->path,
                                                                    .slot = text_of(at->slot)}};
        }
    }
}

std::size_t missing_controllers(std::size_t present, const std::vector<DiskAttachment>& wanted)
{
    std::size_t needed = present;
    for (const auto& disk : wanted) {
        if (disk.slot.controller == ControllerType::scsi) {
            needed = std::max<std::size_t>(needed, disk.slot.controller_number + 1);
        }
    }
    return needed - present;
}

std::string require_controller(const std::string& vm_name, const Slot& slot,
                               std::optional<std::string> controller)
{
    if (!controller) {
        throw Error{ErrorKind::conflict,
                    message::controller_missing{.name = vm_name, .slot = text_of(slot)}};
    }
    return std::move(*controller);
}

} // namespace watari::hyperv::wmi
