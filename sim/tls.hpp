#pragma once

#include "core/clock.hpp"
#include "generations/profile.hpp"
#include "net/certificates.hpp"
#include "net/tls.hpp"

#include <string>

namespace watari::sim {

/// The versions of TLS that hosts of a generation offer, with this certificate: 1.0 alone while the
/// switch tls12_enabled is off, as on 2008 R2 until its registry is changed.
net::TlsServerOptions tls_of(Generation generation, const Profile& profile,
                             const net::KeyPair& pair);

/// The authority of simulated hosts: the one in `folder` (ca.pem, ca-key.pem), or a new one left
/// there, so that clients may go on trusting it.
net::KeyPair authority_in(const std::string& folder, WallTime now);
net::KeyPair host_certificate(const net::KeyPair& authority, const std::string& name,
                              const std::string& address, WallTime now);

} // namespace watari::sim
