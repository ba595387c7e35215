#pragma once

#include "hyperv/words.hpp"

#include <cstdint>
#include <string_view>

/// Numbers and texts of this namespace; those of v1 differ. Source: fresh-vm.md 1 and 3,
/// call-sequences.md.
namespace watari::hyperv::v2 {

/// Msvm_ComputerSystem.EnabledState. 2, 3, 6, 9 recorded; 4, 10 seen by clients; 32768 and up
/// claimed (UNVERIFIED).
PowerState power_state(std::uint16_t enabled_state) noexcept;
/// Whether the state changes by itself.
bool is_passing(PowerState state) noexcept;

enum class RequestedState : std::uint16_t { start = 2, off = 3 };

/// AutomaticStartupAction: 2 none, 3 if it ran, 4 always (v1 counts from 0).
std::uint16_t startup_action(StartupAction action) noexcept;

namespace system_type {
inline constexpr std::string_view realized = "Microsoft:Hyper-V:System:Realized";
inline constexpr std::string_view snapshot_prefix = "Microsoft:Hyper-V:Snapshot:";
} // namespace system_type

namespace sub_type {
inline constexpr std::string_view generation_1 = "Microsoft:Hyper-V:SubType:1";
inline constexpr std::string_view generation_2 = "Microsoft:Hyper-V:SubType:2";
inline constexpr std::string_view memory = "Microsoft:Hyper-V:Memory";
inline constexpr std::string_view processor = "Microsoft:Hyper-V:Processor";
inline constexpr std::string_view scsi_controller = "Microsoft:Hyper-V:Synthetic SCSI Controller";
inline constexpr std::string_view disk_drive = "Microsoft:Hyper-V:Synthetic Disk Drive";
inline constexpr std::string_view virtual_hard_disk = "Microsoft:Hyper-V:Virtual Hard Disk";
inline constexpr std::string_view nic = "Microsoft:Hyper-V:Synthetic Ethernet Port";
inline constexpr std::string_view connection = "Microsoft:Hyper-V:Ethernet Connection";
} // namespace sub_type

namespace resource_type {
inline constexpr std::uint16_t processor = 3;
inline constexpr std::uint16_t memory = 4;
inline constexpr std::uint16_t scsi_controller = 6;
inline constexpr std::uint16_t nic = 10;
inline constexpr std::uint16_t disk_drive = 17;
inline constexpr std::uint16_t storage_extent = 31;
inline constexpr std::uint16_t connection = 33;
} // namespace resource_type

/// Msvm_EthernetSwitchPortVlanSettingData.OperationMode.
inline constexpr std::uint32_t vlan_access_mode = 1;

/// Msvm_VirtualHardDiskSettingData.Type and Format.
std::uint16_t disk_type(DiskKind kind) noexcept;
std::uint16_t disk_format(DiskFormat format) noexcept;
DiskKind disk_kind_of(std::uint16_t type) noexcept;
DiskFormat disk_format_of(std::uint16_t format) noexcept;

} // namespace watari::hyperv::v2
