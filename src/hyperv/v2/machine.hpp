#pragma once

#include "hyperv/wmi/machine.hpp"
#include "schema/v2.hpp"

#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv::v2 {

/// The settings of one VM or checkpoint as the host shows them, by class.
struct Machine : wmi::BasicMachine<schema::v2::Classes> {
    using Medium = schema::v2::Msvm_StorageAllocationSettingData;
    using Connection = schema::v2::Msvm_EthernetPortAllocationSettingData;
    using Vlan = schema::v2::Msvm_EthernetSwitchPortVlanSettingData;
    /// Names the VM that settings belong to.
    static constexpr auto& owner_property = Settings::VirtualSystemIdentifier;

    std::vector<schema::Object<Medium>> media = {};
    std::vector<schema::Object<Connection>> connections = {};
    std::vector<schema::Object<Vlan>> vlans = {};

    /// Takes an instance of one of the classes above; others are left out.
    void add(const cim::Instance& instance);

    std::string notes() const;
    HostPath folder() const;
    unsigned vm_generation() const;
    std::string configuration_version() const;
    bool is_checkpoint() const;
    std::optional<Uuid> owner() const; ///< the VM they belong to
    std::vector<VmDisk> disks() const;
    std::vector<VmNic> network_adapters() const;
    const schema::Object<Connection>* connection_of(std::string_view nic) const;
    const schema::Object<Vlan>* vlan_of(std::string_view connection) const;
};

/// InstanceID of a NIC's connection: <NIC>\C.
std::string connection_id(std::string_view nic);

} // namespace watari::hyperv::v2
