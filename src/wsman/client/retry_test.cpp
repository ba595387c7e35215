#include "wsman/client/retry.hpp"

#include "wsman/client/host_quota.hpp"
#include "wsman/client/stub_host.hpp"

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

TEST(Retry, pauses_grow_with_full_jitter_up_to_a_longest_one)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    const auto random = seeded_random(3);
    const RetryOptions options{.attempts_max = 12};
    std::chrono::nanoseconds shortest = 1h;
    for (int run = 0; run < 200; ++run) {
        Retry retry{clock, *random, options};
        for (int i = 0; i < 11; ++i) {
            EXPECT_EQ(retry.attempt(), i + 1);
            const auto pause = retry.next(Trouble::passing, Deadline::never());
            ASSERT_TRUE(pause);
            EXPECT_LE(*pause, std::min<std::chrono::nanoseconds>(250ms * (1 << i), 8s));
            shortest = std::min(shortest, *pause);
        }
        EXPECT_FALSE(retry.next(Trouble::passing, Deadline::never()));
    }
    EXPECT_LT(shortest, 10ms);
}

TEST(Retry, ends_before_the_deadline)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    const auto random = seeded_random(3);
    Retry retry{clock, *random, {}};
    EXPECT_FALSE(retry.next(Trouble::quota, Deadline{clock.steady()}));
    EXPECT_EQ(retry.attempt(), 1);
}

/// A host that fails the first `failures` requests, each in the way the test says.
class Retrying : public StubHost
{
protected:
    void fail_first(int failures, Answer how)
    {
        answer = [left = failures, how = std::move(how)](const Request& request) mutable {
            if (left > 0) {
                --left;
                return how(request);
            }
            return content(request);
        };
        start();
    }
    static http::Response content(const Request& request)
    {
        if (std::holds_alternative<Invoke>(request.body)) {
            return soap(request, InvokeResponse{.method = "M"});
        }
        if (std::holds_alternative<Get>(request.body)) {
            return soap(request, InstanceResponse{cim::Instance{"Msvm_ComputerSystem"}});
        }
        return std::holds_alternative<Release>(request.body)
                   ? soap(request, EmptyResponse{})
                   : soap(request, batch(request, 1, 2, ""));
    }
    void get() { clock.run(session->get(vm(), in(60s))); }
    Failure change(std::chrono::nanoseconds time = 60s)
    {
        return failure_of(session->invoke(vm(), "M", {}, Effect::changes, in(time)));
    }
    static http::Response quota(const Request& request)
    {
        Fault fault = make_fault(faults::quota_operations);
        fault.as_wmi_error = true;
        fault.cim_status = 27;
        return soap(request, fault);
    }
    static http::Response busy(const Request&) { return {.status = 503}; }
    static http::Response cut(const Request&) { return {.drop_connection = true}; }

    const Failure none{ErrorKind::internal, "nothing was thrown"};
};

TEST_F(Retrying, a_read_outlives_a_busy_host_a_cut_connection_and_a_quota)
{
    for (const auto& how : {busy, cut, quota}) {
        received.clear();
        attempts.clear();
        fail_first(2, how);
        get();
        EXPECT_EQ(received.size(), 3U);
        EXPECT_EQ(attempts, (std::vector{1, 2, 3}));
        EXPECT_NE(received[0].header.message_id, received[1].header.message_id);
        session.reset();
        client.reset();
        server.reset();
    }
}

TEST_F(Retrying, a_change_outlives_what_proves_that_nothing_was_done)
{
    for (const auto& how : {busy, quota}) {
        received.clear();
        fail_first(2, how);
        EXPECT_EQ(change(), none);
        EXPECT_EQ(received.size(), 3U);
        session.reset();
        client.reset();
        server.reset();
    }
}

TEST_F(Retrying, a_change_that_may_have_been_done_is_not_sent_again)
{
    fail_first(1, cut);
    EXPECT_EQ(change().first, ErrorKind::outcome_unknown);
    EXPECT_EQ(received.size(), 1U);
}

TEST_F(Retrying, a_host_that_comes_up_meanwhile_gets_the_change)
{
    fail_first(0, busy);
    network.set_down(at.address, true);
    const auto up =
        clock.call_at(clock.steady() + 50ms, [this] { network.set_down(at.address, false); });
    EXPECT_EQ(change(), none);
    EXPECT_EQ(received.size(), 1U);
    EXPECT_GT(attempts.back(), 1);
}

TEST_F(Retrying, attempts_are_bounded_and_the_last_failure_is_told)
{
    fail_first(100, busy);
    EXPECT_EQ(change(), (Failure{ErrorKind::unavailable, "wsman_service_busy"}));
    EXPECT_EQ(received.size(), 4U);
    EXPECT_EQ(attempts, (std::vector{1, 2, 3, 4}));
}

TEST_F(Retrying, nothing_is_sent_again_after_the_deadline)
{
    fail_first(100, busy);
    const SteadyTime began = clock.steady();
    EXPECT_EQ(failure_of(session->get(vm(), in(300ms))).second, "wsman_service_busy");
    EXPECT_LE(clock.steady() - began, 300ms);
}

