#pragma once

#include "hyperv/wmi/values.hpp"

#include <string_view>

/// Numbers and texts of this namespace; those of v2 differ. Source: schema v1.json, wsman.md 4.5,
/// call-sequences.md.
namespace watari::hyperv::v1 {

/// Msvm_ComputerSystem.EnabledState: 2, 3 and 32768 to 32777 (used by libvirt and the failover
/// cluster). 6 and 9 are v2's, shown by no v1 host known.
inline constexpr wmi::StateRow enabled_states[]{
    {2, PowerState::running},      {3, PowerState::off},
    {32768, PowerState::paused},   {32769, PowerState::saved},
    {32770, PowerState::starting}, {32771, PowerState::saving}, // a checkpoint
    {32773, PowerState::saving},   {32774, PowerState::stopping},
    {32776, PowerState::pausing},  {32777, PowerState::resuming}};

/// AutomaticStartupAction: v2 counts from 2.
inline constexpr wmi::StartupCodes startup_action{
    .none = 0, .restart_if_running = 1, .always_start = 2};

/// Msvm_VirtualSystemSettingData.SettingType.
inline constexpr std::uint16_t checkpoint_settings = 5;

namespace sub_type {
inline constexpr std::string_view scsi_controller = "Microsoft Synthetic SCSI Controller";
inline constexpr std::string_view disk_drive = "Microsoft Synthetic Disk Drive";
inline constexpr std::string_view virtual_hard_disk = "Microsoft Virtual Hard Disk";
inline constexpr std::string_view nic = "Microsoft Synthetic Ethernet Port";
} // namespace sub_type

namespace resource_type {
using namespace wmi::resource_type;
inline constexpr std::uint16_t storage_extent = 21;
inline constexpr std::uint16_t disk_drive = 22;
} // namespace resource_type

/// Msvm_VLANEndpoint endpoint modes.
inline constexpr std::uint16_t trunk_mode = 5;

} // namespace watari::hyperv::v1
