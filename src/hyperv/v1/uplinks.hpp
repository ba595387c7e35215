#pragma once

#include "hyperv/wmi/act.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace watari::hyperv::v1 {

/// Which VLANs the external ports of the host's switches let through, at one moment.
struct Uplinks {
    struct Uplink {
        bool is_trunk = false; ///< DesiredEndpointMode
        std::set<std::uint16_t> vlans = {};
    };
    /// By folded switch id. Only ports that must be told their VLANs: those of 2008 R2.
    std::map<std::string, Uplink> by_switch = {};
    std::optional<SteadyTime> read_at = {};

    bool lets_through(std::string_view switch_id, unsigned vlan) const;
};

/// Throws conflict (message::network_vlan_not_attached). The list is shared by all VMs, so it is
/// an operator's to change, never ours. No request while what was read lately says yes; else one
/// where no port needs a list, six where one does.
Task<> require_vlan_attached(wmi::Act& act, Uplinks& known, std::string switch_id, unsigned vlan);
/// Reads what require_vlan_attached goes by, unless that was read lately.
Task<> learn_uplinks(wmi::Act& act, Uplinks& known);

} // namespace watari::hyperv::v1
