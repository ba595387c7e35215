#pragma once

#include "hyperv/words.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

/// Numbers and texts of WMI that mean the same in both namespaces; what differs is in the drivers'
/// own values.hpp.
namespace watari::hyperv::wmi {

namespace resource_type {
inline constexpr std::uint16_t scsi_controller = 6;
inline constexpr std::uint16_t nic = 10;
} // namespace resource_type

/// Type of Msvm_VirtualHardDiskSettingData, of Msvm_VirtualHardDiskInfo, and of v1's
/// ConvertVirtualHardDisk.
constexpr std::uint16_t disk_type(DiskKind kind) noexcept
{
    return kind == DiskKind::fixed ? 2 : kind == DiskKind::dynamic ? 3 : 4;
}

constexpr DiskKind disk_kind_of(std::uint16_t type) noexcept
{
    return type == 2 ? DiskKind::fixed : type == 4 ? DiskKind::differencing : DiskKind::dynamic;
}

/// RequestedState of Msvm_ComputerSystem.RequestStateChange.
enum class RequestedState : std::uint16_t { start = 2, off = 3 };

/// AutomaticStartupAction, whose numbers are each namespace's own.
struct StartupCodes {
    std::uint16_t none;
    std::uint16_t restart_if_running;
    std::uint16_t always_start;

    constexpr std::uint16_t of(StartupAction action) const noexcept
    {
        switch (action) {
        case StartupAction::none:
            return none;
        case StartupAction::restart_if_running:
            return restart_if_running;
        case StartupAction::always_start:
            return always_start;
        }
        return restart_if_running;
    }
};

/// What a number of EnabledState means in one namespace.
using StateRow = std::pair<std::uint16_t, PowerState>;
constexpr PowerState state_in(std::span<const StateRow> table, std::uint16_t enabled_state) noexcept
{
    for (const auto& [code, state] : table) {
        if (code == enabled_state) {
            return state;
        }
    }
    return PowerState::unknown;
}

/// Whether the state changes by itself.
bool is_passing(PowerState state) noexcept;

} // namespace watari::hyperv::wmi
