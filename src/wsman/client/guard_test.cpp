#include "wsman/client/guard.hpp"

#include "wsman/client/stub_host.hpp"

#include <deque>
#include <map>

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// Seals by reversing the body.
class FakeHandshakeBase : public auth::ClientScheme
{
public:
    bool has_handshake() const override { return true; }
    std::optional<std::string> per_request() const override { return std::nullopt; }
    std::optional<std::string> may_block() const override { return std::nullopt; }
    bool seals() const override { return true; }
    void seal(auth::Body& body) override { turn(body, "multipart/encrypted"); }
    void unseal(auth::Body& body) override { turn(body, "application/soap+xml"); }

private:
    static void turn(auth::Body& body, std::string type)
    {
        body.bytes = {body.bytes.rbegin(), body.bytes.rend()};
        body.content_type = std::move(type);
    }
};

/// Shakes hands as NTLM does.
class FakeHandshake final : public FakeHandshakeBase
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

private:
    int leg_ = 0;
    bool established_ = false;
};

class EndlessHandshake final : public FakeHandshakeBase
{
public:
    std::optional<std::string> next(std::span<const std::string>) override { return "Negotiate"; }
    bool established() const override { return false; }
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

TEST_F(GuardTest, a_handshake_without_end_is_given_up)
{
    exchange.answers.assign(100, challenge(401, "Negotiate two"));
    const auto endless = client_guard(
        [](const auth::Connection&) { return std::make_unique<EndlessHandshake>(); })({});
    EXPECT_EQ(failure_of(endless->establish(exchange, in(10s))),
              (Failure{ErrorKind::unauthenticated, "authentication_refused"}));
    EXPECT_EQ(exchange.sent.size(), 8U);
}

TEST_F(GuardTest, a_basic_password_refused_twice_is_sent_no_third_time)
{
    answer = [](const Request&) { return http::Response{.status = 401}; };
    start();
    const auth::Credentials account{"user", auth::Secret{"wrong"}};
    const auto tries = PasswordLedger{}.of("host", "user", "wrong");
    connect({}, {.make_guard = client_guard(auth::basic_client(account, auth::InTheClear::allowed),
                                            {.tries = tries, .clock = &clock})});
    const auto attempt = [&] { return failure_of(session->get(vm(), in(10s))).second; };
    EXPECT_EQ(attempt(), "authentication_refused");
    EXPECT_EQ(attempt(), "authentication_refused");
    EXPECT_EQ(attempt(), "password_not_tried_again");
    EXPECT_EQ(headers.size(), 2U);
}

Task<> get_and_count(Session& session, Deadline deadline, std::map<std::string, int>& ends)
{
    std::string end = "ok";
    try {
        co_await session.get(StubHost::vm(), deadline);
    } catch (const Error& error) {
        end = error.code();
    }
    ++ends[end];
}

TEST_F(GuardTest, many_at_once_send_a_wrong_password_no_more_than_twice)
{
    answer = [](const Request&) { return http::Response{.status = 401}; };
    thinking_time = 1s;
    start();
    const auth::Credentials account{"user", auth::Secret{"wrong"}};
    const auto tries = PasswordLedger{}.of("host", "user", "wrong");
    connect({}, {.connections_max = 4,
                 .make_guard = client_guard(auth::basic_client(account, auth::InTheClear::allowed),
                                            {.tries = tries, .clock = &clock})});
    std::map<std::string, int> ends;
    for (int i = 0; i < 8; ++i) {
        spawn(loop.get_executor(), get_and_count(*session, in(60s), ends), "getter");
    }
    clock.advance(60s);
    EXPECT_EQ(ends, (std::map<std::string, int>{{"authentication_refused", 2},
                                                {"password_not_tried_again", 6}}));
    EXPECT_EQ(headers.size(), 2U);
}

TEST_F(GuardTest, a_password_no_host_of_the_domain_has_accepted_is_tried_twice_whatever_the_hosts)
{
    PasswordLedger ledger;
    for (const std::string user : {"CORP\\watari", "watari@corp.example"}) {
        ledger.of("a", user, "wrong")->refused(clock);
        ledger.of("b", user, "wrong")->refused(clock);
        EXPECT_THROW(ledger.of("c", user, "wrong")->check(clock), Error);
        EXPECT_NO_THROW(ledger.of("c", user, "other")->check(clock));
        clock.run(clock.sleep_for(36min));
        ledger.of("c", user, "wrong")->accepted();
        ledger.of("a", user, "wrong")->refused(clock);
        ledger.of("b", user, "wrong")->refused(clock);
        EXPECT_NO_THROW(ledger.of("d", user, "wrong")->check(clock)) << "a and b are to blame";
    }
    for (const std::string user : {".\\watari", "watari"}) {
        ledger.of("a", user, "wrong")->refused(clock);
        ledger.of("b", user, "wrong")->refused(clock);
        EXPECT_NO_THROW(ledger.of("c", user, "wrong")->check(clock)) << "accounts of the hosts";
    }
}

/// What the guard of a sealed connection makes of an answer in the clear.
class InTheClear : public GuardTest
{
protected:
    Failure failure_of_answer(int status, std::string body)
    {
        http::Response response{.status = status, .body = std::move(body)};
        try {
            handshake->unprotect(response);
        } catch (const Error& error) {
            return {error.kind(), error.code()};
        }
        EXPECT_EQ(response.body, "") << "anybody can write it";
        return {ErrorKind::internal, std::to_string(response.status)};
    }
    const Failure not_sealed{ErrorKind::outcome_unknown, "body_not_sealed"};
};

TEST_F(InTheClear, only_the_status_counts)
{
    EXPECT_EQ(failure_of_answer(413, "").second, "413");
    EXPECT_EQ(failure_of_answer(503, "<forged/>").second, "503");
}

TEST_F(InTheClear, an_empty_500_to_the_first_body_says_that_bodies_have_to_be_sealed)
{
    EXPECT_EQ(failure_of_answer(500, "").second, "500");
    EXPECT_EQ(failure_of_answer(500, ""), not_sealed) << "it was content with the first";
}

TEST_F(InTheClear, a_500_with_words_is_not_the_hosts)
{
    EXPECT_EQ(failure_of_answer(500, "<forged/>"), not_sealed);
}

} // namespace
} // namespace watari::wsman
