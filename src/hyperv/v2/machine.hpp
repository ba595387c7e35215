#pragma once

#include "hyperv/v2/act.hpp"
#include "hyperv/words.hpp"
#include "schema/v2.hpp"

#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv::v2 {

/// The settings of one VM or checkpoint as the host shows them, by class.
struct Machine {
    using Settings = schema::v2::Msvm_VirtualSystemSettingData;
    using Memory = schema::v2::Msvm_MemorySettingData;
    using Processor = schema::v2::Msvm_ProcessorSettingData;
    using Resource = schema::v2::Msvm_ResourceAllocationSettingData;
    using Medium = schema::v2::Msvm_StorageAllocationSettingData;
    using Nic = schema::v2::Msvm_SyntheticEthernetPortSettingData;
    using LegacyNic = schema::v2::Msvm_EmulatedEthernetPortSettingData;
    using Connection = schema::v2::Msvm_EthernetPortAllocationSettingData;
    using Vlan = schema::v2::Msvm_EthernetSwitchPortVlanSettingData;

    std::optional<schema::Object<Settings>> settings = {};
    std::optional<schema::Object<Memory>> memory = {};
    std::optional<schema::Object<Processor>> processor = {};
    std::vector<schema::Object<Resource>> resources = {}; ///< controllers and drives
    std::vector<schema::Object<Medium>> media = {};
    std::vector<schema::Object<Nic>> nics = {};
    std::vector<schema::Object<LegacyNic>> legacy_nics = {};
    std::vector<schema::Object<Connection>> connections = {};
    std::vector<schema::Object<Vlan>> vlans = {};

    /// Takes an instance of one of the classes above; others are left out.
    void add(const cim::Instance& instance);

    std::string name() const;
    std::string notes() const;
    std::optional<ByteSize> memory_size() const;
    std::vector<VmDisk> disks() const;
    std::vector<VmNic> network_adapters() const;
    /// InstanceIDs of the SCSI controllers in the order in which they are numbered.
    std::vector<std::string> scsi_controllers() const;
    /// InstanceID of the controller of a slot; nullopt: there is none.
    std::optional<std::string> controller_of(const HostVmId& vm, const Slot& slot) const;
    bool has_resource(std::string_view instance_id) const;
    const schema::Object<Connection>* connection_of(std::string_view nic) const;
    const schema::Object<Vlan>* vlan_of(std::string_view connection) const;
};

/// Everything one VM's settings say, in one request: settings, resources and features are all
/// CIM_SettingData. nullopt: no such VM. Costs the host an instance of each; used where an act
/// needs nearly all of it.
Task<std::optional<Machine>> read_machine(Act& act, HostVmId vm);
/// The same of a VM proven to be ours. Throws not_found, conflict (ownership_lost).
Task<Machine> read_own_machine(Act& act, const VmRef& vm);

/// Name (a GUID) of the switch in a connection's HostResource; empty: none.
std::string switch_in(const schema::Object<Machine::Connection>& connection);

} // namespace watari::hyperv::v2
