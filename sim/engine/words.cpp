#include "sim/engine/words.hpp"

#include "messages/sim.hpp"

#include <utility>

namespace watari::sim {

void refuse(std::uint32_t number, std::string text)
{
    throw Error{
        ErrorKind::conflict, message::host_refused{.text = text}, {.code = number, .text = text}};
}

std::uint32_t refusal_code(const Error& error) noexcept
{
    return error.peer().code.value_or(code::failed);
}

bool is_transitional(VmState state) noexcept
{
    switch (state) {
    case VmState::off:
    case VmState::running:
    case VmState::paused:
    case VmState::saved:
        return false;
    case VmState::starting:
    case VmState::pausing:
    case VmState::resuming:
    case VmState::saving:
    case VmState::restoring:
    case VmState::stopping:
    case VmState::resetting:
        return true;
    }
    std::unreachable();
}

std::string_view to_string(VmState state) noexcept
{
    switch (state) {
    case VmState::off:
        return "off";
    case VmState::starting:
        return "starting";
    case VmState::running:
        return "running";
    case VmState::pausing:
        return "pausing";
    case VmState::paused:
        return "paused";
    case VmState::resuming:
        return "resuming";
    case VmState::saving:
        return "saving";
    case VmState::saved:
        return "saved";
    case VmState::restoring:
        return "restoring";
    case VmState::stopping:
        return "stopping";
    case VmState::resetting:
        return "resetting";
    }
    std::unreachable();
}

bool is_controller(DeviceKind kind) noexcept
{
    return kind == DeviceKind::ide_controller || kind == DeviceKind::scsi_controller ||
           kind == DeviceKind::floppy_controller;
}

bool is_drive(DeviceKind kind) noexcept
{
    return kind == DeviceKind::disk_drive || kind == DeviceKind::dvd_drive ||
           kind == DeviceKind::floppy_drive;
}

bool is_medium(DeviceKind kind) noexcept
{
    return kind == DeviceKind::hard_disk || kind == DeviceKind::dvd_medium ||
           kind == DeviceKind::floppy_medium;
}

bool is_nic(DeviceKind kind) noexcept
{
    return kind == DeviceKind::synthetic_nic || kind == DeviceKind::legacy_nic;
}

bool is_integration_service(DeviceKind kind) noexcept
{
    return kind >= DeviceKind::heartbeat_service && kind <= DeviceKind::rdv_service;
}

} // namespace watari::sim
