#include "hyperv/connect/logons.hpp"

#include "auth/negotiate.hpp"
#include "core/log.hpp"
#include "hyperv/connect/probe.hpp"
#include "wsman/client/guard.hpp"

#include <array>
#include <utility>

namespace watari::hyperv {

namespace {

constexpr std::array<std::pair<LogonScheme, std::string_view>, 4> scheme_names = {{
    {LogonScheme::basic, "basic"},
    {LogonScheme::ntlm, "ntlm"},
    {LogonScheme::kerberos, "kerberos"},
    {LogonScheme::certificate, "certificate"},
}};

auth::MakeClientScheme scheme_for(const HostAddress& address)
{
    const std::string& name = address.name.empty() ? address.endpoint.address : address.name;
    switch (address.scheme) {
    case LogonScheme::basic:
        return auth::basic_client(
            {.user = address.user, .password = auth::Secret{address.password}},
            address.basic_in_the_clear || net::is_loopback(address.endpoint.address)
                ? auth::InTheClear::allowed
                : auth::InTheClear::refused);
    case LogonScheme::certificate:
        return auth::certificate_client();
    case LogonScheme::ntlm:
    case LogonScheme::kerberos:
        break;
    }
    return auth::negotiate_client({.mechanism = address.scheme == LogonScheme::kerberos
                                                    ? auth::Mechanism::kerberos
                                                    : auth::Mechanism::ntlm,
                                   .user = address.user,
                                   .password = auth::Secret{address.password},
                                   .keytab = address.keytab,
                                   .host = name});
}

} // namespace

std::optional<LogonScheme> logon_scheme_from(std::string_view name) noexcept
{
    for (const auto& [scheme, its_name] : scheme_names) {
        if (its_name == name) {
            return scheme;
        }
    }
    return std::nullopt;
}

std::string_view to_string(LogonScheme scheme) noexcept
{
    return scheme_names.at(static_cast<std::size_t>(scheme)).second;
}

Logons::Logons(Clock& clock, Pool* blocking) : clock_(clock)
{
    if (blocking != nullptr) {
        kdc_waits_.emplace(*blocking, clock);
    }
}

http::ClientOptions Logons::client_options(const HostAddress& address, const std::string& stack)
{
    if (address.tls && address.tls->trust == net::TlsTrust::nothing) {
        log::warn("host_certificate_not_checked", {{"host", address.endpoint.text()}});
    }
    wsman::GuardShares shares{
        .tries = address.scheme == LogonScheme::certificate
                     ? nullptr
                     : passwords_.of(address.endpoint.text(), address.user, address.password),
        .kdc_waits = kdc_waits_ ? &*kdc_waits_ : nullptr,
        .clock = &clock_};
    http::ClientOptions options{.tls = address.tls,
                                .make_guard =
                                    wsman::client_guard(scheme_for(address), std::move(shares))};
    // wsman.md 9: Stack 2.0 admits 25 connections in all, and counts idle ones for two minutes more.
    options.connections_max = is_stack_2(stack) ? 1 : 3;
    if (is_stack_2(stack)) {
        options.idle_max = std::chrono::seconds{10};
    }
    return options;
}

std::shared_ptr<wsman::HostQuota> Logons::quota_of(const HostAddress& address)
{
    std::erase_if(quotas_, [](const auto& known) { return known.second.expired(); });
    auto& known = quotas_[{address.endpoint, address.user}];
    auto quota = known.lock();
    if (!quota) {
        quota = std::make_shared<wsman::HostQuota>(clock_);
        known = quota;
    }
    return quota;
}

} // namespace watari::hyperv
