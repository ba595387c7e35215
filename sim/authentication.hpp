#pragma once

#include "auth/negotiate.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace watari::sim {

/// How simulated hosts let accounts in.
struct Authentication {
    std::string schemes = "basic"; ///< of basic, ntlm, kerberos, certificate, with commas
    std::vector<auth::Credentials> accounts = {};
    std::string keytab = {}; ///< file with the hosts' keys, for Kerberos
    auth::ChannelBinding binding = auth::ChannelBinding::relaxed;
    std::map<std::string, std::string> certificates = {}; ///< SHA-256 fingerprint to account
};

/// One for any number of hosts. Throws unsupported (message::hvsim_bad_auth) and what
/// auth::negotiate_server() throws.
auth::MakeServerScheme authentication(const Authentication& options);

} // namespace watari::sim
