#pragma once

#include "hyperv/connect/connect.hpp"
#include "hyperv/connect/logons.hpp"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv {

/// The way to a host's first WMI answer, in the order it is walked.
enum class HopId {
    name,       ///< the address has an IP address
    port,       ///< something listens there
    tls,        ///< version, trust, name and dates of the certificate
    http,       ///< HTTP answers, at WinRM's path
    identify,   ///< it is WS-Management, which Stack
    schemes,    ///< our way of authentication is among those offered
    clock,      ///< Kerberos tolerates five minutes
    password,   ///< account and password, key or certificate
    spn,        ///< the host's service principal; Kerberos only
    encryption, ///< what keeps bodies from being read on the way
    generation, ///< what the host says it is, once it knows us
    quotas,     ///< WinRM's limits
    rights,     ///< the account may read WMI
    ns,         ///< Hyper-V's namespace and its management service
};
inline constexpr std::array all_hops{
    HopId::name,       HopId::port,   HopId::tls,      HopId::http, HopId::identify,
    HopId::schemes,    HopId::clock,  HopId::password, HopId::spn,  HopId::encryption,
    HopId::generation, HopId::quotas, HopId::rights,   HopId::ns};
std::string_view to_string(HopId hop) noexcept; ///< "namespace"

enum class HopState { passed, warning, failed, skipped };
std::string_view to_string(HopState state) noexcept;

/// Which hosts a command line is for.
enum class CommandFor { all, ws2008r2sp1, ws2012_and_later };
std::string_view to_string(CommandFor hosts) noexcept;

/// A line to run on the host, in Windows PowerShell as administrator.
struct HostCommand {
    CommandFor hosts = CommandFor::all;
    std::string text;

    friend bool operator==(const HostCommand&, const HostCommand&) = default;
};

struct Hop {
    HopId id{};
    HopState state = HopState::skipped;
    Message seen = {};
    PeerSays peer = {};
    std::optional<Message> remedy = {};     ///< besides what `seen` says
    std::vector<HostCommand> commands = {}; ///< those that look before those that change
    std::chrono::nanoseconds took{};
};

/// One HTTP request and its answer as text, bodies opened, secrets masked.
struct TracedExchange {
    std::string request;
    std::string answer; ///< empty: none came
    std::chrono::nanoseconds took{};
};

struct Diagnosis {
    WallTime at{};
    net::Endpoint endpoint;
    std::string name; ///< as certificate and service principal have it
    std::string user;
    LogonScheme scheme{};
    bool tls = false;
    std::vector<Hop> hops; ///< all of them, in order
    std::vector<TracedExchange> exchange = {};

    bool healthy() const noexcept; ///< no hop failed
    const Hop& hop(HopId id) const { return hops.at(static_cast<std::size_t>(id)); }
};

/// Walks from the host's name to a first WMI answer, hop by hop, and stops where it cannot go on.
/// Reads only, and tries the password once; never sends it to a host whose certificate is not
/// trusted. What fails is told in the diagnosis; throws cancelled alone.
Task<Diagnosis> diagnose(net::Network& network, Clock& clock, Random& random, HostAddress address,
                         Logons& logons, Deadline deadline);

} // namespace watari::hyperv
