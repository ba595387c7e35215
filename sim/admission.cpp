#include "sim/admission.hpp"

#include "cim/value.hpp"

#include <utility>

namespace watari::sim {

namespace {

class Admission final : public http::AdmissionGuard
{
public:
    explicit Admission(std::unique_ptr<auth::ServerScheme> scheme) : scheme_(std::move(scheme)) {}

    std::optional<http::Response> admit(http::Request& request, http::Caller& caller) override
    {
        const auto authorization = request.headers.get("Authorization");
        const auto identify = request.headers.get("WSMANIDENTIFY");
        if (!authorization && identify && cim::same_name(*identify, "unauthenticated")) {
            return std::nullopt;
        }
        const auth::ServerScheme::Verdict verdict = scheme_->check(authorization);
        if (!verdict.admitted) {
            http::Response refusal;
            refusal.status = 401;
            for (const std::string& challenge : verdict.challenges) {
                refusal.headers.add("WWW-Authenticate", challenge);
            }
            return refusal;
        }
        caller.account = verdict.account;
        auth::Body body{.content_type =
                            std::string{request.headers.get("Content-Type").value_or("")},
                        .bytes = std::move(request.body)};
        scheme_->unseal(body);
        request.headers.set("Content-Type", body.content_type);
        request.body = std::move(body.bytes);
        return std::nullopt;
    }

    void protect(http::Response& response) override
    {
        if (response.body.empty()) {
            return;
        }
        auth::Body body{.content_type =
                            std::string{response.headers.get("Content-Type").value_or("")},
                        .bytes = std::move(response.body)};
        scheme_->seal(body);
        response.headers.set("Content-Type", body.content_type);
        response.body = std::move(body.bytes);
    }

private:
    std::unique_ptr<auth::ServerScheme> scheme_;
};

} // namespace

std::unique_ptr<http::AdmissionGuard> admission(const auth::MakeServerScheme& make_scheme,
                                                const net::Security& security)
{
    return std::make_unique<Admission>(
        make_scheme({.encrypted = security.encrypted,
                     .server_end_point = security.server_end_point,
                     .peer_certificate_sha256 = security.peer_fingerprint}));
}

} // namespace watari::sim
