#include "wsman/client/guard.hpp"

#include "wsman/client/stub_host.hpp"

#include <deque>

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// Shakes hands as NTLM does, and seals by reversing the body.
class FakeHandshake final : public auth::ClientScheme
{
public:
    std::optional<std::string> next(std::span<const std::string> challenges) override
    {
        if (leg_ == 0) {
            ++leg_;
            return "Negotiate one";
        }
        if (leg_ == 1 && !challenges.empty() && challenges[0] == "Negotiate two") {
            ++leg_;
            return "Negotiate three";
        }
        established_ = leg_ == 2 && challenges.empty();
        return std::nullopt;
    }
    bool established() const override { return established_; }
    bool has_handshake() const override { return true; }
    std::optional<std::string> per_request() const override { return std::nullopt; }
    std::optional<std::string> may_block() const override { return std::nullopt; }
    bool seals() const override { return true; }
    void seal(auth::Body& body) override { turn(body, "multipart/encrypted"); }
    void unseal(auth::Body& body) override { turn(body, "application/soap+xml"); }

    static void turn(auth::Body& body, std::string type)
    {
        body.bytes = {body.bytes.rbegin(), body.bytes.rend()};
        body.content_type = std::move(type);
    }

private:
    int leg_ = 0;
    bool established_ = false;
};

/// Answers each POST of the handshake from a list.
class FakeExchange final : public http::Exchange
{
public:
    Task<http::Response> send(http::Request request, Deadline) override
    {
        sent.push_back(std::move(request));
        http::Response answer = std::move(answers.front());
        answers.pop_front();
        co_return answer;
    }

    std::vector<http::Request> sent;
    std::deque<http::Response> answers;
};

http::Response challenge(int status, std::string value)
{
    http::Response answer{.status = status};
    if (!value.empty()) {
        answer.headers.add("WWW-Authenticate", std::move(value));
    }
    return answer;
}

class GuardTest : public StubHost
{
protected:
    std::unique_ptr<http::ConnectionGuard> handshake =
        client_guard([](const auth::Connection&) { return std::make_unique<FakeHandshake>(); })({});
    FakeExchange exchange;
};

TEST_F(GuardTest, basic_credentials_go_with_every_request)
{
    answer = [](const Request& request) {
        return soap(request, InstanceResponse{cim::Instance{"Msvm_ComputerSystem"}});
    };
    start();
    const auth::Credentials account{"user", auth::Secret{"secret"}};
    connect({},
            {.make_guard = client_guard(auth::basic_client(account, auth::InTheClear::allowed))});
    clock.run(session->get(vm(), in(10s)));
    EXPECT_EQ(headers.at(0).get("Authorization"), "Basic " + auth::base64_encode("user:secret"));
}

TEST_F(GuardTest, a_refused_account_is_unauthenticated_for_reads_and_changes)
{
    answer = [](const Request&) { return http::Response{.status = 401}; };
    start();
    const auth::Credentials account{"user", auth::Secret{"wrong"}};
    connect({},
            {.make_guard = client_guard(auth::basic_client(account, auth::InTheClear::allowed))});
    const Failure refused{ErrorKind::unauthenticated, "authentication_refused"};
    EXPECT_EQ(failure_of(session->get(vm(), in(10s))), refused);
    EXPECT_EQ(failure_of(session->invoke(vm(), "M", {}, Effect::changes, in(10s))), refused);
    EXPECT_EQ(received.size(), 2U);
}

TEST_F(GuardTest, a_handshake_sends_empty_bodies_until_it_is_established)
{
    exchange.answers = {challenge(401, "Negotiate two"), challenge(200, "")};
    clock.run(handshake->establish(exchange, in(10s)));
    ASSERT_EQ(exchange.sent.size(), 2U);
    EXPECT_EQ(exchange.sent[0].headers.get("Authorization"), "Negotiate one");
    EXPECT_EQ(exchange.sent[1].headers.get("Authorization"), "Negotiate three");
    EXPECT_EQ(exchange.sent[1].body, "");
    EXPECT_EQ(exchange.sent[1].method, "POST");

    http::Request request{.method = "POST", .body = "abc"};
    handshake->protect(request);
    EXPECT_EQ(request.body, "cba");
    EXPECT_EQ(request.headers.get("Content-Type"), "multipart/encrypted");
    EXPECT_FALSE(request.headers.get("Authorization"));
    http::Response response{.status = 500, .body = "cba"};
    response.headers.set("Content-Type", "multipart/encrypted");
    handshake->unprotect(response);
    EXPECT_EQ(response.body, "abc");
}

TEST_F(GuardTest, a_handshake_the_host_refuses_is_tried_once)
{
    exchange.answers = {challenge(401, "Negotiate two"), challenge(401, "Negotiate")};
    EXPECT_EQ(failure_of(handshake->establish(exchange, in(10s))),
              (Failure{ErrorKind::unauthenticated, "authentication_refused"}));
    EXPECT_EQ(exchange.sent.size(), 2U);
}

TEST_F(GuardTest, a_password_refused_twice_rests_and_is_tried_again_after_half_an_hour)
{
    const auto tries = PasswordLedger{}.of("host", "user", "wrong");
    const auto make =
        client_guard([](const auth::Connection&) { return std::make_unique<FakeHandshake>(); },
                     {.tries = tries, .clock = &clock});
    const auto attempt = [&] {
        exchange.sent.clear();
        exchange.answers = {challenge(401, "Negotiate two"), challenge(401, "Negotiate")};
        return failure_of(make({})->establish(exchange, in(10s))).second;
    };
    EXPECT_EQ(attempt(), "authentication_refused");
    EXPECT_EQ(attempt(), "authentication_refused");
    EXPECT_EQ(attempt(), "password_not_tried_again");
    EXPECT_EQ(exchange.sent.size(), 0U);
    clock.run(clock.sleep_for(36min));
    EXPECT_EQ(attempt(), "authentication_refused");
    EXPECT_EQ(attempt(), "password_not_tried_again");
    exchange.answers = {challenge(401, "Negotiate two"), challenge(200, "")};
    clock.run(clock.sleep_for(36min));
    clock.run(make({})->establish(exchange, in(10s)));
    EXPECT_EQ(attempt(), "authentication_refused"); // counted from the beginning
    EXPECT_EQ(attempt(), "authentication_refused");
}

TEST_F(GuardTest, each_password_of_each_account_is_counted_by_itself)
{
    PasswordLedger ledger;
    EXPECT_EQ(ledger.of("h", "u", "p"), ledger.of("h", "u", "p"));
    EXPECT_NE(ledger.of("h", "u", "p"), ledger.of("h", "u", "q"));
    EXPECT_NE(ledger.of("h", "u", "p"), ledger.of("h", "up", ""));
    EXPECT_NE(ledger.of("h", "u", "p"), ledger.of("g", "u", "p"));
}

TEST_F(GuardTest, a_busy_service_is_no_refusal)
{
    exchange.answers = {challenge(503, "")};
    EXPECT_EQ(failure_of(handshake->establish(exchange, in(10s))).first, ErrorKind::unavailable);
}

TEST_F(GuardTest, of_answers_in_the_clear_on_a_sealed_connection_only_the_status_counts)
{
    http::Response response{.status = 500, .body = "<forged/>"};
    handshake->unprotect(response);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, "");
    response.status = 401;
    EXPECT_THROW(handshake->unprotect(response), Error);
}

} // namespace
} // namespace watari::wsman
