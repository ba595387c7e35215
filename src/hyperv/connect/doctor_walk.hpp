// For the sources of the doctor only.
#pragma once

#include "http/client.hpp"
#include "hyperv/connect/doctor.hpp"
#include "hyperv/connect/doctor_commands.hpp"
#include "hyperv/connect/doctor_trace.hpp"
#include "wsman/client/session.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv {

/// As WWW-Authenticate and WinRM's configuration name it.
std::string_view header_scheme(LogonScheme scheme) noexcept;
/// The hop an error speaks of, wherever it came up; nullopt: the one where it came up.
std::optional<HopId> hop_of(const Error& error);
/// How `task` failed; cancellation is thrown on.
Task<std::optional<Error>> failure_of(Task<> task);
/// With commas; "-" when there are none.
std::string joined(const std::vector<std::string>& words);

inline constexpr std::chrono::seconds doctor_connect_max{10};
inline constexpr std::chrono::seconds doctor_answer_max{30};
inline constexpr std::size_t doctor_answer_bytes_max = 4U << 20;

/// One diagnosis while it is made: doctor_reach.cpp walks as nobody, doctor_logon.cpp as the
/// account.
class DoctorWalk
{
public:
    DoctorWalk(net::Network& network, Clock& clock, Random& random, HostAddress address,
               Logons& logons, Deadline deadline);

    Task<Diagnosis> run();

private:
    // What is told.
    Hop& tell(HopId id, HopState state, Message seen, PeerSays peer = {});
    void pass(HopId id, Message seen) { tell(id, HopState::passed, std::move(seen)); }
    void skip(HopId id, Message seen) { tell(id, HopState::skipped, std::move(seen)); }
    void warn(HopId id, Message seen) { tell(id, HopState::warning, std::move(seen)); }
    bool fail(HopId id, Message seen);
    bool fail(HopId at, const Error& error);
    std::string host_name() const
    {
        return address_.name.empty() ? address_.endpoint.address : address_.name;
    }
    Deadline within(std::chrono::nanoseconds time) const
    {
        return deadline_.sooner(Deadline::after(clock_, time));
    }

    // The way, in order.
    Task<bool> reach();
    Task<bool> look_at_tls();
    Task<bool> ask_as_nobody();
    bool judge_schemes();
    bool may_log_on();
    Task<> log_on();
    Task<bool> look_at_generation(wsman::Session& session);
    Task<bool> look_at_quotas(http::Client& client);
    Task<> look_at_wmi(wsman::Session& session);

    // Steps of it.
    Task<> touch();
    Task<> shake(net::TlsClientOptions options);
    http::ClientOptions options_of_nobody();
    http::Request question(bool identify);
    Task<> identify_as_nobody(http::Client& client);
    Task<> ask_for_schemes(http::Client& client);
    bool judge_identify();
    void judge_clock(const http::Response& answer);
    void judge_logon_passed(const Error* later);
    Task<> read_identity(wsman::Session& session);
    Task<> read_config(http::Client& client);
    Task<> read_os(wsman::Session& session);
    Task<> find_service(wsman::Session& session, Namespace ns);

    net::Network& network_;
    Clock& clock_;
    Random& random_;
    HostAddress address_;
    Logons& logons_;
    Deadline deadline_;
    DoctorTrace trace_;
    Diagnosis made_;
    SteadyTime lap_{};
    std::optional<CommandFor> hosts_ = {};
    std::string reached_ = {};       ///< the IP address
    net::Security security_ = {};    ///< of the last handshake
    bool trusted_ = true;            ///< the certificate
    http::Response identified_ = {}; ///< nobody's
    http::Response refused_ = {};    ///< what names the schemes
    wsman::Identity identity_ = {};
    std::optional<cim::Instance> config_ = {};
    std::optional<cim::Instance> service_ = {};
    bool class_is_there_ = false;
};

} // namespace watari::hyperv
