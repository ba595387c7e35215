#pragma once

#include "auth/scheme.hpp"
#include "generations/profile.hpp"
#include "http/server.hpp"

#include <functional>
#include <memory>

namespace watari::sim {

struct AdmissionOptions {
    auth::MakeServerScheme make_scheme = {}; ///< null: everybody is admitted
    bool allow_unencrypted = true; ///< false: 500 without body for what comes in clear without TLS
    const Profile* profile = nullptr;    ///< of the host, alive as long as its connections
    std::function<bool()> is_ready = {}; ///< false: 503; null: always
};

/// Authentication of one connection as the HTTP server asks for it. Lets `WSMANIDENTIFY:
/// unauthenticated` pass without account and in the clear (wsman.md 1.4); seals the answers to
/// sealed requests. Source of the refusals: wsman.md 10.2, 10.7.
std::unique_ptr<http::AdmissionGuard> admission(const AdmissionOptions& options,
                                                const net::Security& security);

} // namespace watari::sim