TEST_F(Retrying, a_change_ends_on_the_host_when_its_first_attempt_would_have)
{
    thinking_time = 5s;
    fail_first(2, busy);
    EXPECT_EQ(change(10min), none);
    ASSERT_EQ(received.size(), 3U);
    EXPECT_EQ(received[0].header.operation_timeout, 60s);
    EXPECT_LE(received[1].header.operation_timeout, 55s);
    EXPECT_LE(received[2].header.operation_timeout, 50s);
}

Task<> read(Session& session, Deadline deadline)
{
    co_await session.get(StubHost::vm(), deadline);
}

TEST_F(Retrying, a_change_that_finds_no_connection_for_long_is_not_sent_at_all)
{
    answer = content;
    thinking_time = 2min;
    start();
    connect({.operation_timeout = 180s}, {.connections_max = 1});
    spawn(loop.get_executor(), read(*session, in(10min)), "a long read");
    clock.advance(1ms);
    const SteadyTime began = clock.steady();
    EXPECT_EQ(change(10min).first, ErrorKind::timed_out);
    EXPECT_LE(clock.steady() - began, 31s);
    EXPECT_EQ(received.size(), 1U);
    clock.advance(5min);
}

TEST_F(Retrying, what_would_fail_again_is_asked_once)
{
    const std::vector<std::pair<Answer, std::string>> table{
        {[](const Request& request) { return refuse(request, faults::access_denied); },
         "wmi_access_denied"},
        {[](const Request& request) { return refuse(request, faults::timed_out); },
         "wsman_timed_out"},
        {[](const Request&) { return http::Response{.status = 401}; }, "authentication_refused"},
        {[](const Request&) { return http::Response{.status = 413}; }, "wsman_request_too_large"},
        {[](const Request&) { return http::Response{.body = "<html/>"}; }, "wsman_bad_answer"},
    };
    for (const auto& [how, code] : table) {
        received.clear();
        fail_first(1, how);
        EXPECT_EQ(failure_of(session->get(vm(), in(60s))).second, code);
        EXPECT_EQ(received.size(), 1U) << code;
        session.reset();
        client.reset();
        server.reset();
    }
}

TEST_F(Retrying, a_pull_is_sent_again_only_when_the_host_has_not_begun_it)
{
    const auto with_pulls = [this](Answer how) {
        answer = [how = std::move(how), failed = false](const Request& request) mutable {
            if (!std::holds_alternative<Pull>(request.body)) {
                return std::holds_alternative<Release>(request.body)
                           ? soap(request, EmptyResponse{})
                           : soap(request, batch(request, 1, 2, "c1"));
            }
            return std::exchange(failed, true) ? soap(request, batch(request, 3, 4, ""))
                                               : how(request);
        };
        records.clear();
        if (!server) {
            start();
        }
        std::size_t rows = 0;
        const auto take = [&rows](const std::vector<cim::Instance>& some) {
            rows += some.size();
            return true;
        };
        const auto failure = failure_of(session->stream(ns, "select * from Msvm_X", take, in(60s)));
        return std::pair{failure, rows};
    };
    for (const auto& how : {busy, quota}) {
        EXPECT_EQ(with_pulls(how), (std::pair{none, std::size_t{4}}));
        EXPECT_EQ(records,
                  (std::vector<std::string>{"Enumerate Msvm_X", "!Pull Msvm_X", "Pull Msvm_X"}));
    }
    EXPECT_EQ(with_pulls(cut).first.first, ErrorKind::unavailable);
    EXPECT_EQ(records,
              (std::vector<std::string>{"Enumerate Msvm_X", "!Pull Msvm_X", "Release Msvm_X"}));
}

TEST_F(Retrying, a_list_that_breaks_off_is_read_again_from_its_beginning_once)
{
    int breaks = 1;
    answer = [&breaks](const Request& request) {
        if (std::holds_alternative<Pull>(request.body)) {
            return breaks-- > 0 ? cut(request) : soap(request, batch(request, 3, 4, ""));
        }
        return std::holds_alternative<Release>(request.body)
                   ? soap(request, EmptyResponse{})
                   : soap(request, batch(request, 1, 2, "c1"));
    };
    start();
    const auto all = clock.run(session->query(ns, "select * from Msvm_X", in(60s)));
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0]["Number"].text(), "1");
    breaks = 100;
    EXPECT_EQ(failure_of(session->query(ns, "select * from Msvm_X", in(60s))).first,
              ErrorKind::unavailable);
    EXPECT_EQ(breaks, 98);
}

TEST_F(Retrying, while_a_host_counts_too_much_under_way_nobody_begins_anything)
{
    fail_first(1, quota);
    const auto shared = std::make_shared<HostQuota>(clock);
    connect({.quota = shared, .retry = {.first_when_busy = 8s}}, {});
    std::vector<SteadyTime> sent;
    answer = [this, &sent, inner = answer](const Request& request) {
        sent.push_back(clock.steady());
        return inner(request);
    };
    spawn(loop.get_executor(), read(*session, in(60s)), "the first");
    clock.advance(1ms);
    get();
    clock.advance(30s);
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_GT(sent[1] - sent[0], 10ms);
}

} // namespace
} // namespace watari::wsman
