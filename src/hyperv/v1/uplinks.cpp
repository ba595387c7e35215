#include "hyperv/v1/uplinks.hpp"

#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v1.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using Endpoint = schema::v1::Msvm_VLANEndpoint;
using Settings = schema::v1::Msvm_VLANEndpointSettingData;

/// How long a yes stays good: the operator's lists change rarely, and a stale yes costs a VM its
/// network, not more.
constexpr std::chrono::minutes good_for{10};

bool needs_list(const cim::Instance& instance)
{
    const auto modes = schema::Object<Endpoint>{instance}.get(Endpoint::SupportedEndpointModes);
    return std::ranges::find(modes, trunk_mode) != modes.end();
}

/// One association class as pairs of paths.
struct Link {
    cim::ObjectPath from;
    cim::ObjectPath to;
};

Task<std::vector<Link>> read_links(wmi::Act& act, std::string class_name, std::string from,
                                   std::string to)
{
    std::vector<Link> links;
    const auto rows = co_await act.query("select * from " + class_name);
    for (const auto& row : rows) {
        const auto* a = row[from].reference();
        const auto* b = row[to].reference();
        if (a != nullptr && b != nullptr) {
            links.push_back({*a, *b});
        }
    }
    co_return links;
}

const cim::ObjectPath* follow(const std::vector<Link>& links, const cim::ObjectPath& from)
{
    const auto at = std::ranges::find_if(
        links, [&](const Link& link) { return link.from.names_same_instance(from); });
    return at == links.end() ? nullptr : &at->to;
}

bool leads_to(const std::vector<Link>& links, const cim::ObjectPath& to)
{
    return std::ranges::any_of(links,
                               [&](const Link& link) { return link.to.names_same_instance(to); });
}

const cim::Instance* endpoint_at(const std::vector<cim::Instance>& endpoints,
                                 const cim::ObjectPath& path)
{
    const auto at = std::ranges::find_if(endpoints, [&](const cim::Instance& instance) {
        const schema::Object<Endpoint> endpoint{instance};
        return cim::same_name(endpoint.get(Endpoint::Name).value_or(""),
                              path.key("Name").value_or("")) &&
               cim::same_name(endpoint.get(Endpoint::SystemName).value_or(""),
                              path.key("SystemName").value_or(""));
    });
    return at == endpoints.end() ? nullptr : &*at;
}

std::set<std::uint16_t> vlans_of(const std::vector<cim::Instance>& settings,
                                 const cim::ObjectPath* path)
{
    const std::string id = path != nullptr ? path->key("InstanceID").value_or("") : "";
    for (const auto& instance : settings) {
        const schema::Object<Settings> row{instance};
        if (!id.empty() && cim::same_name(row.get(Settings::InstanceID).value_or(""), id)) {
            const auto vlans = row.get(Settings::TrunkedVLANList);
            return {vlans.begin(), vlans.end()};
        }
    }
    return {};
}

Task<Uplinks> read_uplinks(wmi::Act& act)
{
    Uplinks uplinks{.read_at = act.clock().steady()};
    const auto endpoints = co_await act.query("select * from Msvm_VLANEndpoint");
    if (std::ranges::none_of(endpoints, needs_list)) {
        co_return uplinks;
    }
    const auto bound = co_await read_links(act, "Msvm_BindsTo", "Antecedent", "Dependent");
    const auto active =
        co_await read_links(act, "Msvm_ActiveConnection", "Antecedent", "Dependent");
    const auto adapters = co_await read_links(act, "Msvm_GlobalEthernetPortSAPImplementation",
                                              "Antecedent", "Dependent");
    const auto set =
        co_await read_links(act, "Msvm_NetworkElementSettingData", "ManagedElement", "SettingData");
    const auto settings = co_await act.query("select * from Msvm_VLANEndpointSettingData");
    for (const auto& [port, lan_endpoint] : active) {
        const auto* path = leads_to(adapters, lan_endpoint) ? follow(bound, port) : nullptr;
        const auto* endpoint = path != nullptr ? endpoint_at(endpoints, *path) : nullptr;
        if (endpoint == nullptr || !needs_list(*endpoint)) {
            continue;
        }
        Uplinks::Uplink uplink{.vlans = vlans_of(settings, follow(set, *path))};
        uplink.is_trunk =
            schema::Object<Endpoint>{*endpoint}.get(Endpoint::DesiredEndpointMode) == trunk_mode;
        uplinks.by_switch[cim::folded(port.key("SystemName").value_or(""))] = std::move(uplink);
    }
    co_return uplinks;
}

} // namespace

bool Uplinks::lets_through(std::string_view switch_id, unsigned vlan) const
{
    const auto at = by_switch.find(cim::folded(switch_id));
    return at == by_switch.end() ||
           (at->second.is_trunk && at->second.vlans.contains(static_cast<std::uint16_t>(vlan)));
}

Task<> learn_uplinks(wmi::Act& act, Uplinks& known)
{
    if (!known.read_at || act.clock().steady() - *known.read_at >= good_for / 2) {
        known = co_await read_uplinks(act);
    }
}

Task<> require_vlan_attached(wmi::Act& act, Uplinks& known, std::string switch_id, unsigned vlan)
{
    const bool is_fresh = known.read_at && act.clock().steady() - *known.read_at < good_for;
    if (is_fresh && known.lets_through(switch_id, vlan)) {
        co_return;
    }
    known = co_await read_uplinks(act);
    if (!known.lets_through(switch_id, vlan)) {
        throw Error{ErrorKind::conflict,
                    message::network_vlan_not_attached{.host = act.host(),
                                                       .switch_id = switch_id,
                                                       .vlan = fmt::format("{}", vlan)}};
    }
}

} // namespace watari::hyperv::v1
