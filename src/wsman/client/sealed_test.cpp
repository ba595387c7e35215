#include "auth/negotiate.hpp"
#include "wsman/client/guard.hpp"
#include "wsman/client/stub_host.hpp"

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// What the test does to answers on their way.
struct Interference {
    std::function<void(http::Response& sealed)> with_answer = {}; ///< once
    bool forgets = false; ///< the next request of an established connection gets a 401
    int handshakes = 0;
};

/// A host's end: NTLM, and every body sealed.
class Admission final : public http::AdmissionGuard
{
public:
    Admission(std::unique_ptr<auth::ServerScheme> scheme, Interference& interference)
        : scheme_(std::move(scheme)), interference_(interference)
    {
    }

    std::optional<http::Response> admit(http::Request& request, http::Caller& caller) override
    {
        const auto authorization = request.headers.get("Authorization");
        auto verdict = scheme_->check(authorization);
        const bool forgotten =
            !authorization && verdict.admitted && std::exchange(interference_.forgets, false);
        if (!verdict.admitted || forgotten) {
            http::Response refusal{.status = 401};
            for (auto& challenge : verdict.challenges) {
                refusal.headers.add("WWW-Authenticate", std::move(challenge));
            }
            return refusal;
        }
        caller.account = verdict.account;
        if (authorization) {
            ++interference_.handshakes;
            return http::Response{};
        }
        auth::Body body{std::string{request.headers.get("Content-Type").value_or("")},
                        std::move(request.body)};
        scheme_->unseal(body);
        request.body = std::move(body.bytes);
        return std::nullopt;
    }

    void protect(http::Response& response) override
    {
        if (response.body.empty()) {
            return;
        }
        auth::Body body{std::string{response.headers.get("Content-Type").value_or("")},
                        std::move(response.body)};
        scheme_->seal(body);
        response.headers.set("Content-Type", std::move(body.content_type));
        response.body = std::move(body.bytes);
        if (const auto interfere = std::exchange(interference_.with_answer, nullptr)) {
            interfere(response);
        }
    }

private:
    std::unique_ptr<auth::ServerScheme> scheme_;
    Interference& interference_;
};

class Sealed : public StubHost
{
protected:
    void SetUp() override
    {
        answer = [](const Request& request) {
            if (std::holds_alternative<Invoke>(request.body)) {
                return soap(request, InvokeResponse{.method = "M"});
            }
            return soap(request, InstanceResponse{cim::Instance{"Msvm_ComputerSystem"}});
        };
        const auto make = auth::negotiate_server({.accounts = {{"user", auth::Secret{"secret"}}}});
        start({}, {.make_guard = [this, make](const net::Security&) {
                  return std::make_unique<Admission>(make({}), interference);
              }});
        const auto account = auth::negotiate_client(
            {.user = "user", .password = auth::Secret{"secret"}, .host = "win-host"});
        connect({}, {.make_guard = client_guard(account)});
    }

    void read() { clock.run(session->get(vm(), in(60s))); }
    Failure change()
    {
        return failure_of(session->invoke(vm(), "M", {}, Effect::changes, in(60s)));
    }
    int handshakes() { return std::exchange(interference.handshakes, 0); }

    Interference interference;
    const Failure none{ErrorKind::internal, "nothing was thrown"};
};

void flip_a_byte(http::Response& sealed)
{
    sealed.body[sealed.body.size() - 40] ^= 1;
}

void cut_short(http::Response& sealed)
{
    sealed.body.resize(sealed.body.size() - 30);
}

void announce(std::string& body, int difference)
{
    const auto at = body.find("Length=") + 7;
    const auto end = body.find('\r', at);
    const int length = std::stoi(body.substr(at, end - at));
    body.replace(at, end - at, std::to_string(length + difference));
}

struct Damage {
    std::string code;
    std::function<void(http::Response&)> make;
};

