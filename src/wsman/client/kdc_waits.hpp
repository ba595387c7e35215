#pragma once

#include "auth/scheme.hpp"
#include "core/clock.hpp"
#include "core/pool.hpp"
#include "core/sync.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::wsman {

/// Runs handshake steps that may wait for a KDC on threads, a few per realm at a time: a KDC that
/// hangs holds up its own realm and nobody else. Whoever waits gives up at the deadline; the thread
/// goes on until Kerberos gives up (half a minute).
class KdcWaits
{
public:
    /// `pool` has more threads than one realm may use.
    KdcWaits(Pool& pool, Clock& clock, std::size_t per_realm_max = 2)
        : pool_(pool), clock_(clock), per_realm_max_(per_realm_max)
    {
    }

    /// scheme->next(challenges). Throws besides: unavailable (message::kdc_too_slow, kdc_busy).
    Task<std::optional<std::string>> next(std::shared_ptr<auth::ClientScheme> scheme,
                                          std::string realm, std::vector<std::string> challenges,
                                          Deadline deadline);

private:
    struct Step;
    Task<Semaphore::Permit> turn(Semaphore& realm, const std::string& name, Deadline deadline);

    Pool& pool_;
    Clock& clock_;
    std::size_t per_realm_max_;
    std::map<std::string, std::shared_ptr<Semaphore>> realms_;
};

} // namespace watari::wsman
