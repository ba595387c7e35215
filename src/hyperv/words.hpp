#pragma once

#include "core/byte_size.hpp"
#include "core/clock.hpp"
#include "core/strong.hpp"
#include "core/uuid.hpp"
#include "generations/generation.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The generation-neutral words: what a VM, its disks and its host are, whichever namespace they
/// are reached through.
namespace watari::hyperv {

/// Our id of a VM, chosen before any side effect; it stays when the VM moves or is re-created.
using VmId = Strong<struct VmIdTag, Uuid>;
/// The id a host gave a VM (Msvm_ComputerSystem.Name). Stable under rename and live migration, new
/// after re-creation.
using HostVmId = Strong<struct HostVmIdTag, Uuid>;
using SiteId = Strong<struct SiteIdTag, Uuid>;

enum class Namespace { v1, v2 };
std::string_view to_string(Namespace ns) noexcept; ///< "v1", "v2"

/// `watari:1:<site>:<vm id>`, one line in the first Notes element; other lines belong to others and
/// are kept.
struct OwnershipMark {
    SiteId site;
    VmId vm;

    std::string line() const;
    friend bool operator==(const OwnershipMark&, const OwnershipMark&) = default;
};
/// The first mark in a Notes text; nullopt when it has none.
std::optional<OwnershipMark> mark_in(std::string_view notes);
/// `notes` with our line added or replaced; every other line unchanged.
std::string with_mark(std::string_view notes, const OwnershipMark& mark);

enum class PowerState {
    off,
    running,
    paused,
    saved,
    starting,
    stopping,
    saving,
    pausing,
    resuming,
    unknown
};
std::string_view to_string(PowerState state) noexcept;
std::optional<PowerState> power_state_from(std::string_view name) noexcept;

enum class DiskFormat { vhd, vhdx };
enum class DiskKind { fixed, dynamic, differencing };
std::string_view
to_string(DiskFormat format) noexcept; ///< "vhd", "vhdx"; also the file's extension
std::string_view to_string(DiskKind kind) noexcept;
std::optional<DiskFormat> disk_format_from(std::string_view name) noexcept;

/// A path on the host, as the host spells it: `D:\watari\<id>-0.vhdx`. Local only (a UNC path is a
/// second hop).
using HostPath = std::string;
/// Same file as far as Windows can tell from the text: ASCII case and separators do not matter.
bool same_path(std::string_view a, std::string_view b) noexcept;
/// Last part of the path.
std::string_view file_name(std::string_view path) noexcept;
/// The folder, without trailing separator.
std::string_view folder_of(std::string_view path) noexcept;
/// "D:" of `D:\watari\x.vhd`; empty when the path has no drive.
std::string_view drive_of(std::string_view path) noexcept;
/// Throws invalid: message::path_not_local for UNC, relative or malformed paths.
void require_local(std::string_view path);

/// How the file of a disk comes into being.
struct NewDisk {
    HostPath path;
    DiskFormat format = DiskFormat::vhd;
    DiskKind kind = DiskKind::dynamic; ///< differencing when `parent` is set
    ByteSize size;         ///< for a copy: after the copy the disk is grown to it; for a child: the
                           ///< parent's size
    HostPath copy_of = {}; ///< full copy of this file
    HostPath parent = {};  ///< differencing child of this file
};

/// How large a disk is to be.
struct GrowDisk {
    HostPath path;
    ByteSize size;
    /// The size last seen of a disk that is not differencing, by which a driver may save looking
    /// first where no host would shrink the disk should it be larger by now; nullopt: unknown.
    std::optional<ByteSize> recorded = {};
};

/// What a host says about a disk file.
struct DiskFacts {
    HostPath path;
    DiskFormat format = DiskFormat::vhd;
    DiskKind kind = DiskKind::dynamic;
    ByteSize size;      ///< what the VM sees
    ByteSize file_size; ///< on the volume now
    HostPath parent = {};
    bool in_use = false;
};

enum class ControllerType { ide, scsi };
struct Slot {
    ControllerType controller = ControllerType::ide;
    unsigned controller_number = 0;
    unsigned position = 0;
    friend auto operator<=>(const Slot&, const Slot&) = default;
};

/// `02-15-5D-01-02-03` spellings are read; kept as 12 upper-case hex digits.
struct MacAddress {
    std::string digits;
    static std::optional<MacAddress> parse(std::string_view text);
    std::string colons() const; ///< "02:15:5d:01:02:03"
    friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

/// A disk to put into a VM: the file must exist.
struct DiskAttachment {
    HostPath path;
    Slot slot;
};

/// A NIC to put into a VM.
struct NicAttachment {
    std::string name = "Network Adapter";
    Uuid channel;                 ///< VirtualSystemIdentifiers: what the guest knows its adapter by
    MacAddress mac;               ///< static, from our pool
    std::string switch_id;        ///< Name of the host's switch; empty: not connected
    std::optional<unsigned> vlan; ///< access VLAN 1..4094
};

enum class StartupAction { none, restart_if_running, always_start };

/// What to define. Disks and NICs follow with add_devices().
struct VmSpec {
    OwnershipMark mark;
    std::string name; ///< what the customer calls it; may be shared by foreign VMs
    HostPath folder;  ///< where its configuration goes: storage path + VM id
    unsigned vm_generation = 1;
    unsigned processors = 1;
    ByteSize memory; ///< static; a multiple of 2 MiB
    StartupAction startup = StartupAction::restart_if_running;
    std::string configuration_version = {}; ///< empty: the host's default
};

/// Names one VM for an act: the id the host gave it and the mark it must carry. With a recorded
/// path under our storage these are the three proofs of ownership; a destructive act needs two.
struct VmRef {
    HostVmId guid;
    OwnershipMark mark;
    HostPath folder = {};         ///< recorded configuration folder; empty when unknown
    bool guid_is_recorded = true; ///< false: found a moment ago, by the mark
};

struct VmDisk {
    Slot slot;
    HostPath path;
    std::string drive_id; ///< InstanceID of the drive's settings
};

struct VmNic {
    std::string settings_id;
    std::string name;
    MacAddress mac;
    bool mac_is_static = false;
    std::string switch_id; ///< empty: not connected
    std::optional<unsigned> vlan;
    std::optional<Uuid> channel;
};

/// The cheap view: what list_vms gives for every VM of a host.
struct VmSummary {
    HostVmId guid;
    std::string name;
    std::string notes;
    std::optional<OwnershipMark> mark;
    PowerState state = PowerState::unknown;
    unsigned processors = 0;
    ByteSize memory_assigned; ///< now, 0 when off
    std::chrono::milliseconds uptime{0};
};

/// Everything about one VM as the host has it.
struct Vm {
    VmSummary summary;
    ByteSize memory; ///< startup memory of the settings
    bool dynamic_memory = false;
    unsigned vm_generation = 1;
    std::string configuration_version;
    HostPath configuration_folder;
    std::vector<VmDisk> disks;
    std::vector<VmNic> nics;
    std::size_t checkpoints = 0;
};

struct HostVolume {
    std::string drive; ///< "D:"
    ByteSize size;
    ByteSize free;
};

struct HostSwitch {
    std::string id; ///< Name (a GUID)
    std::string name;
};

struct HostFacts {
    std::string computer_name;
    std::string os_version;
    std::optional<Generation> generation;
    ByteSize memory_total;
    ByteSize memory_free;
    unsigned logical_processors = 0;
    std::vector<HostVolume> volumes;
    std::vector<HostSwitch> switches;
    std::string mac_minimum; ///< the host's dynamic range, 12 hex digits
    std::string mac_maximum;
    HostPath default_vm_folder;
};

/// All VMs of a host, and of their disk files those asked for.
struct Inventory {
    std::vector<Vm> vms;
    std::vector<DiskFacts> disks;
};

/// What a host can do beyond what every generation can. Found by evidence on the host.
enum class Capability {
    vhdx,
    differencing_from_image, ///< children made by the image service with any parent
    vm_generation_2,
    runtime_memory, ///< change static memory of a running VM
    grow_online,
    configuration_versions,
    shutdown_by_state_change,
    class_metadata,
};
std::string_view to_string(Capability capability) noexcept;

struct Evidence {
    bool present = false;
    std::string by; ///< what was seen: "Msvm_VirtualSystemSettingData carries VirtualSystemSubType"
};

class Capabilities
{
public:
    void set(Capability capability, bool present, std::string by)
    {
        known_[capability] = {present, std::move(by)};
    }
    bool has(Capability capability) const noexcept;
    const std::map<Capability, Evidence>& all() const noexcept { return known_; }
    /// Throws unsupported: message::capability_missing (capability, host, what_instead).
    void require(Capability capability, std::string_view host) const;

private:
    std::map<Capability, Evidence> known_;
};

} // namespace watari::hyperv
