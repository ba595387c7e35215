#include "sim/rights.hpp"

#include "cim/value.hpp"
#include "schema/catalogue.hpp"
#include "sim/soap_faults.hpp"

#include <array>
#include <utility>

namespace watari::sim {

namespace {

enum class Access { identify, read, write, execute };

/// The access mask of the service's RootSDDL that an operation needs [S].
Access needed_for(const wsman::RequestBody& body)
{
    if (std::holds_alternative<wsman::Identify>(body)) {
        return Access::identify;
    }
    if (std::holds_alternative<wsman::Put>(body) || std::holds_alternative<wsman::Create>(body) ||
        std::holds_alternative<wsman::Delete>(body)) {
        return Access::write;
    }
    return std::holds_alternative<wsman::Invoke>(body) ? Access::execute : Access::read;
}

bool is_hyper_v(std::string_view resource_uri)
{
    const auto resource = wsman::parse_resource_uri(resource_uri);
    return resource && cim::folded(resource->ns).starts_with(cim::folded(schema::v1_namespace));
}

bool may(Rights rights, Access access, std::string_view resource_uri)
{
    switch (rights) {
    case Rights::none:
        return false;
    case Rights::reader:
        return access == Access::read;
    case Rights::hyper_v_administrator:
        return access == Access::read || is_hyper_v(resource_uri);
    case Rights::administrator:
        return true;
    }
    std::unreachable();
}

} // namespace

std::optional<Rights> rights_from(std::string_view name) noexcept
{
    static constexpr std::array names{
        std::pair{std::string_view{"administrator"}, Rights::administrator},
        std::pair{std::string_view{"hyper-v-administrator"}, Rights::hyper_v_administrator},
        std::pair{std::string_view{"reader"}, Rights::reader},
        std::pair{std::string_view{"none"}, Rights::none}};
    for (const auto& [known, rights] : names) {
        if (known == name) {
            return rights;
        }
    }
    return std::nullopt;
}

void AccessList::set(std::string_view account, Membership membership)
{
    listed_.insert_or_assign(cim::folded(account), membership);
}

Membership AccessList::of(std::string_view account) const
{
    const auto at = listed_.find(cim::folded(account));
    return at == listed_.end() ? others_ : at->second;
}

std::optional<wsman::Fault> denied(const Membership& member, const wsman::Request& request,
                                   const Profile& profile)
{
    const Access access = needed_for(request.body);
    const bool is_filtered = member.is_local && member.rights == Rights::administrator &&
                             profile.is("local_administrator_token", "filtered");
    if (access == Access::identify ||
        (!is_filtered && may(member.rights, access, request.header.resource_uri))) {
        return std::nullopt;
    }
    return soap::access_denied();
}

} // namespace watari::sim
