#pragma once

#include "core/pool.hpp"
#include "core/random.hpp"
#include "hyperv/driver.hpp"
#include "net/network.hpp"
#include "net/tls.hpp"
#include "wsman/client/observe_only.hpp"
#include "wsman/client/session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace watari::auth {
struct Credentials;
}

namespace watari::hyperv {

enum class NamespaceChoice { automatic, v1, v2 };
std::optional<NamespaceChoice>
namespace_choice_from(std::string_view name) noexcept; ///< "auto", "v1", "v2"
std::string_view to_string(NamespaceChoice choice) noexcept;

/// How the account of a host proves itself: Basic, NTLM under Negotiate, Kerberos, or the client
/// certificate of the TLS connection (wsman.md 10.1).
enum class LogonScheme { basic, ntlm, kerberos, certificate };
std::optional<LogonScheme>
logon_scheme_from(std::string_view name) noexcept; ///< "basic", "ntlm", "kerberos", "certificate"
std::string_view to_string(LogonScheme scheme) noexcept;

/// How to reach a host.
struct HostAddress {
    net::Endpoint endpoint;
    std::optional<net::TlsClientOptions> tls = {}; ///< absent: HTTP
    std::string user;
    std::string password;
    NamespaceChoice ns = NamespaceChoice::automatic;
    LogonScheme scheme = LogonScheme::basic;
    bool basic_in_the_clear = false; ///< without TLS, beyond loopback
    std::string name = {};           ///< as Kerberos knows the host; empty: the endpoint's address
    std::string keytab = {};         ///< file; Kerberos without a password
    std::shared_ptr<const wsman::Observation> observation = {}; ///< null: changes may be sent
};

/// One HTTP request to a host, as budgets and traces see it.
using OnRequest = std::function<void(const wsman::RequestRecord&)>;

/// What the probe found out, with the evidence for each statement.
struct Probe {
    Namespace ns = Namespace::v2;
    std::string computer_name;            ///< the host's own name
    std::string os_version;               ///< from Identify
    std::string stack;                    ///< "2.0", "3.0"
    std::optional<Generation> generation; ///< explains, never decides
    Capabilities capabilities;
    std::string evidence; ///< of the namespace: which Get answered what
};

/// A live connection to one host: the driver and what it stands on. Bound to one loop.
class Connection
{
public:
    virtual ~Connection() = default;
    virtual Driver& driver() = 0;
    virtual const Probe& probe() const = 0;
    /// HTTP requests sent since it was opened.
    virtual std::uint64_t requests() const = 0;
};

struct Diagnosis;

/// Opens connections to hosts.
class Connector
{
public:
    virtual ~Connector() = default;
    /// Throws: unavailable, unauthenticated, denied, unsupported (message::no_hyperv_namespace,
    /// namespace_not_there), timed_out.
    virtual Task<std::unique_ptr<Connection>> open(HostAddress address, OnRequest on_request,
                                                   Deadline deadline) = 0;
    /// As open(), but trusting an earlier probe of the same host (0 requests before the first act).
    virtual std::unique_ptr<Connection> reopen(HostAddress address, Probe known,
                                               OnRequest on_request) = 0;
    /// The way to the host, hop by hop (hyperv/connect/doctor.hpp). Throws cancelled alone.
    virtual Task<Diagnosis> diagnose(HostAddress address, Deadline deadline) = 0;
};

/// By WS-Management: Identify, then the management service of the v2 namespace (`auto` prefers v2),
/// then capabilities by evidence. What is given outlives the connector and its connections. Logons
/// that may wait for a KDC do so on `blocking`, or without one on the loop.
std::unique_ptr<Connector> make_connector(net::Network& network, Clock& clock, Random& random,
                                          Pool* blocking = nullptr);

} // namespace watari::hyperv
