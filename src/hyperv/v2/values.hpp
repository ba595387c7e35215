#pragma once

#include "hyperv/wmi/values.hpp"

#include <string_view>

/// Numbers and texts of this namespace; those of v1 differ. Source: fresh-vm.md 1 and 3,
/// call-sequences.md.
namespace watari::hyperv::v2 {

/// Msvm_ComputerSystem.EnabledState. 2, 3, 6, 9 recorded; 4, 10 seen by clients; 32768 and up
/// claimed (UNVERIFIED).
inline constexpr wmi::StateRow enabled_states[]{
    {2, PowerState::running},     {3, PowerState::off},          {4, PowerState::stopping},
    {6, PowerState::saved},       {9, PowerState::paused},       {10, PowerState::starting},
    {32768, PowerState::paused},  {32769, PowerState::saved},    {32770, PowerState::starting},
    {32773, PowerState::saving},  {32774, PowerState::stopping}, {32776, PowerState::pausing},
    {32777, PowerState::resuming}};

/// AutomaticStartupAction: v1 counts from 0.
inline constexpr wmi::StartupCodes startup_action{
    .none = 2, .restart_if_running = 3, .always_start = 4};

/// VirtualSystemType of checkpoints.
inline constexpr std::string_view checkpoint_prefix = "Microsoft:Hyper-V:Snapshot:";

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
using namespace wmi::resource_type;
inline constexpr std::uint16_t processor = 3;
inline constexpr std::uint16_t memory = 4;
inline constexpr std::uint16_t disk_drive = 17;
inline constexpr std::uint16_t storage_extent = 31;
inline constexpr std::uint16_t connection = 33;
} // namespace resource_type

/// Msvm_EthernetSwitchPortVlanSettingData.OperationMode.
inline constexpr std::uint32_t vlan_access_mode = 1;

/// Msvm_VirtualHardDiskSettingData.Format.
constexpr std::uint16_t disk_format(DiskFormat format) noexcept
{
    return format == DiskFormat::vhd ? 2 : 3;
}

constexpr DiskFormat disk_format_of(std::uint16_t format) noexcept
{
    return format == 3 ? DiskFormat::vhdx : DiskFormat::vhd;
}

} // namespace watari::hyperv::v2
