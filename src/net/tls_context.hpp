// For the sources of this module only: what all connections of a client or server share.
#pragma once

#include "net/openssl.hpp"
#include "net/tls.hpp"

namespace watari::net {

openssl::Context client_context(const TlsClientOptions& options);
openssl::Context server_context(const TlsServerOptions& options);

} // namespace watari::net