const std::vector<Damage>& damages()
{
    static const std::vector<Damage> all{
        {"sealed_body_tampered", flip_a_byte},
        {"sealed_body_truncated", cut_short},
        {"sealed_body_wrong_length", [](http::Response& sealed) { announce(sealed.body, -1); }},
        {"sealed_body_wrong_length", [](http::Response& sealed) { announce(sealed.body, 1); }},
        {"body_not_sealed",
         [](http::Response& sealed) {
             sealed.headers.set("Content-Type", "application/soap+xml;charset=UTF-8");
         }},
        {"body_not_sealed",
         [](http::Response& sealed) {
             sealed.status = 500;
             sealed.headers.set("Content-Type", "application/soap+xml;charset=UTF-8");
         }},
    };
    return all;
}

TEST_F(Sealed, a_damaged_answer_leaves_a_change_unknown_and_ends_the_connection)
{
    EXPECT_EQ(change(), none);
    EXPECT_EQ(handshakes(), 1);
    for (const Damage& damage : damages()) {
        interference.with_answer = damage.make;
        received.clear();
        EXPECT_EQ(change(), (Failure{ErrorKind::outcome_unknown, damage.code}));
        EXPECT_EQ(received.size(), 1U);
        EXPECT_EQ(handshakes(), 0) << damage.code;
        EXPECT_EQ(change(), none);
        EXPECT_EQ(handshakes(), 1) << "on a new connection, after " << damage.code;
    }
}

TEST_F(Sealed, after_a_damaged_answer_a_read_is_sent_again_on_a_new_connection)
{
    read();
    handshakes();
    for (const Damage& damage : damages()) {
        interference.with_answer = damage.make;
        read();
        EXPECT_EQ(handshakes(), 1) << damage.code;
    }
}

TEST_F(Sealed, an_answer_given_before_is_no_answer)
{
    std::string old;
    interference.with_answer = [&old](const http::Response& sealed) { old = sealed.body; };
    EXPECT_EQ(change(), none);
    interference.with_answer = [&old](http::Response& sealed) { sealed.body = old; };
    EXPECT_EQ(change(), (Failure{ErrorKind::outcome_unknown, "sealed_body_replayed"}));
}

TEST_F(Sealed, an_empty_500_proves_nothing_once_the_host_has_taken_sealed_bodies)
{
    const auto nothing = [](http::Response& sealed) { sealed = {.status = 500}; };
    interference.with_answer = nothing;
    EXPECT_EQ(change(), (Failure{ErrorKind::denied, "encryption_required"}));
    network.cut(at.address);
    clock.advance(1s);
    EXPECT_EQ(change(), none);
    interference.with_answer = nothing;
    EXPECT_EQ(change(), (Failure{ErrorKind::outcome_unknown, "body_not_sealed"}));
}

TEST_F(Sealed, a_host_that_forgot_the_logon_gets_the_change_once_more)
{
    EXPECT_EQ(change(), none);
    interference.forgets = true;
    received.clear();
    EXPECT_EQ(change(), none);
    EXPECT_EQ(received.size(), 1U) << "it was not executed when the 401 came";
    EXPECT_EQ(handshakes(), 2);
    EXPECT_EQ(attempts, (std::vector{1, 1})) << "the same request, for whoever counts";
}

TEST_F(Sealed, a_connection_closed_between_two_requests_is_replaced_and_authenticated_unseen)
{
    EXPECT_EQ(change(), none);
    network.cut(at.address);
    clock.advance(1s);
    EXPECT_EQ(change(), none);
    EXPECT_EQ(handshakes(), 2);
    EXPECT_EQ(received.size(), 2U);
    EXPECT_EQ(attempts, (std::vector{1, 1}));
}

TEST_F(Sealed, a_wrong_password_is_sent_twice_in_all)
{
    const auto account = auth::negotiate_client(
        {.user = "user", .password = auth::Secret{"wrong"}, .host = "win-host"});
    const auto tries = PasswordLedger{}.of("win-host", "user", "wrong");
    connect({}, {.make_guard = client_guard(account, {.tries = tries, .clock = &clock})});
    EXPECT_EQ(change(), (Failure{ErrorKind::unauthenticated, "authentication_refused"}));
    EXPECT_EQ(change().second, "authentication_refused");
    EXPECT_EQ(change().second, "password_not_tried_again");
    EXPECT_EQ(received.size(), 0U);
}

} // namespace
} // namespace watari::wsman
