#include "sim/admission.hpp"

#include "auth/multipart.hpp"
#include "cim/value.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::string_view content_type = "Content-Type";

http::Response bare(int status)
{
    http::Response response;
    response.status = status;
    return response;
}

void add_challenges(http::Response& response, const std::vector<std::string>& challenges)
{
    for (const std::string& challenge : challenges) {
        response.headers.add("WWW-Authenticate", challenge);
    }
}

bool is_identify_without_account(const http::Request& request)
{
    const auto identify = request.headers.get("WSMANIDENTIFY");
    return !request.headers.get("Authorization") && identify &&
           cim::same_name(*identify, "unauthenticated");
}

constexpr std::size_t chunk_bytes = 1000;

Task<> write_in_chunks(std::string body, http::BodyWriter& writer)
{
    const std::string_view rest = body;
    for (std::size_t at = 0; at < rest.size(); at += chunk_bytes) {
        co_await writer.write(rest.substr(at, chunk_bytes));
    }
}

/// As Stack 3.0 sends some of its answers (wsman.md 1.2).
void send_in_chunks(http::Response& response)
{
    response.stream = [body = std::move(response.body)](http::BodyWriter& writer) {
        return write_in_chunks(body, writer);
    };
    response.body.clear();
}

class Admission final : public http::AdmissionGuard
{
public:
    Admission(const AdmissionOptions& options, std::unique_ptr<auth::ServerScheme> scheme,
              bool clear_is_allowed)
        : profile_(options.profile),
          is_ready_(options.is_ready),
          scheme_(std::move(scheme)),
          clear_is_allowed_(clear_is_allowed)
    {
    }

    std::optional<http::Response> admit(http::Request& request, http::Caller& caller) override
    {
        last_token_.clear();
        sealed_ = false;
        if (is_ready_ && !is_ready_()) {
            return bare(503);
        }
        if (is_identify_without_account(request)) {
            return std::nullopt;
        }
        if (auto refusal = authenticate(request, caller)) {
            return refusal;
        }
        return open(request);
    }

    void protect(http::Response& response) override
    {
        add_challenges(response, last_token_);
        if (response.body.empty()) {
            return;
        }
        if (sealed_ && scheme_) {
            auth::Body body{std::string{response.headers.get(content_type).value_or("")},
                            std::move(response.body)};
            scheme_->seal(body);
            response.headers.set(content_type, body.content_type);
            response.body = std::move(body.bytes);
        }
        if (has("chunked_answers", "yes")) {
            send_in_chunks(response);
        }
    }

private:
    bool has(std::string_view name, std::string_view value) const
    {
        return profile_ != nullptr && profile_->is(name, value);
    }

    http::Response refusal(std::vector<std::string> challenges) const
    {
        if (has("auth_header_order", "basic_first")) {
            const auto basic = std::ranges::find_if(
                challenges, [](const std::string& each) { return each.starts_with("Basic"); });
            if (basic != challenges.end()) {
                std::rotate(challenges.begin(), basic, basic + 1);
            }
        }
        http::Response refused = bare(401);
        add_challenges(refused, challenges);
        return refused;
    }

    std::optional<http::Response> authenticate(const http::Request& request, http::Caller& caller)
    {
        if (!scheme_) {
            return std::nullopt;
        }
        const auto authorization = request.headers.get("Authorization");
        auth::ServerScheme::Verdict verdict = scheme_->check(authorization);
        if (!verdict.admitted) {
            return refusal(std::move(verdict.challenges));
        }
        caller.account = std::move(verdict.account);
        last_token_ = std::move(verdict.challenges);
        if (authorization && request.body.empty()) { // the last leg of a handshake
            http::Response done = bare(200);
            add_challenges(done, std::exchange(last_token_, {}));
            return done;
        }
        return std::nullopt;
    }

    std::optional<http::Response> open(http::Request& request)
    {
        auth::Body body{std::string{request.headers.get(content_type).value_or("")},
                        std::move(request.body)};
        sealed_ = auth::is_sealed(body.content_type);
        if (!sealed_ && !clear_is_allowed_) {
            return bare(500);
        }
        if (sealed_) {
            try {
                if (scheme_) {
                    scheme_->unseal(body);
                }
            } catch (const Error&) { // wsman.md V07
                http::Response refusal = bare(400);
                refusal.close_after = true;
                return refusal;
            }
            request.headers.set(content_type, body.content_type);
        }
        request.body = std::move(body.bytes);
        return std::nullopt;
    }

    const Profile* profile_;
    std::function<bool()> is_ready_;
    std::unique_ptr<auth::ServerScheme> scheme_; ///< null: everybody
    bool clear_is_allowed_;
    bool sealed_ = false; ///< the request being answered
    std::vector<std::string> last_token_;
};

} // namespace

std::unique_ptr<http::AdmissionGuard> admission(const AdmissionOptions& options,
                                                const net::Security& security)
{
    std::unique_ptr<auth::ServerScheme> scheme;
    if (options.make_scheme) {
        scheme = options.make_scheme({.encrypted = security.encrypted,
                                      .server_end_point = security.server_end_point,
                                      .peer_certificate_sha256 = security.peer_fingerprint});
    }
    return std::make_unique<Admission>(options, std::move(scheme),
                                       security.encrypted || options.allow_unencrypted);
}

} // namespace watari::sim
