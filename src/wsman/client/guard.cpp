#include "wsman/client/guard.hpp"

#include "messages/wsman.hpp"
#include "wsman/codec/names.hpp"

#include <utility>

namespace watari::wsman {

namespace {

/// NTLM needs two legs, Kerberos one or two, SPNEGO one more: a server that goes on for longer
/// plays with us.
constexpr int legs_max = 8;
constexpr std::string_view content_type = "Content-Type";

[[noreturn]] void refused(int status)
{
    throw Error{ErrorKind::unauthenticated,
                message::authentication_refused{},
                {.code = static_cast<std::uint32_t>(status)}};
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
    explicit Guard(std::unique_ptr<auth::ClientScheme> scheme) : scheme_(std::move(scheme)) {}

    Task<> establish(http::Exchange& exchange, Deadline deadline) override;
    void protect(http::Request& request) override;
    void unprotect(http::Response& response) override;

private:
    std::unique_ptr<auth::ClientScheme> scheme_;
};

/// Legs carry an empty body, and the first message follows when the keys exist (wsman.md 10.2).
Task<> Guard::establish(http::Exchange& exchange, Deadline deadline)
{
    if (!scheme_->has_handshake()) {
        co_return;
    }
    std::vector<std::string> challenges;
    int status = 401;
    for (int leg = 0; leg < legs_max; ++leg) {
        const auto authorization = scheme_->next(challenges);
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
        if (status != 401) {
            scheme_->next(challenges); // the last token of the host, for mutual authentication
            break;
        }
    }
    if (!scheme_->established() || status == 401) {
        refused(status);
    }
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

/// Some answers come in the clear even on a sealed connection: 401, 413 and early errors (10.4);
/// the content type tells. What an unsealed 200 means is for the scheme to say.
void Guard::unprotect(http::Response& response)
{
    if (response.status == 401) {
        refused(response.status);
    }
    const std::string_view type = response.headers.get(content_type).value_or("");
    if (response.status != 200 && !type.starts_with("multipart/")) {
        return;
    }
    auth::Body body{std::string{type}, std::move(response.body)};
    scheme_->unseal(body);
    response.headers.set(content_type, std::move(body.content_type));
    response.body = std::move(body.bytes);
}

} // namespace

http::MakeConnectionGuard client_guard(auth::MakeClientScheme make_scheme)
{
    return [make_scheme = std::move(make_scheme)](
               const net::Security& security) -> std::unique_ptr<http::ConnectionGuard> {
        return std::make_unique<Guard>(
            make_scheme({.encrypted = security.encrypted,
                         .server_end_point = security.server_end_point,
                         .peer_certificate_sha256 = security.peer_fingerprint}));
    };
}

} // namespace watari::wsman
