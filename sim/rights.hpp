#pragma once

#include "generations/profile.hpp"
#include "wsman/codec/message.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace watari::sim {

/// What the groups of an account let it do over WS-Management.
enum class Rights {
    none,                  ///< it may log on, and identify the host
    reader,                ///< GR of the service's RootSDDL: Get, Enumerate, Pull, Release
    hyper_v_administrator, ///< everything in root\virtualization, reading elsewhere (UNVERIFIED)
    administrator,
};

/// "administrator", "hyper-v-administrator", "reader", "none"
std::optional<Rights> rights_from(std::string_view name) noexcept;

struct Membership {
    Rights rights = Rights::administrator;
    /// An account of the host itself, other than its built-in Administrator: as an administrator it
    /// has a filtered token over the network (switch local_administrator_token).
    bool is_local = false;
};

/// Which account may do what on a host.
class AccessList
{
public:
    void set(std::string_view account, Membership membership);
    /// Of accounts that are not listed; everything, unless told otherwise.
    void set_others(Membership membership) { others_ = membership; }
    /// Case does not matter, as with accounts of Windows.
    Membership of(std::string_view account) const;

private:
    std::map<std::string, Membership, std::less<>> listed_; ///< by folded name
    Membership others_;
};

/// The fault that keeps the account from it; nullopt: it may. Who authenticated may identify the
/// host. Source: wsman.md 10.1 (GR, GW, GX), V54.
std::optional<wsman::Fault> denied(const Membership& member, const wsman::Request& request,
                                   const Profile& profile);

} // namespace watari::sim
