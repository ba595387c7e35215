#include "hyperv/connect/doctor.hpp"

#include "auth/scheme.hpp"
#include "hyperv/connect/doctor_walk.hpp"
#include "messages/auth.hpp"
#include "messages/doctor.hpp"
#include "messages/net.hpp"
#include "messages/wsman.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace watari::hyperv {

namespace {

constexpr std::array<std::string_view, all_hops.size()> hop_names = {
    "name",     "port", "tls",        "http",       "identify", "schemes", "clock",
    "password", "spn",  "encryption", "generation", "quotas",   "rights",  "namespace"};
constexpr std::array<std::string_view, 4> state_names = {"passed", "warning", "failed", "skipped"};
constexpr std::array<std::string_view, 3> host_names = {"all", "ws2008r2sp1", "ws2012_and_later"};

std::vector<std::string> secrets_of(const HostAddress& address)
{
    return {address.password,
            auth::base64_encode(fmt::format("{}:{}", address.user, address.password)),
            auth::base64_encode(address.password)};
}

} // namespace

std::string_view header_scheme(LogonScheme scheme) noexcept
{
    switch (scheme) {
    case LogonScheme::basic:
        return "Basic";
    case LogonScheme::ntlm:
        return "Negotiate";
    case LogonScheme::kerberos:
        return "Kerberos";
    case LogonScheme::certificate:
        return "Certificate";
    }
    return "Negotiate";
}

std::optional<HopId> hop_of(const Error& error)
{
    static const std::vector<std::pair<Message, HopId>> known = {
        {message::kerberos_clock_skew{}, HopId::clock},
        {message::kerberos_service_unknown{}, HopId::spn},
        {message::kerberos_service_key_wrong{}, HopId::spn},
        {message::kerberos_ticket_refused{}, HopId::spn},
        {message::kerberos_needs_host_name{}, HopId::spn},
        {message::host_not_proven{}, HopId::spn},
        {message::basic_needs_encryption{}, HopId::schemes},
        {message::certificate_needs_tls{}, HopId::schemes},
        {message::scheme_not_offered{}, HopId::schemes},
        {message::sealing_not_agreed{}, HopId::encryption},
        {message::encryption_required{}, HopId::encryption},
        {message::body_not_sealed{}, HopId::encryption},
        {message::tls_client_certificate_refused{}, HopId::tls},
        {message::wsman_service_busy{}, HopId::http},
        {message::wsman_quota{}, HopId::quotas},
        {message::wmi_access_denied{}, HopId::rights},
    };
    for (const auto& [message, hop] : known) {
        if (message.code == error.code()) {
            return hop;
        }
    }
    if (error.code().starts_with("sealed_body_")) {
        return HopId::encryption;
    }
    return error.kind() == ErrorKind::exhausted ? std::optional{HopId::quotas} : std::nullopt;
}

Task<std::optional<Error>> failure_of(Task<> task)
{
    try {
        co_await std::move(task);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            throw;
        }
        co_return error;
    }
    co_return std::nullopt;
}

std::string joined(const std::vector<std::string>& words)
{
    return words.empty() ? std::string{"-"} : fmt::format("{}", fmt::join(words, ", "));
}

DoctorWalk::DoctorWalk(net::Network& network, Clock& clock, Random& random, HostAddress address,
                       Logons& logons, Deadline deadline)
    : network_(network),
      clock_(clock),
      random_(random),
      address_(std::move(address)),
      logons_(logons),
      deadline_(deadline),
      trace_(clock, secrets_of(address_)),
      lap_(clock.steady())
{
    made_.at = clock.now();
    made_.endpoint = address_.endpoint;
    made_.name = host_name();
    made_.user = address_.user;
    made_.scheme = address_.scheme;
    made_.tls = address_.tls.has_value();
    for (const HopId id : all_hops) {
        made_.hops.push_back({.id = id, .seen = message::doctor_not_reached{}});
    }
}

Task<Diagnosis> DoctorWalk::run()
{
    if (co_await reach() && co_await look_at_tls() && co_await ask_as_nobody() && may_log_on()) {
        co_await log_on();
    }
    made_.exchange = trace_.take();
    co_return std::move(made_);
}

Hop& DoctorWalk::tell(HopId id, HopState state, Message seen, PeerSays peer)
{
    Hop& hop = made_.hops.at(static_cast<std::size_t>(id));
    hop.state = state;
    hop.took += clock_.steady() - std::exchange(lap_, clock_.steady());
    hop.peer = std::move(peer);
    if (state == HopState::failed || state == HopState::warning) {
        hop.remedy = remedy_for(seen.code);
        hop.commands =
            commands_for(seen.code, {.port = address_.endpoint.port,
                                     .name = host_name(),
                                     .user = address_.user,
                                     .scheme = std::string{header_scheme(address_.scheme)},
                                     .tls = address_.tls.has_value(),
                                     .hosts = hosts_});
    }
    hop.seen = std::move(seen);
    return hop;
}

/// Gives false, for whoever asks whether to go on.
bool DoctorWalk::fail(HopId id, Message seen)
{
    tell(id, HopState::failed, std::move(seen));
    return false;
}

bool DoctorWalk::fail(HopId at, const Error& error)
{
    trace_.note_failure(error);
    tell(hop_of(error).value_or(at), HopState::failed, error.message(), error.peer());
    return false;
}

std::string_view to_string(HopId hop) noexcept
{
    return hop_names.at(static_cast<std::size_t>(hop));
}

std::string_view to_string(HopState state) noexcept
{
    return state_names.at(static_cast<std::size_t>(state));
}

std::string_view to_string(CommandFor hosts) noexcept
{
    return host_names.at(static_cast<std::size_t>(hosts));
}

bool Diagnosis::healthy() const noexcept
{
    return std::ranges::none_of(hops, [](const Hop& hop) { return hop.state == HopState::failed; });
}

Task<Diagnosis> diagnose(net::Network& network, Clock& clock, Random& random, HostAddress address,
                         Logons& logons, Deadline deadline)
{
    DoctorWalk walk{network, clock, random, std::move(address), logons, deadline};
    co_return co_await walk.run();
}

} // namespace watari::hyperv
