#include "hyperv/wmi/nics.hpp"

#include <algorithm>

namespace watari::hyperv::wmi {

std::optional<Uuid> channel_in(const std::vector<std::string>& identifiers)
{
    for (const auto& text : identifiers) {
        if (const auto id = Uuid::parse(text)) {
            return id;
        }
    }
    return std::nullopt;
}

std::optional<VmNic> find_nic(const std::vector<VmNic>& all, const NicAttachment& wanted)
{
    const auto at = std::ranges::find_if(all, [&](const VmNic& nic) {
        return nic.channel == wanted.channel ||
               (!wanted.mac.digits.empty() && nic.mac == wanted.mac);
    });
    return at == all.end() ? std::nullopt : std::optional{*at};
}

bool is_connected(const VmNic& nic, const NicAttachment& wanted)
{
    return wanted.switch_id.empty() || cim::same_name(nic.switch_id, wanted.switch_id);
}

std::string difference(const std::optional<VmNic>& found, const NicAttachment& wanted)
{
    if (!found) {
        return "NIC " + wanted.name;
    }
    if (!wanted.mac.digits.empty() && (found->mac != wanted.mac || !found->mac_is_static)) {
        return "MAC address of " + wanted.name;
    }
    return is_connected(*found, wanted) ? "" : "switch of " + wanted.name;
}

} // namespace watari::hyperv::wmi
