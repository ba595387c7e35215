#pragma once

#include "cim/instance.hpp"
#include "cim/object_path.hpp"
#include "core/clock.hpp"
#include "core/random.hpp"
#include "http/client.hpp"
#include "wsman/client/retry.hpp"
#include "wsman/codec/message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace watari::wsman {

class Channel;
class HostQuota;
struct Observation;

/// Whether a request could change the host: decides what a lost answer means (unavailable or
/// outcome_unknown) and whether it may be repeated.
enum class Effect { reads, changes };

/// Gives the declared types of a CIM namespace ("root/virtualization/v2"); schema::Catalogue::any
/// behind an adapter, or cim::untyped().
using TypesOf = std::function<const cim::TypeSource&(std::string_view ns)>;

/// What happened to one HTTP request, for budgets, logs and traces. Called after the answer or
/// failure.
struct RequestRecord {
    std::string_view action; ///< "Enumerate", "Pull", "Get", or the method's name
    std::string_view class_name;
    Effect effect = Effect::reads;
    bool failed = false;
    int attempt = 1; ///< beyond 1: sent again after a failure that changed nothing
    std::chrono::nanoseconds took{};
};

struct SessionOptions {
    std::string to = {}; ///< a:To; default http://host:port/wsman
    std::string locale = "en-US";
    std::uint64_t max_envelope_size = 512000; ///< 153600 for Stack 2.0
    std::uint32_t max_elements = 200; ///< of the first batch; then as many as fit the envelope
    std::chrono::seconds operation_timeout{
        60}; ///< at most; shortened to what is left of the deadline
    TypesOf types_of = {};
    std::function<void(const RequestRecord&)> on_request = {};
    std::shared_ptr<const Observation> observation = {}; ///< null: changes may be sent
    std::shared_ptr<HostQuota> quota = {};               ///< null: of this session alone
    RetryOptions retry = {};
    std::size_t rows_max = 100'000;       ///< of a list that is held at once; stream() has no limit
    std::size_t bytes_max = 256UL << 20U; ///< likewise, of its answers
};

/// What the host said it is.
struct Identity {
    std::string os_version; ///< "6.3.9600"; empty when zeroed
    std::string stack;      ///< "3.0"
    std::string vendor;
    std::string product_version = {}; ///< as it came: "OS: 6.3.9600 SP: 0.0 Stack: 3.0"
    std::string protocol = {};        ///< URI
};

/// One logical WS-Management session with a host: the operations WMI offers, as values. Sequential
/// or concurrent use within one loop; the http::Client bounds connections, the HostQuota what is
/// under way.
///
/// Reads are sent again a few times, after a pause, when the host was not reached, was busy or
/// refused for a quota; changes only where nothing was done, and never beyond the time in which a
/// first attempt might still have run.
///
/// Every operation throws Error: not_found (no such instance), unsupported (class or namespace
/// missing: message::wmi_class_missing, wmi_namespace_missing), denied, unauthenticated, invalid
/// (we sent what the schema forbids), exhausted (quota), unavailable / timed_out (nothing changed),
/// outcome_unknown (Effect::changes and no answer, or the host said w:TimedOut), with PeerSays.code
/// the host's number.
class Session
{
public:
    Session(http::Client& client, Clock& clock, Random& random, SessionOptions options);
    ~Session();

    Task<Identity> identify(Deadline deadline);
    Task<cim::Instance> get(const cim::ObjectPath& path, Deadline deadline);
    Task<> put(const cim::ObjectPath& path, const cim::Instance& instance, Deadline deadline);
    /// WQL on `<ns>/*`, optimized, all batches. Releases the enumeration when it stops early.
    /// Throws exhausted (message::wsman_list_too_long) beyond rows_max or bytes_max.
    Task<std::vector<cim::Instance>> query(std::string_view ns, std::string_view wql,
                                           Deadline deadline);
    /// All instances of a class; limits as query().
    Task<std::vector<cim::Instance>> enumerate(std::string_view ns, std::string_view class_name,
                                               Deadline deadline);
    /// As query(), one batch at a time to `take`, in constant memory; `take` returns false to stop.
    Task<> stream(std::string_view ns, std::string_view wql,
                  std::function<bool(std::vector<cim::Instance>)> take, Deadline deadline);
    /// Output parameters as properties, ReturnValue among them; never interprets ReturnValue.
    Task<cim::Instance> invoke(const cim::ObjectPath& target, std::string_view method,
                               const cim::Instance& input, Effect effect, Deadline deadline);

    /// For operations beside these: class metadata, events.
    Channel& channel() noexcept;

    /// HTTP requests sent so far.
    std::uint64_t requests() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace watari::wsman
