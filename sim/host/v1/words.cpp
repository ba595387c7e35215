#include "sim/host/v1/words.hpp"

#include "cim/value.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace watari::sim::host::v1 {

namespace {

constexpr std::string_view rasd = "Msvm_ResourceAllocationSettingData";

/// Types and subtypes: schema/v1.json resource_subtypes (recorded and documented). Keyboard, mice,
/// serial controller, S3 video: inferred.
constexpr std::array device_words{
    DeviceWords{DeviceKind::ide_controller,
                rasd,
                5,
                "Microsoft Emulated IDE Controller",
                {},
                "IDE Controller",
                "Msvm_IDEController"},
    DeviceWords{DeviceKind::scsi_controller,
                rasd,
                6,
                "Microsoft Synthetic SCSI Controller",
                {},
                "SCSI Controller",
                "Msvm_SCSIProtocolController"},
    DeviceWords{DeviceKind::floppy_controller,
                rasd,
                1,
                {},
                "Microsoft Virtual Diskette Controller",
                "Diskette Controller",
                "Msvm_DisketteController"},
    DeviceWords{DeviceKind::serial_controller,
                rasd,
                1,
                {},
                "Microsoft Serial Controller",
                "Serial Controller",
                "Msvm_SerialController"},
    DeviceWords{
        DeviceKind::serial_port, rasd, 17, "Microsoft Serial Port", {}, "COM", "Msvm_SerialPort"},
    DeviceWords{DeviceKind::s3_video,
                rasd,
                20,
                "Microsoft Emulated Display Controller",
                {},
                "Display Controller",
                "Msvm_S3DisplayController"},
    DeviceWords{DeviceKind::synthetic_video,
                rasd,
                20,
                "Microsoft Synthetic Display Controller",
                {},
                "Video Display Controller",
                "Msvm_SyntheticDisplayController"},
    DeviceWords{
        DeviceKind::keyboard, rasd, 13, {}, "Microsoft Keyboard", "Keyboard", "Msvm_Keyboard"},
    DeviceWords{
        DeviceKind::ps2_mouse, rasd, 13, {}, "Microsoft PS2 Mouse", "Mouse", "Msvm_Ps2Mouse"},
    DeviceWords{DeviceKind::synthetic_mouse,
                rasd,
                13,
                "Microsoft Synthetic Mouse",
                {},
                "Mouse",
                "Msvm_SyntheticMouse"},
    DeviceWords{DeviceKind::disk_drive,
                rasd,
                22,
                "Microsoft Synthetic Disk Drive",
                {},
                "Hard Drive",
                "Msvm_DiskDrive"},
    DeviceWords{DeviceKind::dvd_drive,
                rasd,
                16,
                "Microsoft Synthetic DVD Drive",
                {},
                "DVD Drive",
                "Msvm_DVDDrive"},
    DeviceWords{DeviceKind::floppy_drive,
                rasd,
                14,
                "Microsoft Synthetic Diskette Drive",
                {},
                "Diskette Drive",
                "Msvm_DisketteDrive"},
    DeviceWords{DeviceKind::hard_disk,
                rasd,
                21,
                "Microsoft Virtual Hard Disk",
                {},
                "Hard Disk Image",
                "Msvm_LogicalDisk"},
    DeviceWords{DeviceKind::dvd_medium,
                rasd,
                21,
                "Microsoft Virtual CD/DVD Disk",
                {},
                "ISO Disk Image",
                "Msvm_LogicalDisk"},
    DeviceWords{DeviceKind::floppy_medium,
                rasd,
                21,
                "Microsoft Virtual Floppy Disk",
                {},
                "Floppy Disk Image",
                {}},
    DeviceWords{DeviceKind::synthetic_nic,
                "Msvm_SyntheticEthernetPortSettingData",
                10,
                "Microsoft Synthetic Ethernet Port",
                {},
                "Network Adapter",
                "Msvm_SyntheticEthernetPort"},
    DeviceWords{DeviceKind::legacy_nic,
                "Msvm_EmulatedEthernetPortSettingData",
                10,
                "Microsoft Emulated Ethernet Port",
                {},
                "Legacy Network Adapter",
                "Msvm_EmulatedEthernetPort"},
    DeviceWords{DeviceKind::heartbeat_service,
                "Msvm_HeartbeatComponentSettingData",
                1,
                {},
                "Microsoft Heartbeat Component",
                "Heartbeat",
                "Msvm_HeartbeatComponent"},
    DeviceWords{DeviceKind::shutdown_service,
                "Msvm_ShutdownComponentSettingData",
                1,
                {},
                "Microsoft Shutdown Component",
                "Shutdown",
                "Msvm_ShutdownComponent"},
    DeviceWords{DeviceKind::kvp_service,
                "Msvm_KvpExchangeComponentSettingData",
                1,
                {},
                "Microsoft Key-Value Pair Exchange Component",
                "Key-Value Pair Exchange",
                "Msvm_KvpExchangeComponent"},
    DeviceWords{DeviceKind::time_sync_service,
                "Msvm_TimeSyncComponentSettingData",
                1,
                {},
                "Microsoft Time Synchronization Component",
                "Time Synchronization",
                "Msvm_TimeSyncComponent"},
    DeviceWords{DeviceKind::vss_service,
                "Msvm_VssComponentSettingData",
                1,
                {},
                "Microsoft VSS Component",
                "VSS",
                "Msvm_VssComponent"},
    DeviceWords{DeviceKind::rdv_service,
                "Msvm_RdvComponentSettingData",
                1,
                {},
                "Microsoft RDV Component",
                "RDV",
                "Msvm_RdvComponent"},
};

} // namespace

