#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Words of the engine: the truth of a simulated host, without regard to the namespace that shows
/// it.
namespace watari::sim {

/// Numbers Hyper-V's methods return and host jobs carry; the same in both namespaces
/// (wsman.md 4.5).
namespace code {
inline constexpr std::uint32_t completed = 0;
inline constexpr std::uint32_t job_started = 4096;
inline constexpr std::uint32_t failed = 32768;
inline constexpr std::uint32_t access_denied = 32769;
inline constexpr std::uint32_t not_supported = 32770;
inline constexpr std::uint32_t timed_out = 32772;
inline constexpr std::uint32_t invalid_parameter = 32773;
inline constexpr std::uint32_t in_use = 32774;
inline constexpr std::uint32_t invalid_state = 32775;
inline constexpr std::uint32_t wrong_type = 32776;
inline constexpr std::uint32_t not_available = 32777;
inline constexpr std::uint32_t out_of_memory = 32778;
inline constexpr std::uint32_t file_not_found = 32779;
inline constexpr std::uint32_t hresult_access_denied = 0x80070005;
inline constexpr std::uint32_t hresult_sharing_violation = 0x80070020;
inline constexpr std::uint32_t hresult_disk_full = 0x80070070;
inline constexpr std::uint32_t hresult_file_exists = 0x80070050;
inline constexpr std::uint32_t hresult_file_not_found = 0x80070002;
inline constexpr std::uint32_t hresult_path_not_found = 0x80070003;
inline constexpr std::uint32_t hresult_not_enough_memory = 0x8007000E;
} // namespace code

/// What a host refuses: an Error whose PeerSays carries the number (a return code, or an HRESULT
/// that a host job shows) and an English text.
[[noreturn]] void refuse(std::uint32_t number, std::string text);
/// The number of such an Error; `failed` for any other.
std::uint32_t refusal_code(const Error& error) noexcept;

enum class VmState {
    off,
    starting,
    running,
    pausing,
    paused,
    resuming,
    saving,
    saved,
    restoring,
    stopping,
    resetting
};

/// True while a host job moves the VM from one lasting state to another.
bool is_transitional(VmState state) noexcept;
std::string_view to_string(VmState state) noexcept;

/// What RequestStateChange asks for; each namespace has its own numbers.
enum class Power { start, turn_off, shut_down, save, pause, reset, reboot };

enum class StartupAction { none, restart_if_running, always };
enum class ShutdownAction { turn_off, save, shut_down };
enum class RecoveryAction { none, restart, revert };

enum class DeviceKind {
    ide_controller,
    scsi_controller,
    floppy_controller,
    serial_controller,
    serial_port,
    s3_video,
    synthetic_video,
    keyboard,
    ps2_mouse,
    synthetic_mouse,
    synthetic_keyboard,
    disk_drive,
    dvd_drive,
    floppy_drive,
    hard_disk,  ///< a VHD or VHDX in a disk drive
    dvd_medium, ///< an ISO in a DVD drive
    floppy_medium,
    synthetic_nic,
    legacy_nic,
    connection, ///< a NIC's connection to a switch
    heartbeat_service,
    shutdown_service,
    kvp_service,
    time_sync_service,
    vss_service,
    guest_service,
    rdv_service,
};

bool is_controller(DeviceKind kind) noexcept;
bool is_drive(DeviceKind kind) noexcept;
bool is_medium(DeviceKind kind) noexcept;
bool is_nic(DeviceKind kind) noexcept;
bool is_integration_service(DeviceKind kind) noexcept;

} // namespace watari::sim
