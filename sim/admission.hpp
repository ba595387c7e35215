#pragma once

#include "auth/scheme.hpp"
#include "http/server.hpp"

#include <memory>

namespace watari::sim {

/// Authentication of one connection as the HTTP server asks for it. Lets `WSMANIDENTIFY:
/// unauthenticated` pass without account (wsman.md 1.4).
std::unique_ptr<http::AdmissionGuard> admission(const auth::MakeServerScheme& make_scheme,
                                                const net::Security& security);

} // namespace watari::sim
