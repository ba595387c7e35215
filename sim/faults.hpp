#pragma once

#include "core/random.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::sim {

enum class FaultEffect {
    return_code, ///< the method answers `number` and does nothing
    fault,       ///< a SOAP fault with WSManFault code `number`
    job_error,   ///< the host job it starts ends as exception with `number`
    job_hangs,   ///< the host job it starts never ends
    job_slow,    ///< the host job takes `factor` times as long
    delay, ///< answers (and acts) `delay` later; past OperationTimeout: w:TimedOut while the work
           ///< goes on
    lost_request,    ///< never reaches the host: connection dropped, nothing happens
    lost_answer,     ///< happens, then the connection is dropped
    late_execution,  ///< the connection is dropped now, the request happens `delay` later
    duplicate,       ///< happens twice; the second answer is sent
    cut,             ///< happens, half of the answer is sent, then the connection is dropped
    garbage,         ///< happens; the answer is not XML
    hang,            ///< happens; no answer ever comes
    swallow,         ///< never happens; no answer ever comes
    host_restart,    ///< happens, then the host reboots
    service_restart, ///< happens, then the management service restarts
    disk_full,       ///< the volume `letter` is full from now on; the request then happens
    http_status,     ///< answered with HTTP status `number`, empty body; nothing happens
};

/// The name in JSON and in the log.
std::string_view to_string(FaultEffect effect) noexcept;

/// Matches requests and says what goes wrong with them. Empty conditions match everything.
struct FaultRule {
    std::string operation; ///< Identify, Get, Put, Create, Delete, Enumerate, Pull, Release, Invoke
    std::string method;    ///< of Invoke: DefineSystem
    std::string class_name;
    std::uint64_t nth = 0;   ///< only the nth matching request from now on (1 = next); 0: every
    std::uint64_t times = 0; ///< acts at most so often; 0: without limit
    double probability = 1.0;
    FaultEffect effect = FaultEffect::fault;
    std::uint32_t number = 0;
    std::string subcode; ///< of `fault`: "wsman:InternalError"
    std::string text;
    std::chrono::milliseconds delay{0};
    double factor = 1.0;
    char letter = 'C';
};

/// A list of rules: `[{"method": "DefineSystem", "nth": 1, "effect": "lost_answer"}, …]`. Throws
/// invalid (message::faults_malformed).
std::vector<FaultRule> faults_from_json(std::string_view text);

struct RequestFacts {
    std::string operation;
    std::string method;
    std::string class_name;
};

class Faults
{
public:
    explicit Faults(Random& random) : random_(random) {}

    void add(FaultRule rule);
    void clear() { rules_.clear(); }
    /// The next matching request of this method (empty: any) answers this return code.
    void fail_next(std::string method, std::uint32_t return_code);
    std::size_t size() const noexcept { return rules_.size(); }
    /// Called when a rule acts, before the request has any effect.
    void on_act(std::function<void(const FaultRule&)> listener) { on_act_ = std::move(listener); }
    /// The first rule that acts on this request; counts matches.
    std::optional<FaultRule> match(const RequestFacts& facts);

private:
    struct Counted {
        FaultRule rule;
        std::uint64_t matched = 0;
        std::uint64_t acted = 0;
    };

    Random& random_;
    std::deque<Counted> rules_;
    std::function<void(const FaultRule&)> on_act_;
};

} // namespace watari::sim
