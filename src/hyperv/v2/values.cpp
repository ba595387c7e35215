#include "hyperv/v2/values.hpp"

namespace watari::hyperv::v2 {

PowerState power_state(std::uint16_t enabled_state) noexcept
{
    switch (enabled_state) {
    case 2:
        return PowerState::running;
    case 3:
        return PowerState::off;
    case 4:
    case 32774:
        return PowerState::stopping;
    case 6:
    case 32769:
        return PowerState::saved;
    case 9:
    case 32768:
        return PowerState::paused;
    case 10:
    case 32770:
        return PowerState::starting;
    case 32773:
        return PowerState::saving;
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
        return 2;
    case StartupAction::restart_if_running:
        return 3;
    case StartupAction::always_start:
        return 4;
    }
    return 3;
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

std::uint16_t disk_format(DiskFormat format) noexcept
{
    return format == DiskFormat::vhd ? 2 : 3;
}

DiskKind disk_kind_of(std::uint16_t type) noexcept
{
    return type == 2 ? DiskKind::fixed : type == 4 ? DiskKind::differencing : DiskKind::dynamic;
}

DiskFormat disk_format_of(std::uint16_t format) noexcept
{
    return format == 3 ? DiskFormat::vhdx : DiskFormat::vhd;
}

} // namespace watari::hyperv::v2
