#pragma once

#include "hyperv/wmi/machine.hpp"
#include "schema/v1.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv::v1 {

/// The settings of one VM or checkpoint as the host shows them, by class, with the VLANs of its
/// switch ports. `resources` has its media too.
struct Machine : wmi::BasicMachine<schema::v1::Classes> {
    using Global = schema::v1::Msvm_VirtualSystemGlobalSettingData;
    using Vlan = schema::v1::Msvm_VLANEndpointSettingData;
    /// Names the VM that settings belong to.
    static constexpr auto& owner_property = Settings::SystemName;

    std::optional<schema::Object<Global>> global = {};
    std::vector<schema::Object<Vlan>> vlans = {}; ///< of switch ports; not only of this VM's

    /// InstanceIDs of `vlans` by folded port name, where the host does not name them as predicted.
    std::map<std::string, std::string> vlan_ids = {};

    /// Takes an instance of one of the classes above; others are left out.
    void add(const cim::Instance& instance);

    std::string notes() const;
    HostPath folder() const;
    unsigned vm_generation() const { return 1; }
    std::string configuration_version() const;
    bool is_checkpoint() const;
    std::optional<Uuid> owner() const; ///< the VM they belong to
    std::vector<VmDisk> disks() const;
    std::vector<VmNic> network_adapters() const;
    /// By the predicted id or vlan_ids; nullptr: not read, or the host names it otherwise.
    const schema::Object<Vlan>* vlan_of(std::string_view port) const;
};

/// Everything one VM's settings say, and the VLANs of these switch ports, in one request: all of it
/// is CIM_SettingData. nullopt: no such VM. Costs the host an instance of each; used where an act
/// needs nearly all of it.
Task<std::optional<Machine>> read_machine(wmi::Act& act, HostVmId vm,
                                          std::vector<std::string> ports);

/// Where a NIC's Connection leads.
struct Port {
    std::string switch_id;
    std::string name;
};
/// nullopt: nowhere.
std::optional<Port> port_in(const std::vector<std::string>& connection);
/// The path of a file in a medium's Connection; empty: it is no hard disk, or has no file.
HostPath hard_disk_in(const schema::Object<Machine::Resource>& resource);

} // namespace watari::hyperv::v1
