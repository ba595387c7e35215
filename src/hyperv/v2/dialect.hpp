#pragma once

#include "hyperv/v2/machine.hpp"
#include "hyperv/v2/values.hpp"
#include "hyperv/wmi/dialect.hpp"
#include "hyperv/wmi/disk.hpp"

namespace watari::hyperv::v2 {

using wmi::Act;
using wmi::Done;

/// Disk files (disk.cpp). See wmi::IsImageService.
struct Images {
    static Task<std::optional<DiskFacts>> read(Act& act, HostPath path); ///< without size and use
    static Task<std::optional<DiskFacts>> find(Act& act, HostPath path); ///< two requests
    static Task<Done> make(Act& act, const NewDisk& disk);
    static Task<Done> resize(Act& act, HostPath path, ByteSize size);
    /// A VHD only grows, and a differencing one not at all (disk-formats.md 5 [documented]); a VHDX
    /// would be made smaller.
    static bool never_shrinks(std::string_view path) { return cim::folded(path).ends_with(".vhd"); }
    /// One class-wide query; where the host has checkpoint disks at all, one Get too and one
    /// request per file of their chains.
    static Task<> require_growable(Act& act, const DiskFacts& disk);
    /// One class-wide query.
    static Task<wmi::HeldDisks> read_held_disks(Act& act);
};

/// The words of `root\virtualization\v2`. See wmi::IsDialect.
struct Dialect {
    using Classes = schema::v2::Classes;
    using Machine = v2::Machine;
    using Images = v2::Images;
    using Switch = Classes::Msvm_VirtualEthernetSwitch;
    static constexpr Namespace ns = Namespace::v2;

    static PowerState power_state(std::uint16_t enabled_state) noexcept
    {
        return wmi::state_in(enabled_states, enabled_state);
    }
    /// DefineSystem takes the notes, so a VM has its mark from the first moment.
    static bool is_birth_name(const VmId&, std::string_view) noexcept { return false; }
    static cim::ObjectPath folder_source(const HostVmId& vm)
    {
        return wmi::settings_path<Classes>(vm);
    }
    static Task<std::optional<Machine>> read_machine(Act& act, HostVmId vm);
    static Task<std::optional<Machine>> read_with_networks(Act& act, HostVmId vm)
    {
        return read_machine(act, vm); // connections and VLANs are settings like all others
    }
    static Task<std::optional<cim::ObjectPath>> shutdown_component(Act& act, HostVmId vm);
    static Task<Done> destroy(Act& act, HostVmId vm);
    static Task<Done> modify_resources(Act& act, HostVmId vm, std::optional<ByteSize> memory,
                                       std::optional<unsigned> processors, bool is_running);
};

} // namespace watari::hyperv::v2
