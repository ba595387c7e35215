#include "programs/watari/direct_host.hpp"

#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "schema/catalogue.hpp"

#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

namespace watari::cli {

namespace {

using hyperv::LogonScheme;

constexpr std::uint16_t port_plain = 5985;
constexpr std::uint16_t port_tls = 5986;
constexpr std::int64_t timeout_default = 60;

struct Target {
    net::Endpoint endpoint;
    bool tls = false;
};

/// "host", "host:port", "[v6]:port", "http://host:port/wsman", "https://host".
Target target_from(const std::string& given, bool tls)
{
    constexpr std::string_view plain = "http://";
    constexpr std::string_view secure = "https://";
    constexpr std::string_view path = "/wsman";
    std::string_view text{given};
    if (text.starts_with(secure)) {
        text.remove_prefix(secure.size());
        tls = true;
    } else if (text.starts_with(plain)) {
        text.remove_prefix(plain.size());
        tls = false;
    }
    if (text.ends_with(path)) {
        text.remove_suffix(path.size());
    }
    while (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    const bool is_plausible =
        !text.empty() && text.find_first_of("/?#@ ") == std::string_view::npos;
    auto endpoint = is_plausible ? net::endpoint_from(text) : std::nullopt;
    if (is_plausible && !endpoint) {
        endpoint = net::endpoint_from(std::string{text} + ":" +
                                      std::to_string(tls ? port_tls : port_plain));
    }
    if (!endpoint) {
        throw Error{ErrorKind::invalid, message::cli_host_not_understood{.host = given}};
    }
    return {*endpoint, tls};
}

/// Nothing is shown while it is typed, and the terminal is as before whatever happens.
class QuietTerminal
{
public:
    QuietTerminal()
    {
        if (tcgetattr(STDIN_FILENO, &before_) == 0) {
            termios quiet = before_;
            quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
        }
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal()
    {
        if (changed_) {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        }
    }

    bool is_quiet() const noexcept { return changed_; }

private:
    termios before_{};
    bool changed_ = false;
};

LogonScheme scheme_of(const DirectFlags& flags)
{
    if (flags.scheme) {
        return hyperv::logon_scheme_from(*flags.scheme).value_or(LogonScheme::ntlm);
    }
    if (!flags.certificate_file.empty()) {
        return LogonScheme::certificate;
    }
    return flags.keytab.empty() ? LogonScheme::ntlm : LogonScheme::kerberos;
}

net::TlsClientOptions tls_of(const Session& session, const DirectFlags& flags,
                             const net::Endpoint& endpoint)
{
    net::TlsClientOptions tls{.fingerprint = flags.fingerprint,
                              .server_name = flags.name,
                              .certificate_file = flags.certificate_file,
                              .key_file = flags.key_file};
    if (!flags.ca_file.empty()) {
        tls.ca_files = {flags.ca_file};
    }
    if (flags.insecure_tls) {
        tls.trust = net::TlsTrust::nothing;
        session.note(message::cli_tls_not_checked{.host = endpoint.text()});
    } else if (!flags.fingerprint.empty()) {
        tls.trust = net::TlsTrust::fingerprint;
    }
    return tls;
}

void check_combination(const DirectFlags& flags, const Target& target, LogonScheme scheme)
{
    const bool says_tls = !flags.ca_file.empty() || !flags.fingerprint.empty() ||
                          flags.insecure_tls || !flags.certificate_file.empty();
    if (says_tls && !target.tls) {
        throw Error{ErrorKind::invalid, message::cli_tls_options_without_tls{}};
    }
    if (!flags.keytab.empty() && scheme != LogonScheme::kerberos) {
        throw Error{ErrorKind::invalid, message::cli_keytab_without_kerberos{}};
    }
    if (scheme == LogonScheme::certificate &&
        (flags.certificate_file.empty() || flags.key_file.empty())) {
        throw Error{ErrorKind::invalid, message::cli_certificate_needed{}};
    }
}

} // namespace

std::string asked_password(const Session& session, const std::string& user, const std::string& host)
{
    if (isatty(STDIN_FILENO) != 1) {
        throw Error{ErrorKind::invalid, message::cli_password_needed{}};
    }
    std::string password;
    {
        const QuietTerminal quiet;
        if (!quiet.is_quiet()) {
            throw Error{ErrorKind::invalid, message::cli_password_needed{}};
        }
        session.err(render(message::cli_password_for{.user = user, .host = host},
                           session.options.language) +
                    " ");
        std::getline(std::cin, password);
    }
    session.err("\n");
    if (password.empty()) {
        throw Error{ErrorKind::invalid, message::cli_password_needed{}};
    }
    return password;
}

std::string password_in(const std::string& path)
{
    std::string password;
    std::ifstream file;
    if (path != "-") {
        file.open(path);
    }
    std::getline(path == "-" ? std::cin : file, password);
    if (password.ends_with('\r')) {
        password.pop_back();
    }
    if (password.empty()) {
        throw Error{ErrorKind::invalid, message::cli_password_file_unreadable{.path = path}};
    }
    return password;
}

void add_direct_options(Verb& verb, DirectFlags& flags)
{
    verb.needs("HOST", flags.host, message::help_direct_host{})
        .flag("--tls", flags.tls, message::help_direct_tls{})
        .option("--ca-file", flags.ca_file, message::help_direct_ca_file{})
        .option("--fingerprint", flags.fingerprint, message::help_direct_fingerprint{})
        .flag("--insecure-tls", flags.insecure_tls, message::help_direct_insecure_tls{})
        .one_of("--scheme", flags.scheme, {"basic", "ntlm", "kerberos", "certificate"},
                message::help_direct_scheme{})
        .option("--user", flags.user, message::help_host_user{})
        .option("--password-file", flags.password_file, message::help_direct_password_file{})
        .option("--keytab", flags.keytab, message::help_direct_keytab{})
        .option("--certificate", flags.certificate_file, message::help_direct_certificate{})
        .option("--key", flags.key_file, message::help_direct_key{})
        .option("--name", flags.name, message::help_direct_name{})
        .flag("--basic-in-the-clear", flags.basic_in_the_clear, message::help_direct_in_the_clear{})
        .number("--timeout", flags.timeout_seconds, message::help_direct_timeout{});
}

hyperv::HostAddress direct_address(const Session& session, const DirectFlags& flags)
{
    const Target target = target_from(flags.host, flags.tls);
    const LogonScheme scheme = scheme_of(flags);
    check_combination(flags, target, scheme);
    hyperv::HostAddress address{.endpoint = target.endpoint,
                                .user = flags.user,
                                .scheme = scheme,
                                .basic_in_the_clear = flags.basic_in_the_clear,
                                .name = flags.name,
                                .keytab = flags.keytab};
    if (target.tls) {
        address.tls = tls_of(session, flags, target.endpoint);
    }
    if (!flags.password_file.empty()) {
        address.password = password_in(flags.password_file);
    } else if (scheme != LogonScheme::certificate && flags.keytab.empty()) {
        address.password = asked_password(session, flags.user, target.endpoint.text());
    }
    return address;
}

std::chrono::seconds direct_timeout(const DirectFlags& flags)
{
    return std::chrono::seconds{flags.timeout_seconds.value_or(timeout_default)};
}

DirectHost::DirectHost(Session& session, hyperv::HostAddress address, wsman::SessionOptions options,
                       const WrapGuard& wrap)
    : address_(std::move(address)), logons_(session.clock, &session.blocking)
{
    http::ClientOptions connections = logons_.client_options(address_, "");
    if (wrap) {
        connections.make_guard = wrap(std::move(connections.make_guard));
    }
    if (options.to.empty()) {
        options.to = std::string{address_.tls ? "https://" : "http://"} + address_.endpoint.text() +
                     "/wsman";
    }
    if (!options.types_of) {
        options.types_of = [](std::string_view ns) -> const cim::TypeSource& {
            const auto* catalogue = schema::Catalogue::any(ns);
            return catalogue != nullptr ? *catalogue : cim::untyped();
        };
    }
    client_ = std::make_unique<http::Client>(session.network, session.clock, address_.endpoint,
                                             std::move(connections));
    wsman_ = std::make_unique<wsman::Session>(*client_, session.clock, session.random,
                                              std::move(options));
}

} // namespace watari::cli
