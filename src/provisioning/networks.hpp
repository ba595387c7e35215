#pragma once

#include "store/database.hpp"
#include "store/records/host.hpp"
#include "store/records/network.hpp"

namespace watari::provisioning {

/// Binds every network whose switch the host has; a switch made anew under its name is bound anew.
void bind_networks_of_host(store::Transaction& transaction, Random& random,
                           const store::HostRecord& host);
/// Binds the network on every host that has its switch.
void bind_network(store::Transaction& transaction, Random& random,
                  const store::NetworkRecord& network);

} // namespace watari::provisioning
