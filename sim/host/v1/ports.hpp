#pragma once

#include "sim/engine/host.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

/// Switch ports as v1 clients know them: objects of their own that a NIC's Connection names.
namespace watari::sim::host::v1 {

/// Brings ports and connections in step: what v2 connected gets a port, what v2 or a deletion took
/// away loses it.
void reconcile_ports(Host& host);

struct PortPlace {
    Switch* network = nullptr;
    SwitchPort* port = nullptr;
};

/// By name, on any switch.
std::optional<PortPlace> find_port(Host& host, std::string_view name);

/// Connects the NIC to the port, whose VLAN it takes over. Throws refuse(32774) when the port
/// serves another NIC.
void connect_nic(Host& host, Vm& vm, std::string_view nic, const PortPlace& place);
void disconnect_nic(Host& host, Vm& vm, std::string_view nic);

/// 0: untagged.
std::uint16_t vlan_of_port(Host& host, const SwitchPort& port);
void set_vlan_of_port(Host& host, SwitchPort& port, std::uint16_t vlan);

} // namespace watari::sim::host::v1