const DeviceWords* words_of(DeviceKind kind) noexcept
{
    const auto at = std::ranges::find(device_words, kind, &DeviceWords::kind);
    return at == device_words.end() ? nullptr : &*at;
}

const DeviceWords* words_of_subtype(std::string_view subtype) noexcept
{
    const auto at = std::ranges::find_if(device_words, [&](const DeviceWords& words) {
        return !words.subtype.empty() && cim::same_name(words.subtype, subtype);
    });
    return at == device_words.end() ? nullptr : &*at;
}

std::uint16_t enabled_state(VmState state) noexcept
{
    // libvirt and the failover cluster's VmState use the same numbers (wsman.md 4.5).
    switch (state) {
    case VmState::running:
        return 2;
    case VmState::off:
        return 3;
    case VmState::paused:
        return 32768;
    case VmState::saved:
        return 32769;
    case VmState::starting:
    case VmState::restoring:
    case VmState::resetting:
        return 32770;
    case VmState::saving:
        return 32773;
    case VmState::stopping:
        return 32774;
    case VmState::pausing:
        return 32776;
    case VmState::resuming:
        return 32777;
    }
    std::unreachable();
}

std::uint16_t requested_state(std::uint16_t engine_number) noexcept
{
    switch (engine_number) {
    case 6:
        return 32769;
    case 9:
        return 32768;
    case 11:
        return 10;
    default:
        return engine_number;
    }
}

std::optional<Power> power_of(std::uint64_t requested) noexcept
{
    switch (requested) {
    case 2:
        return Power::start;
    case 3:
        return Power::turn_off;
    case 10:
        return Power::reset;
    case 32768:
        return Power::pause;
    case 32769:
        return Power::save;
    default:
        return std::nullopt;
    }
}

std::uint16_t to_number(StartupAction action) noexcept
{
    return static_cast<std::uint16_t>(action);
}

std::uint16_t to_number(ShutdownAction action) noexcept
{
    return static_cast<std::uint16_t>(action);
}

std::uint16_t to_number(RecoveryAction action) noexcept
{
    return static_cast<std::uint16_t>(action);
}

namespace {

// The enumerations stand in v1's order: 0 none, 1 restart if it ran, 2 always; 0 off, 1 save, 2
// shut down; 0 none, 1 restart, 2 revert.
static_assert(std::to_underlying(StartupAction::always) == 2 &&
              std::to_underlying(ShutdownAction::shut_down) == 2 &&
              std::to_underlying(RecoveryAction::revert) == 2);

template <class Action>
Action action_of(std::uint64_t number)
{
    if (number > 2) {
        refuse(code::invalid_parameter, "There is no such automatic action");
    }
    return static_cast<Action>(number);
}

} // namespace

StartupAction startup_action(std::uint64_t number)
{
    return action_of<StartupAction>(number);
}

ShutdownAction shutdown_action(std::uint64_t number)
{
    return action_of<ShutdownAction>(number);
}

RecoveryAction recovery_action(std::uint64_t number)
{
    return action_of<RecoveryAction>(number);
}

std::uint32_t return_code(std::uint32_t number) noexcept
{
    switch (number) {
    case code::hresult_access_denied:
        return code::access_denied;
    case code::hresult_sharing_violation:
        return code::in_use;
    case code::hresult_file_not_found:
    case code::hresult_path_not_found:
        return code::file_not_found;
    case code::hresult_not_enough_memory:
        return code::out_of_memory;
    case code::hresult_disk_full:
    case code::hresult_file_exists:
        return code::failed;
    default:
        // The virtual disk library's own (0xC03A….): only the job's text names them.
        return (number >> 16) == 0xC03A ? code::failed : number;
    }
}

} // namespace watari::sim::host::v1
