#include "hyperv/connect/doctor_walk.hpp"

#include "http/codec.hpp"
#include "http/http_date.hpp"
#include "hyperv/connect/probe.hpp"
#include "messages/auth.hpp"
#include "messages/doctor.hpp"
#include "messages/net.hpp"
#include "messages/wsman.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

// Name, port, TLS, and what the host tells anybody.

namespace watari::hyperv {

namespace {

/// Kerberos in Windows domains tolerates it (MaxClockSkew).
constexpr std::chrono::seconds skew_max{300};

bool is_about_the_name(const Error& error)
{
    const Message unknown = message::name_not_found{};
    const Message unasked = message::name_service_failed{};
    return error.code() == unknown.code || error.code() == unasked.code;
}

bool is_ip_address(std::string_view address)
{
    return address.find(':') != std::string_view::npos ||
           address.find_first_not_of("0123456789.") == std::string_view::npos;
}

} // namespace

Task<> DoctorWalk::touch()
{
    const auto stream = co_await network_.connect(address_.endpoint, within(doctor_connect_max));
    reached_ = stream->peer().address;
}

Task<bool> DoctorWalk::reach()
{
    const std::string& address = address_.endpoint.address;
    const bool is_number = is_ip_address(address);
    const auto failure = co_await failure_of(touch());
    const bool is_about_name = failure && is_about_the_name(*failure);
    if (is_about_name) {
        co_return fail(HopId::name, *failure);
    }
    if (is_number) {
        skip(HopId::name, message::doctor_name_is_address{.address = address});
    } else {
        pass(HopId::name, message::doctor_name_resolved{
                              .address = reached_.empty() ? "?" : reached_, .name = address});
    }
    if (failure) {
        co_return fail(HopId::port, *failure);
    }
    pass(HopId::port, message::doctor_port_open{.endpoint = address_.endpoint.text()});
    co_return true;
}

Task<> DoctorWalk::shake(net::TlsClientOptions options)
{
    const auto tls = net::tls_network(network_, clock_, std::move(options));
    const auto stream = co_await tls->connect(address_.endpoint, within(doctor_connect_max));
    security_ = stream->security();
}

/// A certificate that is not trusted is looked at once more, so that it can be shown, and the
/// questions that anybody may ask are asked over it.
Task<bool> DoctorWalk::look_at_tls()
{
    if (!address_.tls) {
        skip(HopId::tls, message::doctor_tls_not_used{});
        co_return true;
    }
    const auto failure = co_await failure_of(shake(*address_.tls));
    if (failure) {
        fail(HopId::tls, *failure);
        const bool is_about_trust = failure->kind() == ErrorKind::unauthenticated &&
                                    address_.tls->trust != net::TlsTrust::nothing;
        if (!is_about_trust) {
            co_return false;
        }
        trusted_ = false;
        address_.tls->trust = net::TlsTrust::nothing;
        if (co_await failure_of(shake(*address_.tls))) {
            co_return false;
        }
        Hop& hop = made_.hops.at(static_cast<std::size_t>(HopId::tls));
        hop.remedy = message::doctor_tls_shown{.fingerprint = security_.peer_fingerprint,
                                               .protocol = security_.protocol,
                                               .subject = security_.peer_subject};
        co_return true;
    }
    if (address_.tls->trust == net::TlsTrust::nothing) {
        warn(HopId::tls, message::doctor_tls_unchecked{.fingerprint = security_.peer_fingerprint,
                                                       .protocol = security_.protocol,
                                                       .subject = security_.peer_subject});
        co_return true;
    }
    pass(HopId::tls, message::doctor_tls_trusted{.fingerprint = security_.peer_fingerprint,
                                                 .protocol = security_.protocol,
                                                 .subject = security_.peer_subject});
    co_return true;
}

http::ClientOptions DoctorWalk::options_of_nobody()
{
    http::ClientOptions options{.connections_max = 1,
                                .response_bytes_max = doctor_answer_bytes_max,
                                .tls = address_.tls,
                                .make_guard = trace_.listen({})};
    return options;
}

http::Request DoctorWalk::question(bool identify)
{
    http::Request request{.method = "POST", .target = "/wsman"};
    request.headers.set("Content-Type", std::string{wsman::names::content_type});
    if (identify) { // wsman.md 1.4
        request.headers.set("WSMANIDENTIFY", "unauthenticated");
        request.body = wsman::encode(wsman::Request{{}, wsman::Identify{}});
    }
    return request;
}

Task<> DoctorWalk::identify_as_nobody(http::Client& client)
{
    identified_ = co_await client.send(question(true), within(doctor_answer_max));
}

Task<> DoctorWalk::ask_for_schemes(http::Client& client)
{
    refused_ = co_await client.send(question(false), within(doctor_answer_max));
    trace_.answered(trace_.size() - 1, refused_); // which the guard did not see
}

Task<bool> DoctorWalk::ask_as_nobody()
{
    http::Client client{network_, clock_, address_.endpoint, options_of_nobody()};
    if (const auto failure = co_await failure_of(identify_as_nobody(client))) {
        co_return fail(HopId::http, *failure);
    }
    if (!judge_identify()) {
        co_return false;
    }
    if (const auto failure = co_await failure_of(ask_for_schemes(client))) {
        co_return fail(HopId::schemes, *failure);
    }
    const bool is_offered = judge_schemes();
    judge_clock(identified_);
    co_return is_offered;
}

bool DoctorWalk::judge_identify()
{
    const int status = identified_.status;
    if (status == 404) {
        return fail(HopId::http, message::doctor_wrong_prefix{});
    }
    if (status == 503) {
        return fail(HopId::http, message::wsman_service_busy{});
    }
    if (status != 200 && status != 401 && status != 500) {
        return fail(HopId::http, message::doctor_http_failed{.status = std::to_string(status)});
    }
    const std::string server{identified_.headers.get("Server").value_or("-")};
    pass(HopId::http, message::doctor_http_answers{.server = server});
    if (status != 200) {
        warn(HopId::identify,
             message::doctor_identify_wants_logon{.status = std::to_string(status)});
        return true;
    }
    try {
        const auto answer = wsman::decode_response(identified_.body, cim::untyped());
        const auto* identity = std::get_if<wsman::IdentifyResponse>(&answer.body);
        if (identity == nullptr) {
            return fail(HopId::identify,
                        message::wsman_bad_answer{.why = "no IdentifyResponse is in it"});
        }
        const auto at = identity->product_version.find("Stack:");
        const std::string stack = at == std::string::npos
                                      ? identity->product_version
                                      : identity->product_version.substr(at + 7);
        if (is_stack_2(stack)) {
            hosts_ = CommandFor::ws2008r2sp1;
        }
        pass(HopId::identify, message::doctor_identify_answers{.stack = stack});
        return true;
    } catch (const Error& error) {
        return fail(HopId::identify, error);
    }
}

void DoctorWalk::judge_clock(const http::Response& answer)
{
    const auto date = answer.headers.get("Date");
    const auto theirs = date ? http::http_date_from(*date) : std::nullopt;
    if (!theirs) {
        skip(HopId::clock, message::doctor_clock_unknown{});
        return;
    }
    const auto seconds = std::chrono::round<std::chrono::seconds>(*theirs - clock_.now());
    const std::string text = fmt::format("{:+}", seconds.count());
    if (std::chrono::abs(seconds) <= skew_max) {
        pass(HopId::clock, message::doctor_clock_right{.seconds = text});
    } else if (address_.scheme == LogonScheme::kerberos) {
        fail(HopId::clock, message::doctor_clock_wrong{.seconds = text});
    } else {
        warn(HopId::clock, message::doctor_clock_wrong{.seconds = text});
    }
}

bool DoctorWalk::judge_schemes()
{
    std::vector<std::string> offered;
    for (const std::string_view challenge : refused_.headers.all("WWW-Authenticate")) {
        offered.emplace_back(challenge.substr(0, challenge.find(' ')));
    }
    const std::string scheme{header_scheme(address_.scheme)};
    if (address_.scheme == LogonScheme::certificate) {
        pass(HopId::schemes, message::doctor_schemes_certificate{.offered = joined(offered)});
        return true;
    }
    if (refused_.status != 401) {
        return fail(HopId::schemes, message::doctor_schemes_none{});
    }
    const bool is_offered = std::ranges::any_of(
        offered, [&](const std::string& other) { return http::same_ignoring_case(other, scheme); });
    if (!is_offered) {
        return fail(HopId::schemes,
                    message::scheme_not_offered{.offered = joined(offered), .scheme = scheme});
    }
    pass(HopId::schemes,
         message::doctor_schemes_offered{.offered = joined(offered), .scheme = scheme});
    return true;
}

/// Kerberos with a wrong clock would be refused; a password goes to nobody who is not trusted.
bool DoctorWalk::may_log_on()
{
    if (!trusted_) {
        skip(HopId::password, message::doctor_password_kept{});
        return false;
    }
    return made_.hop(HopId::clock).state != HopState::failed;
}

} // namespace watari::hyperv
