#pragma once

#include "hyperv/connect/connect.hpp"
#include "hyperv/connect/logons.hpp"
#include "programs/watari/commands.hpp"
#include "wsman/client/session.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace watari::cli {

/// What the command line says about a host that is spoken to without watarid.
struct DirectFlags {
    std::string host; ///< HOST, HOST:PORT or URL
    bool tls = false;
    std::string ca_file;
    std::string fingerprint;
    bool insecure_tls = false;
    std::optional<std::string> scheme; ///< absent: by what else is given, else NTLM
    std::string user = "Administrator";
    std::string password_file;
    std::string keytab;
    std::string certificate_file;
    std::string key_file;
    std::string name;
    bool basic_in_the_clear = false;
    std::optional<std::int64_t> timeout_seconds;
};

/// HOST and the options that say how to reach it.
void add_direct_options(Verb& verb, DirectFlags& flags);

/// Reads or asks for the password. Warns on standard error where nobody checks who answers. Throws
/// invalid for what does not go together or cannot be read.
hyperv::HostAddress direct_address(const Session& session, const DirectFlags& flags);

/// As --timeout says.
std::chrono::seconds direct_timeout(const DirectFlags& flags);

/// The first line of the file; "-" is standard input.
std::string password_in(const std::string& path);
/// From the terminal, unseen. Throws invalid (message::cli_password_needed) where there is none.
std::string asked_password(const Session& session, const std::string& user,
                           const std::string& host);

/// A WS-Management session with one host.
class DirectHost
{
public:
    /// `options.to` and `options.types_of` are given defaults; `wrap` may put something around each
    /// connection's guard. `session` outlives it.
    using WrapGuard = std::function<http::MakeConnectionGuard(http::MakeConnectionGuard)>;
    DirectHost(Session& session, hyperv::HostAddress address, wsman::SessionOptions options = {},
               const WrapGuard& wrap = {});

    wsman::Session& wsman() noexcept { return *wsman_; }
    const hyperv::HostAddress& address() const noexcept { return address_; }

private:
    hyperv::HostAddress address_;
    hyperv::Logons logons_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<wsman::Session> wsman_;
};

} // namespace watari::cli
