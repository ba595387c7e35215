#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"
#include "schema/v1.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv::v1 {

/// The settings of one VM as the host shows them, by class, with the VLANs of its switch ports.
struct Machine {
    using Settings = schema::v1::Msvm_VirtualSystemSettingData;
    using Global = schema::v1::Msvm_VirtualSystemGlobalSettingData;
    using Memory = schema::v1::Msvm_MemorySettingData;
    using Processor = schema::v1::Msvm_ProcessorSettingData;
    using Resource = schema::v1::Msvm_ResourceAllocationSettingData;
    using Nic = schema::v1::Msvm_SyntheticEthernetPortSettingData;
    using LegacyNic = schema::v1::Msvm_EmulatedEthernetPortSettingData;
    using Vlan = schema::v1::Msvm_VLANEndpointSettingData;

    std::optional<schema::Object<Settings>> settings = {};
    std::optional<schema::Object<Global>> global = {};
    std::optional<schema::Object<Memory>> memory = {};
    std::optional<schema::Object<Processor>> processor = {};
    std::vector<schema::Object<Resource>> resources = {}; ///< controllers, drives and media
    std::vector<schema::Object<Nic>> nics = {};
    std::vector<schema::Object<LegacyNic>> legacy_nics = {};
    std::vector<schema::Object<Vlan>> vlans = {}; ///< of switch ports; not only of this VM's

    /// InstanceIDs of `vlans` by folded port name, where the host does not name them as predicted.
    std::map<std::string, std::string> vlan_ids = {};

    /// Takes an instance of one of the classes above; others are left out.
    void add(const cim::Instance& instance);

    std::string name() const;
    std::string notes() const;
    HostPath folder() const; ///< ExternalDataRoot
    std::optional<ByteSize> memory_size() const;
    std::vector<VmDisk> disks() const;
    std::vector<VmNic> network_adapters() const;
    /// InstanceIDs of the SCSI controllers in the order in which they are numbered.
    std::vector<std::string> scsi_controllers() const;
    /// InstanceID of the controller of a slot; nullopt: there is none.
    std::optional<std::string> controller_of(const HostVmId& vm, const Slot& slot) const;
    bool has_resource(std::string_view instance_id) const;
    /// By the predicted id or vlan_ids; nullptr: not read, or the host names it otherwise.
    const schema::Object<Vlan>* vlan_of(std::string_view port) const;
};

/// Everything one VM's settings say, and the VLANs of these switch ports, in one request: all of it
/// is CIM_SettingData. nullopt: no such VM. Costs the host an instance of each; used where an act
/// needs nearly all of it.
Task<std::optional<Machine>> read_machine(Act& act, HostVmId vm,
                                          std::vector<std::string> ports = {});
/// The same of a VM proven to be ours. Throws not_found, conflict (ownership_lost).
Task<Machine> read_own_machine(Act& act, const VmRef& vm, std::vector<std::string> ports = {});

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
