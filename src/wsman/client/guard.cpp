#include "wsman/client/guard.hpp"

#include "auth/multipart.hpp"
#include "messages/auth.hpp"
#include "messages/wsman.hpp"
#include "wsman/codec/names.hpp"

#include <utility>

namespace watari::wsman {

namespace {

/// NTLM needs two legs, Kerberos one or two, SPNEGO one more: a server that goes on for longer
/// plays with us.
constexpr int legs_max = 8;
constexpr std::string_view content_type = "Content-Type";

[[noreturn]] void throw_refused(int status)
{
    throw Error{ErrorKind::unauthenticated,
                message::authentication_refused{},
                {.code = static_cast<std::uint32_t>(status)}};
}

/// What else goes wrong in a logon says nothing against the password.
bool is_about_password(const Error& error)
{
    const Message by_host = message::authentication_refused{};
    const Message by_kdc = message::kerberos_password_refused{.user = {}};
    return error.code() == by_host.code || error.code() == by_kdc.code;
}

std::vector<std::string> challenges_of(const http::Response& answer)
{
    std::vector<std::string> challenges;
    for (const std::string_view value : answer.headers.all("WWW-Authenticate")) {
        challenges.emplace_back(value);
    }
    return challenges;
}

class Guard final : public http::ConnectionGuard
{
public:
    Guard(std::unique_ptr<auth::ClientScheme> scheme, GuardShares shares)
        : scheme_(std::move(scheme)), shares_(std::move(shares))
    {
    }

    Task<> establish(http::Exchange& exchange, Deadline deadline) override;
    void protect(http::Request& request) override;
    void unprotect(http::Response& response) override;
    bool refused() override;

private:
    Task<std::optional<std::string>> next(std::vector<std::string> challenges, Deadline deadline);
    Task<int> shake(http::Exchange& exchange, Deadline deadline);
    Task<> take_turn(Deadline deadline);
    void count_refusal();
    void accepted();

    std::shared_ptr<auth::ClientScheme> scheme_;
    GuardShares shares_;
    std::optional<Semaphore::Permit> turn_; ///< of shares_.tries, until the host has judged
    bool answered_ = false;                 ///< a request on this connection, and not with 401
};

/// Without a handshake the password goes with the first request: the turn lasts until its answer.
Task<> Guard::take_turn(Deadline deadline)
{
    if (!shares_.tries) {
        co_return;
    }
    shares_.tries->check(*shares_.clock);
    if (!scheme_->has_handshake() && shares_.tries->proven()) {
        co_return;
    }
    turn_ = co_await shares_.tries->turn(*shares_.clock, deadline);
    if (!scheme_->has_handshake() && shares_.tries->proven()) {
        turn_.reset();
    }
}

void Guard::count_refusal()
{
    if (shares_.tries) {
        shares_.tries->refused(*shares_.clock);
    }
    turn_.reset();
}

void Guard::accepted()
{
    if (shares_.tries) {
        shares_.tries->accepted();
    }
    turn_.reset();
}

Task<std::optional<std::string>> Guard::next(std::vector<std::string> challenges, Deadline deadline)
{
    const auto realm = scheme_->may_block();
    if (!realm || shares_.kdc_waits == nullptr) {
        co_return scheme_->next(challenges);
    }
    co_return co_await shares_.kdc_waits->next(scheme_, *realm, std::move(challenges), deadline);
}

/// Legs carry an empty body, and the first message follows when the keys exist (wsman.md 10.2).
Task<int> Guard::shake(http::Exchange& exchange, Deadline deadline)
{
    std::vector<std::string> challenges;
    int status = 401;
    for (int leg = 0; leg < legs_max; ++leg) {
        const auto authorization = co_await next(challenges, deadline);
        if (!authorization) {
            break;
        }
        http::Request request{.method = "POST", .target = "/wsman"};
        request.headers.set(content_type, std::string{names::content_type});
        request.headers.set("Authorization", *authorization);
        const http::Response answer = co_await exchange.send(std::move(request), deadline);
        status = answer.status;
        challenges = challenges_of(answer);
        if (status == 503) {
            throw Error{ErrorKind::unavailable,
                        message::wsman_service_busy{},
                        {.code = static_cast<std::uint32_t>(status)}};
        }
        if (status != 401) { // the last token of the host, for mutual authentication
            co_await next(challenges, deadline);
            break;
        }
    }
    co_return status;
}

Task<> Guard::establish(http::Exchange& exchange, Deadline deadline)
{
    co_await take_turn(deadline);
    if (!scheme_->has_handshake()) {
        co_return;
    }
    int status = 401;
    try {
        status = co_await shake(exchange, deadline);
    } catch (const Error& error) {
        if (is_about_password(error)) {
            count_refusal();
        }
        turn_.reset();
        throw;
    }
    if (!scheme_->established() || status == 401) {
        count_refusal();
        throw_refused(status);
    }
    accepted();
}

/// Before a first answer it is the credentials; later the host has forgotten them (10.2).
bool Guard::refused()
{
    if (scheme_->has_handshake() && answered_) {
        return true;
    }
    count_refusal();
    return false;
}

void Guard::protect(http::Request& request)
{
    if (const auto authorization = scheme_->per_request()) {
        request.headers.set("Authorization", *authorization);
    }
    auth::Body body{std::string{request.headers.get(content_type).value_or("")},
                    std::move(request.body)};
    scheme_->seal(body);
    request.headers.set(content_type, std::move(body.content_type));
    request.body = std::move(body.bytes);
}

/// Some answers come in the clear even on a sealed connection: 413 and early errors (10.4); the
/// content type tells. Their status counts and not their words: anybody on the way can write those.
/// A 500 in the clear says that the host wants bodies sealed (10.7), which after a sealed answer or
/// with words of its own is not the host's. What an unsealed 200 means is for the scheme to say.
void Guard::unprotect(http::Response& response)
{
    turn_.reset();
    const bool had_answer = std::exchange(answered_, true);
    const std::string_view type = response.headers.get(content_type).value_or("");
    if (response.status != 200 && !auth::is_sealed(type)) {
        if (scheme_->seals()) {
            if (response.status == 500 && (had_answer || !response.body.empty())) {
                throw Error{ErrorKind::outcome_unknown, message::body_not_sealed{}};
            }
            response.body.clear();
        }
        return;
    }
    if (!scheme_->has_handshake()) {
        accepted();
    }
    auth::Body body{std::string{type}, std::move(response.body)};
    scheme_->unseal(body);
    response.headers.set(content_type, std::move(body.content_type));
    response.body = std::move(body.bytes);
}

} // namespace

http::MakeConnectionGuard client_guard(auth::MakeClientScheme make_scheme, GuardShares shares)
{
    return [make_scheme = std::move(make_scheme), shares = std::move(shares)](
               const net::Security& security) -> std::unique_ptr<http::ConnectionGuard> {
        return std::make_unique<Guard>(
            make_scheme({.encrypted = security.encrypted,
                         .server_end_point = security.server_end_point,
                         .peer_certificate_sha256 = security.peer_fingerprint}),
            shares);
    };
}

} // namespace watari::wsman
