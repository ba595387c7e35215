#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/task.hpp"
#include "generations/quotas.hpp"
#include "http/server.hpp"
#include "net/network.hpp"
#include "sim/authentication.hpp"
#include "sim/engine/host.hpp"
#include "sim/faults.hpp"
#include "sim/repository.hpp"
#include "sim/request_log.hpp"
#include "sim/rights.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

struct LoadedHost;

struct ServiceOptions {
    std::shared_ptr<const LoadedHost> loaded = {}; ///< answers from a dump; read-only
    std::vector<auth::Credentials> accounts; ///< Basic; empty: nobody gets in, unless `anonymous`
    Entrance authentication = {};            ///< in place of Basic; may serve many hosts
    bool anonymous = false;                  ///< tests: everybody is admitted
    bool allow_unencrypted =
        true;               ///< false: 500 without body for what came in clear (wsman.md 10.7)
    AccessList access = {}; ///< who may do what; at first everybody everything
    std::string language = "en-US";           ///< of texts and xml:lang
    std::optional<ServiceQuotas> quotas = {}; ///< in place of the generation's
    /// Charged per request and per instance built; the service only counts it unless `spend_time`.
    std::chrono::microseconds cost_request{2'000};
    std::chrono::microseconds cost_instance{1'500};
    bool spend_time = false;
};

/// The WS-Management service of one host over its namespaces. Strict: refuses what a Windows host
/// refuses, with its fault.
class Service
{
public:
    /// `wire` is the clock of the network: its time limits are not scaled with the host's.
    Service(Host& host, Random& random, ServiceOptions options, Clock& wire);
    ~Service();

    /// The whole POST /wsman: HTTP in, HTTP out (after admission).
    Task<http::Response> handle(http::Request request, http::Caller caller);
    /// Serves `listener`: admission by the accounts, then handle().
    std::unique_ptr<http::Server> serve(Executor executor, std::unique_ptr<net::Listener> listener);

    Host& host() noexcept;
    Faults& faults() noexcept;
    RequestLog& log() noexcept;
    /// nullptr: this generation has no such namespace.
    Repository* find_namespace(std::string_view ns) noexcept;

    /// Open enumerations are gone when it goes down; up again it may not be ready for a while (the
    /// delay of the fault rule that restarted it).
    void follow_power(bool down);
    /// Whether HTTPS has to ask for client certificates.
    bool takes_certificates() const noexcept;

    struct State;

private:
    std::shared_ptr<State> state_;
};

} // namespace watari::sim
