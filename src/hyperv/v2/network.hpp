#pragma once

#include "hyperv/v2/dialect.hpp"

#include <string>

namespace watari::hyperv::v2 {

/// A new connection of the NIC to its switch.
schema::Object<Machine::Connection> connection_settings(const NicAttachment& nic,
                                                        const std::string& nic_id);

/// The NIC exists but its connection leads elsewhere or nowhere: one request.
Task<> reconnect(Act& act, const NicAttachment& nic, std::string nic_id);

/// Makes the connection's VLAN what is asked: one request, or none (false).
Task<bool> set_vlan(Act& act, const Machine& machine, const NicAttachment& nic, std::string nic_id);

/// What of the NIC is not as asked; empty: all is.
std::string difference(const Machine& machine, const NicAttachment& nic);

} // namespace watari::hyperv::v2
