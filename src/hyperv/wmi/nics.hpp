#pragma once

#include "cim/value.hpp"
#include "hyperv/wmi/values.hpp"
#include "schema/typed.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv::wmi {

/// The first GUID among VirtualSystemIdentifiers, which clients write with braces.
std::optional<Uuid> channel_in(const std::vector<std::string>& identifiers);

/// The NIC with this channel, or with this MAC; nullopt: none.
std::optional<VmNic> find_nic(const std::vector<VmNic>& all, const NicAttachment& wanted);

/// Whether it leads to the switch that is asked for, if any is.
bool is_connected(const VmNic& nic, const NicAttachment& wanted);

/// What of the NIC is not as asked, its VLAN aside; empty: all is.
std::string difference(const std::optional<VmNic>& found, const NicAttachment& wanted);

/// What the settings of a NIC of any kind say of it, but for its channel and where it leads.
template <class Nic>
VmNic nic_of(const schema::Object<Nic>& row)
{
    return {.settings_id = row.get(Nic::InstanceID).value_or(""),
            .name = row.get(Nic::ElementName).value_or(""),
            .mac = MacAddress::parse(row.get(Nic::Address).value_or("")).value_or(MacAddress{}),
            .mac_is_static = row.get(Nic::StaticMacAddress).value_or(false)};
}

/// A new NIC that leads nowhere yet.
template <class Nic>
schema::Object<Nic> nic_settings(const NicAttachment& nic, std::string_view sub_type)
{
    schema::Object<Nic> settings;
    settings.set(Nic::ElementName, nic.name)
        .set(Nic::ResourceType, resource_type::nic)
        .set(Nic::ResourceSubType, std::string{sub_type})
        .set(Nic::VirtualSystemIdentifiers, std::vector<std::string>{nic.channel.braced()});
    if (!nic.mac.digits.empty()) {
        settings.set(Nic::Address, nic.mac.digits).set(Nic::StaticMacAddress, true);
    }
    return settings;
}

} // namespace watari::hyperv::wmi
