#pragma once

#include "auth/gss.hpp"
#include "auth/negotiate.hpp"
#include "core/error.hpp"

#include <string>

namespace watari::auth {

/// Who authenticates to what, as messages name them.
struct Party {
    std::string user;
    std::string service; ///< "HTTP/host"
    std::string keytab;
};

/// What a failed call of Kerberos means: kind, code and remedy by the minor status (RFC 4120 7.5.9
/// and MIT's own).
Error kerberos_error(const gss::Failure& failed, const Party& party);
/// NTLM tells little: only that its messages were not understood.
Error ntlm_error(const gss::Failure& failed, const Party& party);

} // namespace watari::auth
