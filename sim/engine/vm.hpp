#pragma once

#include "cim/instance.hpp"
#include "core/clock.hpp"
#include "core/uuid.hpp"
#include "sim/engine/words.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

/// Ids of the one-of-a-kind devices (fresh-vm.md 1.3 to 1.7).
namespace device_id {
inline constexpr std::string_view memory = "4764334d-e001-4176-82ee-5594ec9b530e";
inline constexpr std::string_view processor = "b637f346-6a0e-4dec-af52-bd70cb80a21d\\0";
inline constexpr std::string_view ide = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4";
inline constexpr std::string_view floppy = "8F0D2762-0B00-4E04-AF4F-19010527CB93";
} // namespace device_id

struct MemorySettings {
    std::uint64_t startup_mib = 512; ///< VirtualQuantity
    std::uint64_t minimum_mib = 512; ///< Reservation
    std::uint64_t maximum_mib = 512; ///< Limit
    bool dynamic = false;
    std::uint32_t buffer_percent = 20;
    std::uint32_t weight = 5000;
    cim::Instance other; ///< accepted properties without meaning here, in the spelling they came in
};

struct ProcessorSettings {
    std::uint64_t count = 1; ///< VirtualQuantity
    std::uint64_t reservation = 0;
    std::uint64_t limit = 100000;
    std::uint32_t weight = 100;
    bool limit_cpuid = false;
    bool limit_features = false; ///< processor compatibility for migration
    cim::Instance other;
};

/// A feature of a connection (VLAN, security, bandwidth, …) as v2 shows it. v1 shows only the VLAN,
/// through `vlan_of`.
struct Feature {
    Uuid type;
    Uuid id;
    cim::Instance values; ///< class name and properties in v2's spelling
};

/// Device::slot of a drive that may go to any free place.
inline constexpr std::uint32_t any_slot = UINT32_MAX;

/// One device of a VM. `id` is what stands after "Microsoft:<VM>\" in its settings' InstanceID, the
/// same in both namespaces.
struct Device {
    DeviceKind kind = DeviceKind::disk_drive;
    std::string id;
    std::string parent;     ///< id of the controller, drive or NIC it sits on; empty: none
    std::string address;    ///< IDE: 0, 1; v2 SCSI controllers: empty
    std::uint32_t slot = 0; ///< place on the parent (drives)
    std::string name;       ///< ElementName; empty: the kind's own text
    bool enabled = true;    ///< integration services, connections
    std::string path;       ///< media: the file
    std::string mac; ///< NICs: 12 hex digits upper case; dynamic ones get theirs at the first start
    bool static_mac = false;
    std::string channel_id; ///< VirtualSystemIdentifiers[0] "{guid}" of NICs and SCSI controllers,
                            ///< as the client sent it
    std::optional<Uuid> network; ///< connections: the switch; nullopt: not connected
    std::string port; ///< connections made by v1 (and running ones): name of the switch port
    std::vector<Feature> features;
    cim::Instance other; ///< accepted properties without meaning here
};

/// A VM's settings, or a checkpoint's: a value.
struct Settings {
    std::string name;
    std::string notes;
    int generation = 1; ///< VirtualSystemSubType
    std::string version = "5.0";
    StartupAction startup_action = StartupAction::restart_if_running;
    std::chrono::seconds startup_delay{0};
    ShutdownAction shutdown_action = ShutdownAction::save;
    RecoveryAction recovery_action = RecoveryAction::restart;
    std::string configuration_root;
    std::string snapshot_root;
    std::string swap_root;
    std::string bios_guid; ///< "{GUID}" upper case
    std::string bios_serial;
    std::string base_board_serial;
    std::string chassis_serial;
    std::string chassis_asset_tag;
    std::vector<std::uint16_t> boot_order{1, 2, 3, 0}; ///< CD, IDE disk, network, floppy
    std::vector<std::string> boot_sources;             ///< ids of devices, generation 2
    bool secure_boot = false;
    WallTime created{};
    MemorySettings memory;
    ProcessorSettings processor;
    std::vector<Device> devices;
    cim::Instance other; ///< accepted properties without meaning here

    Device* find(std::string_view id) noexcept;
    const Device* find(std::string_view id) const noexcept;
    /// Devices whose parent is `id`, in order of their slot.
    std::vector<const Device*> on(std::string_view id) const;
    const Device* first(DeviceKind kind) const noexcept;
    void remove(std::string_view id);
};

/// The VLAN of a connection in access mode; nullopt: untagged, or a mode v1 does not know.
std::optional<std::uint16_t> vlan_of(const Device& connection);

struct Checkpoint {
    Uuid id;
    std::optional<Uuid> parent; ///< the checkpoint it was taken after
    Settings settings;          ///< as they were, with disks' paths of that moment
    bool with_memory = false;   ///< taken while running
};

/// What runs inside, as far as the host notices. Tests and faults choose.
struct Guest {
    bool installed = true;                  ///< false: no integration service ever answers
    std::chrono::milliseconds boot{15'000}; ///< from running to heartbeat OK
    std::optional<std::chrono::milliseconds> shutdown =
        std::chrono::milliseconds{5'000}; ///< nullopt: never does
    std::string os_name = "Windows Server 2012 R2 Datacenter";
    std::string host_name;
    std::vector<std::string> addresses;
};

struct Vm {
    Uuid id;
    Settings settings;
    VmState state = VmState::off;
    std::uint16_t requested_state = 12; ///< 12 or 5: never asked
    std::optional<WallTime> state_changed;
    WallTime settings_changed{};
    std::optional<SteadyTime> running_since; ///< of the present run
    std::chrono::milliseconds on_time{0};    ///< before the present run
    std::uint32_t process_id = 0;
    std::uint64_t assigned_mib = 0; ///< memory taken from the host now
    bool was_running = false;       ///< when the host went down: for restart_if_running
    std::vector<std::uint16_t> operational_status{2};
    std::vector<Checkpoint> checkpoints;    ///< oldest first
    std::optional<Uuid> current_checkpoint; ///< the one the present state comes after
    std::optional<Uuid> applied_checkpoint; ///< last one applied
    Guest guest;

    const Checkpoint* find_checkpoint(const Uuid& checkpoint) const noexcept;
};

} // namespace watari::sim
