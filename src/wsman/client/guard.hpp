#pragma once

#include "auth/scheme.hpp"
#include "http/client.hpp"
#include "wsman/client/kdc_waits.hpp"
#include "wsman/client/password_tries.hpp"

namespace watari::wsman {

/// What the guards of several connections share.
struct GuardShares {
    std::shared_ptr<PasswordTries> tries = {}; ///< null: not counted
    KdcWaits* kdc_waits = nullptr;             ///< null: handshakes wait on the loop
    Clock* clock = nullptr;                    ///< with `tries`
};

/// Runs an authentication scheme on each connection of an http::Client. A rejected handshake throws
/// unauthenticated (message::authentication_refused, and what the scheme can tell apart), never
/// with more than one further try per password (message::password_not_tried_again).
http::MakeConnectionGuard client_guard(auth::MakeClientScheme make_scheme, GuardShares shares = {});

} // namespace watari::wsman
