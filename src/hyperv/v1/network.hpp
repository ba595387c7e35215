#pragma once

#include "hyperv/v1/dialect.hpp"

#include <map>
#include <string>

namespace watari::hyperv::v1 {

/// Where this NIC leads now; nullopt: nowhere.
std::optional<Port> port_of(const Machine& machine, std::string_view nic_id);

/// A new NIC, connected to the port if there is one.
schema::Object<Machine::Nic> nic_settings(const NicAttachment& nic,
                                          const std::optional<Port>& port);
/// The NIC exists but leads elsewhere or nowhere: one request.
Task<> reconnect(Act& act, HostVmId vm, std::string nic_id, Port port);

/// Makes the NIC's own port on its switch, in one request, or takes the one an earlier try made.
struct MadePort {
    Port port;
    bool is_new = true;
};
Task<MadePort> make_port(Act& act, const Machine& machine, const NicAttachment& nic,
                         OwnershipMark mark);
/// Already gone is done.
Task<> delete_port(Act& act, std::string switch_id, std::string name);

/// Makes the port's access VLAN what is asked: one request for a new port, or none (false).
Task<bool> set_vlan(Act& act, const Machine& machine, MadePort made, std::optional<unsigned> vlan);
/// Without a request where `machine` shows it.
Task<std::optional<unsigned>> vlan_of(Act& act, const Machine& machine, Port port);

/// InstanceIDs of the VLAN settings of all ports, by folded port name: two class-wide queries, for
/// hosts that do not name them as predicted.
Task<std::map<std::string, std::string>> read_vlan_ids(Act& act);

} // namespace watari::hyperv::v1
