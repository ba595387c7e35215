#include "hyperv/v1/values.hpp"

namespace watari::hyperv::v1 {

PowerState power_state(std::uint16_t enabled_state) noexcept
{
    switch (enabled_state) {
    case 2:
        return PowerState::running;
    case 3:
        return PowerState::off;
    case 32768:
        return PowerState::paused;
    case 32769:
        return PowerState::saved;
    case 32770:
        return PowerState::starting;
    case 32771: // a checkpoint is being made
    case 32773:
        return PowerState::saving;
    case 32774:
        return PowerState::stopping;
    case 32776:
        return PowerState::pausing;
    case 32777:
        return PowerState::resuming;
    default:
        return PowerState::unknown;
    }
}

bool is_passing(PowerState state) noexcept
{
    switch (state) {
    case PowerState::starting:
    case PowerState::stopping:
    case PowerState::saving:
    case PowerState::pausing:
    case PowerState::resuming:
        return true;
    case PowerState::off:
    case PowerState::running:
    case PowerState::paused:
    case PowerState::saved:
    case PowerState::unknown:
        return false;
    }
    return false;
}

std::uint16_t startup_action(StartupAction action) noexcept
{
    switch (action) {
    case StartupAction::none:
        return 0;
    case StartupAction::restart_if_running:
        return 1;
    case StartupAction::always_start:
        return 2;
    }
    return 1;
}

std::uint16_t disk_type(DiskKind kind) noexcept
{
    switch (kind) {
    case DiskKind::fixed:
        return 2;
    case DiskKind::dynamic:
        return 3;
    case DiskKind::differencing:
        return 4;
    }
    return 3;
}

DiskKind disk_kind_of(std::uint16_t type) noexcept
{
    return type == 2 ? DiskKind::fixed : type == 4 ? DiskKind::differencing : DiskKind::dynamic;
}

} // namespace watari::hyperv::v1
