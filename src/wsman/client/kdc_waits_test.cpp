#include "wsman/client/kdc_waits.hpp"

#include "core/error.hpp"
#include "core/simulated_clock.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace watari::wsman {
namespace {

using namespace std::chrono_literals;

/// A scheme whose next() is what the test says.
class FakeScheme final : public auth::ClientScheme
{
public:
    explicit FakeScheme(std::function<std::optional<std::string>()> act) : act_(std::move(act)) {}

    std::optional<std::string> next(std::span<const std::string>) override { return act_(); }
    bool established() const override { return true; }
    std::optional<std::string> may_block() const override { return "REALM"; }
    bool has_handshake() const override { return true; }
    std::optional<std::string> per_request() const override { return std::nullopt; }
    bool seals() const override { return false; }
    void seal(auth::Body&) override {}
    void unseal(auth::Body&) override {}

private:
    std::function<std::optional<std::string>()> act_;
};

/// A pool whose threads are all stuck until released.
class StuckPool final : public Pool
{
public:
    explicit StuckPool(Clock& clock) : clock_(clock) {}

    Task<> run(std::function<void()> work) override
    {
        ++running;
        co_await clock_.sleep_for(30s);
        --running;
        work();
    }

    int running = 0;

private:
    Clock& clock_;
};

class KdcWaitsTest : public testing::Test
{
protected:
    std::string code_of(Task<std::optional<std::string>> task)
    {
        try {
            return clock.run(std::move(task)).value_or("(nothing)");
        } catch (const Error& error) {
            return error.code();
        }
    }
    Deadline in(std::chrono::seconds time) { return Deadline::after(clock, time); }
    static std::shared_ptr<FakeScheme> scheme(std::function<std::optional<std::string>()> act)
    {
        return std::make_shared<FakeScheme>(std::move(act));
    }

    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    StuckPool stuck{clock};
};

TEST_F(KdcWaitsTest, gives_what_the_scheme_gives_and_throws_what_it_throws)
{
    const auto pool = inline_pool();
    KdcWaits waits{*pool, clock};
    EXPECT_EQ(code_of(waits.next(scheme([] { return "token"; }), "R", {}, in(1s))), "token");
    EXPECT_EQ(code_of(waits.next(scheme([] { return std::nullopt; }), "R", {}, in(1s))),
              "(nothing)");
    EXPECT_EQ(code_of(waits.next(scheme([]() -> std::optional<std::string> {
                                     throw Error{ErrorKind::unauthenticated, {"a_code", {}}};
                                 }),
                                 "R", {}, in(1s))),
              "a_code");
}

TEST_F(KdcWaitsTest, gives_up_at_the_deadline_and_keeps_the_realms_place_until_the_thread_is_back)
{
    KdcWaits waits{stuck, clock, 2};
    const auto token = [] { return "token"; };
    EXPECT_EQ(code_of(waits.next(scheme(token), "HUNG", {}, in(5s))), "kdc_too_slow");
    EXPECT_EQ(code_of(waits.next(scheme(token), "HUNG", {}, in(5s))), "kdc_too_slow");
    EXPECT_EQ(code_of(waits.next(scheme(token), "HUNG", {}, in(5s))), "kdc_busy");
    EXPECT_EQ(stuck.running, 2);
    EXPECT_EQ(code_of(waits.next(scheme(token), "OTHER", {}, in(40s))), "token");
    EXPECT_EQ(code_of(waits.next(scheme(token), "HUNG", {}, in(40s))), "token");
    EXPECT_EQ(stuck.running, 0);
}

} // namespace
} // namespace watari::wsman
