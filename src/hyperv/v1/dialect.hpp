#pragma once

#include "hyperv/v1/birth_mark.hpp"
#include "hyperv/v1/ids.hpp"
#include "hyperv/v1/machine.hpp"
#include "hyperv/v1/values.hpp"
#include "hyperv/wmi/dialect.hpp"
#include "hyperv/wmi/disk.hpp"

namespace watari::hyperv::v1 {

using wmi::Act;
using wmi::Done;

/// Disk files (disk.cpp, disk_holders.cpp): VHD only. See wmi::IsImageService.
struct Images {
    /// One request tells all.
    static Task<std::optional<DiskFacts>> find(Act& act, HostPath path);
    static Task<std::optional<DiskFacts>> read(Act& act, HostPath path) { return find(act, path); }
    static Task<Done> make(Act& act, const NewDisk& disk);
    /// Never shrinks: the host refuses (documented).
    static Task<Done> resize(Act& act, HostPath path, ByteSize size);
    /// Whether it is open, too, must be known first.
    static bool never_shrinks(std::string_view) noexcept { return false; }
    /// One class-wide query.
    static Task<wmi::HeldDisks> read_held_disks(Act& act);
    /// Throws vm_must_be_off or disk_in_use when somebody has it open, and disk_has_checkpoints
    /// when a checkpoint or child depends on it: a 2008-era host grows such a disk all the same and
    /// the VM never starts again (disk-formats.md 5). Of children that are no checkpoints only
    /// those named after the disk are seen. One class-wide query, and one request per suspicious
    /// file where there are any.
    static Task<> require_growable(Act& act, const DiskFacts& disk);
};

/// The words of `root\virtualization`. See wmi::IsDialect.
struct Dialect {
    using Classes = schema::v1::Classes;
    using Machine = v1::Machine;
    using Images = v1::Images;
    using Switch = Classes::Msvm_VirtualSwitch;
    static constexpr Namespace ns = Namespace::v1;

    static PowerState power_state(std::uint16_t enabled_state) noexcept
    {
        return wmi::state_in(enabled_states, enabled_state);
    }
    static bool is_birth_name(const VmId& vm, std::string_view name)
    {
        return cim::same_name(name, birth_name(vm));
    }
    static cim::ObjectPath folder_source(const HostVmId& vm)
    {
        return wmi::by_instance_id<Machine::Global>(global_id(vm));
    }
    static Task<std::optional<Machine>> read_machine(Act& act, HostVmId vm)
    {
        return v1::read_machine(act, vm, {});
    }
    /// A second request for the VLANs of the switch ports, and more where they are not named as
    /// predicted (inventory.cpp).
    static Task<std::optional<Machine>> read_with_networks(Act& act, HostVmId vm);
    /// One query: its id is not predictable.
    static Task<std::optional<cim::ObjectPath>> shutdown_component(Act& act, HostVmId vm);
    static Task<Done> destroy(Act& act, HostVmId vm);
    static Task<Done> modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                                       std::optional<unsigned> processors, bool is_running);
};

} // namespace watari::hyperv::v1
