// Hosts that are enrolled observe-only: looked at, never changed.
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::world {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

class Observed : public testing::TestWithParam<Generation>
{
protected:
    World world{{.hosts = {GetParam()}, .allow_changes = false, .refresh_every = 60s}};
    const std::string host = "/v1/hosts/" + world.host_name(0);

    Observed() { world.furnish(); }

    static json::value desk(bool start)
    {
        return {{"name", "desk"},
                {"plan", "s"},
                {"image", "win"},
                {"network", "office"},
                {"start", start}};
    }
    void order(const std::string& target, json::value body = nullptr)
    {
        world.must(world.ended(world.post(target, std::move(body))));
    }
    std::uint64_t changes() { return world.host(0).log().changing(); }
    std::size_t operations()
    {
        return world.get("/v1/operations?page_size=1000").body.at("items").as_array().size();
    }
    void expect_refused(const Answer& answer)
    {
        EXPECT_EQ(answer.status, 409) << json::serialize(answer.body);
        EXPECT_EQ(answer.code(), "host_is_observed");
        EXPECT_NE(answer.text("detail").find("watari host allow-changes " + world.host_name(0)),
                  std::string::npos)
            << answer.text("detail");
    }
    std::size_t rows(const std::string& table, const std::string& column, const std::string& value)
    {
        return world.read([&](store::Transaction& transaction) {
            return transaction
                .query(fmt::format("SELECT 1 FROM {} WHERE {} = $1", table, column), {value})
                .size();
        });
    }
};

TEST_P(Observed, is_enrolled_equipped_and_refreshed_without_a_change)
{
    EXPECT_EQ(world.get(host).body.at("observe_only"), true);
    order(host + "/refresh");
    world.clock().advance(30min);
    EXPECT_GT(world.host(0).log().total(), 30U) << "it was looked at again and again";
    EXPECT_EQ(changes(), 0U);
}

TEST_P(Observed, takes_orders_only_when_changes_are_allowed)
{
    auto before = operations();
    expect_refused(world.post("/v1/vms", desk(true)));
    const Answer plan = world.post("/v1/vms?validate_only=true", desk(true));
    EXPECT_EQ(plan.body.at("refusals").at(0).at("code").as_string(), "host_is_observed");
    EXPECT_EQ(operations(), before);
    EXPECT_EQ(changes(), 0U);
    order(host + "/allow-changes");
    EXPECT_EQ(world.get(host).body.at("observe_only"), false);
    order("/v1/vms", desk(true));
    order(host + "/observe");
    before = operations();
    const auto sent = changes();
    expect_refused(world.post("/v1/vms/desk/stop", nullptr));
    expect_refused(world.post("/v1/vms/desk/start", nullptr));
    expect_refused(world.post("/v1/vms/desk/resize", {{"plan", "m"}, {"restart", true}}));
    expect_refused(world.erase("/v1/vms/desk?force=true"));
    EXPECT_EQ(operations(), before) << "refused before there is an operation";
    EXPECT_EQ(world.get("/v1/vms/desk").text("lifecycle"), "ready");
    EXPECT_EQ(changes(), sent);
    for (const std::string kind : {"allow_changes", "observe_host"}) {
        EXPECT_EQ(rows("audit", "action", kind), 2U) << kind << ": accepted and succeeded";
    }
    for (const std::string kind : {"host.changes_allowed", "host.observed"}) {
        EXPECT_EQ(rows("events", "kind", kind), 1U) << kind;
    }
    EXPECT_EQ(world.post("/v1/hosts/nobody/observe", nullptr).status, 404);
}

TEST_P(Observed, stops_what_is_under_way_at_once_and_lets_it_go_on_when_allowed)
{
    order(host + "/allow-changes");
    const Answer accepted = world.post("/v1/vms", desk(true));
    const auto started = changes();
    for (int steps = 0; steps < 1000 && changes() < started + 2; ++steps) {
        world.clock().advance(std::chrono::milliseconds{10});
    }
    ASSERT_GE(changes(), started + 2);
    world.must(world.ended(world.post(host + "/observe", nullptr)));
    const auto sent = changes();
    world.clock().advance(60min);
    EXPECT_EQ(changes(), sent) << "not even to take back what was made";
    const Answer stuck = world.get("/v1/operations/" + accepted.text("id"));
    EXPECT_TRUE(stuck.text("state") == "blocked" || stuck.text("state") == "undoing")
        << json::serialize(stuck.body);
    EXPECT_EQ(stuck.body.at("error").at("code").as_string(), "host_is_observed");
    order(host + "/allow-changes");
    EXPECT_EQ(world.ended(accepted).at("state"), "failed");
    EXPECT_EQ(world.host(0).engine().vms().size(), 2U) << "web1 and web10: nothing is left behind";
    order("/v1/vms", desk(false));
}

TEST_P(Observed, is_still_observed_by_the_next_watarid)
{
    world.node().kill();
    expect_refused(world.post("/v1/vms", desk(true)));
    order(host + "/refresh");
    EXPECT_EQ(changes(), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, Observed,
                         testing::Values(Generation::ws2008r2sp1, Generation::ws2012,
                                         Generation::ws2012r2),
                         [](const auto& generation) {
                             return std::string{to_string(generation.param)};
                         });

} // namespace
} // namespace watari::world
