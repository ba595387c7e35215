#pragma once

#include "auth/scheme.hpp"
#include "http/client.hpp"

namespace watari::wsman {

/// Runs an authentication scheme on each connection of an http::Client. A rejected handshake throws
/// unauthenticated (message::authentication_refused), never with more than one try per password.
http::MakeConnectionGuard client_guard(auth::MakeClientScheme make_scheme);

} // namespace watari::wsman
