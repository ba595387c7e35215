#pragma once

#include "hyperv/v2/act.hpp"
#include "hyperv/v2/machine.hpp"

#include <string>

namespace watari::hyperv::v2 {

/// The NIC with this channel, or with this MAC; nullopt: none.
std::optional<VmNic> find_nic(const Machine& machine, const NicAttachment& wanted);

schema::Object<Machine::Nic> nic_settings(const NicAttachment& nic);
/// A new connection of the NIC to its switch.
schema::Object<Machine::Connection> connection_settings(const NicAttachment& nic,
                                                        const std::string& nic_id);

/// The NIC exists but its connection leads elsewhere or nowhere: one request.
Task<> reconnect(Act& act, const NicAttachment& nic, std::string nic_id);

/// Makes the connection's VLAN what is asked: one request, or none (false).
Task<bool> set_vlan(Act& act, const Machine& machine, const NicAttachment& nic, std::string nic_id);

/// What of the NIC is not as asked; empty: all is.
std::string difference(const Machine& machine, const NicAttachment& nic);
bool is_connected(const VmNic& nic, const NicAttachment& wanted);

} // namespace watari::hyperv::v2
