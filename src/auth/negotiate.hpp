#pragma once

#include "auth/scheme.hpp"

#include <map>
#include <string>
#include <vector>

namespace watari::auth {

/// What speaks under `Negotiate` or, the last, under `Kerberos`.
enum class Mechanism { ntlm, spnego_ntlm, spnego_kerberos, kerberos };

/// An account that shakes hands by GSSAPI.
struct NegotiateAccount {
    Mechanism mechanism = Mechanism::ntlm;
    std::string user; ///< `DOMAIN\user`, `user@REALM` or `user`
    Secret password;
    std::string keytab = {};      ///< file; with Kerberos, in place of a password
    std::string host;             ///< its name, as service principals have it
    std::string service = "HTTP"; ///< or WSMAN (wsman.md 10.1)
    bool seals_over_tls = false;  ///< bodies in the clear inside TLS otherwise, as Windows does
};

/// Bodies are sealed on plain connections; on TLS the handshake is bound to the channel. Tickets
/// are shared by all connections of one maker. Throws unsupported (message::ntlm_not_installed),
/// invalid (message::kerberos_needs_host_name, account_name_unusable).
MakeClientScheme negotiate_client(NegotiateAccount account);

/// How much a server insists on channel bindings (CbtHardeningLevel; wsman.md 10.6).
enum class ChannelBinding { none, relaxed, strict };

/// A server's `Negotiate` and `Kerberos`.
struct NegotiateService {
    std::vector<Credentials> accounts = {}; ///< for NTLM; empty: no NTLM
    std::string keytab = {};                ///< file; empty: no Kerberos
    std::string host = "localhost";         ///< name in NTLM challenges
    ChannelBinding binding = ChannelBinding::relaxed;
};

/// Admits `user` of `accounts`, whatever its domain, and every principal Kerberos vouches for (as
/// `user@REALM`). Throws unsupported (message::ntlm_not_installed), invalid
/// (message::ntlm_accounts_unusable, server_keytab_unusable).
MakeServerScheme negotiate_server(NegotiateService service);

/// The TLS client certificate authenticates, and a fixed header says so (wsman.md 10.6).
MakeClientScheme certificate_client();
/// Accounts by the SHA-256 fingerprint of their certificate.
MakeServerScheme certificate_server(std::map<std::string, std::string> accounts);

/// Several schemes of one server: each is offered, and the one that admits seals.
MakeServerScheme offering(std::vector<MakeServerScheme> schemes);

} // namespace watari::auth
