#pragma once

#include "hyperv/wmi/ids.hpp"

/// InstanceIDs and paths that only `root\virtualization` has. See wmi/ids.hpp.
namespace watari::hyperv::v1 {

std::string global_id(const HostVmId& vm); ///< Microsoft:<VM>\Global
std::string
vlan_settings_id(std::string_view port); ///< Microsoft:<port>\Root; which GUID it is was inferred
/// The port a NIC gets: named after the channel, so that a port whose creation was not answered is
/// found again.
std::string port_name(const Uuid& channel);

cim::ObjectPath port_path(std::string_view switch_id, std::string_view port);

} // namespace watari::hyperv::v1
