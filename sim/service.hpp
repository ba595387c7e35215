#pragma once

#include "auth/scheme.hpp"
#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/task.hpp"
#include "http/server.hpp"
#include "net/network.hpp"
#include "sim/engine/host.hpp"
#include "sim/faults.hpp"
#include "sim/repository.hpp"
#include "sim/request_log.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace watari::sim {

struct ServiceOptions {
    std::vector<auth::Credentials> accounts; ///< Basic; empty: nobody gets in, unless `anonymous`
    auth::MakeServerScheme authentication = {}; ///< in place of Basic; may serve many hosts
    bool anonymous = false;                     ///< tests: everybody is admitted
    bool allow_unencrypted =
        true; ///< false: 500 without body for what came in clear (wsman.md 10.7)
    std::string language = "en-US"; ///< of texts and xml:lang
    std::size_t envelope_bytes_max =
        0; ///< 0: the generation's MaxEnvelopeSizekb (150 or 500 KiB; wsman.md 9)
    std::uint32_t batch_items_max = 32000;
    std::chrono::seconds enumeration_timeout{60};
    std::chrono::milliseconds timeout_max{60'000};
    std::uint32_t operations_per_user_max =
        0; ///< open enumerations and running requests; 0: the generation's (15 or 1500)
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

    /// The service restarted: open enumerations are gone.
    void forget_sessions();

    struct State;

private:
    std::shared_ptr<State> state_;
};

} // namespace watari::sim
