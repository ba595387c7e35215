#pragma once

#include "auth/negotiate.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace watari::sim {

enum class Scheme { negotiate, kerberos, basic, certificate };

/// How simulated hosts let accounts in.
struct Authentication {
    /// Of negotiate, kerberos, basic and certificate, with commas. With a keytab negotiate speaks
    /// Kerberos, too; ntlm is negotiate without it.
    std::string schemes = "basic";
    std::vector<auth::Credentials> accounts = {};
    std::string keytab = {}; ///< file with the hosts' keys, for Kerberos
    auth::ChannelBinding binding = auth::ChannelBinding::relaxed;
    std::map<std::string, std::string> certificates = {}; ///< SHA-256 fingerprint to account
};

/// What a host offers to those who knock; may serve many hosts.
struct Entrance {
    auth::MakeServerScheme make_scheme = {};
    std::vector<Scheme> schemes = {};

    bool offers(Scheme scheme) const noexcept;
};

/// Throws invalid (message::hvsim_bad_auth, hvsim_no_keytab) and what auth::negotiate_server()
/// throws.
Entrance authentication(const Authentication& options);

/// What an authenticated Identify of Stack 3.0 lists for them (wsman.md 1.4).
std::vector<std::string> security_profiles(const Entrance& entrance);

} // namespace watari::sim
