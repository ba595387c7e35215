#pragma once

#include "hyperv/words.hpp"

#include <cstdint>
#include <string_view>

/// Numbers and texts of this namespace; those of v2 differ. Source: schema v1.json, wsman.md 4.5,
/// call-sequences.md.
namespace watari::hyperv::v1 {

/// Msvm_ComputerSystem.EnabledState: 2, 3 and 32768 to 32777 (used by libvirt and the failover
/// cluster). 6 and 9 are v2's, shown by no v1 host known.
PowerState power_state(std::uint16_t enabled_state) noexcept;
/// Whether the state changes by itself.
bool is_passing(PowerState state) noexcept;

enum class RequestedState : std::uint16_t { start = 2, off = 3 };

/// AutomaticStartupAction: 0 none, 1 if it ran, 2 always (v2 counts from 2).
std::uint16_t startup_action(StartupAction action) noexcept;

/// Msvm_VirtualSystemSettingData.SettingType.
inline constexpr std::uint16_t checkpoint_settings = 5;

namespace sub_type {
inline constexpr std::string_view scsi_controller = "Microsoft Synthetic SCSI Controller";
inline constexpr std::string_view disk_drive = "Microsoft Synthetic Disk Drive";
inline constexpr std::string_view virtual_hard_disk = "Microsoft Virtual Hard Disk";
inline constexpr std::string_view nic = "Microsoft Synthetic Ethernet Port";
} // namespace sub_type

namespace resource_type {
inline constexpr std::uint16_t scsi_controller = 6;
inline constexpr std::uint16_t nic = 10;
inline constexpr std::uint16_t storage_extent = 21;
inline constexpr std::uint16_t disk_drive = 22;
} // namespace resource_type

/// Msvm_VLANEndpoint endpoint modes.
inline constexpr std::uint16_t trunk_mode = 5;

/// Msvm_VirtualHardDiskInfo.Type, and Type of ConvertVirtualHardDisk.
std::uint16_t disk_type(DiskKind kind) noexcept;
DiskKind disk_kind_of(std::uint16_t type) noexcept;

} // namespace watari::hyperv::v1
