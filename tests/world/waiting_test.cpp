// Orders that have to wait for each other, for an image or for a host.
#include "store/records/reservation.hpp"
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <vector>

namespace watari::world {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

const std::string image = "D:\\Images\\win.vhd";

json::object copied(int number)
{
    return {{"name", fmt::format("desk{}", number)},
            {"plan", "s"},
            {"image", "win"},
            {"network", "office"},
            {"start", false}};
}

class Copies : public testing::TestWithParam<Generation>
{
protected:
    World world{{.hosts = {GetParam()}}};

    Copies() { world.furnish(); }
};

TEST_P(Copies, of_one_image_ordered_at_once_are_made_one_after_the_other)
{
    const std::vector<Answer> accepted{world.post("/v1/vms", copied(0)),
                                       world.post("/v1/vms", copied(1)),
                                       world.post("/v1/vms", copied(2))};
    for (const Answer& order : accepted) {
        world.must(world.ended(order));
    }
    EXPECT_EQ(world.host(0).engine().vms().size(), 5U) << "web1 and web10 were there";
}

TEST_P(Copies, wait_for_whoever_else_has_the_image_open)
{
    sim::Storage& storage = world.host(0).engine().storage();
    storage.lock(image, true, "a backup");
    const Answer accepted = world.post("/v1/vms", copied(0));
    world.clock().advance(30min);
    const Answer waiting = world.get("/v1/operations/" + accepted.text("id"));
    EXPECT_EQ(waiting.text("state"), "waiting");
    EXPECT_EQ(waiting.body.at("error").at("code").as_string(), "image_in_use");
    storage.unlock("a backup");
    world.must(world.ended(accepted));
}

INSTANTIATE_TEST_SUITE_P(All, Copies,
                         testing::Values(Generation::ws2008r2sp1, Generation::ws2012r2),
                         [](const auto& generation) {
                             return std::string{to_string(generation.param)};
                         });

/// One host with a VM "desk" that is off.
struct WaitingForAHost : testing::Test {
    World world{{.refresh_every = 60s}};

    WaitingForAHost()
    {
        world.furnish();
        world.must(world.ended(world.post(
            "/v1/vms",
            {{"name", "desk"}, {"plan", "s"}, {"network", "office"}, {"start", false}})));
    }
    Answer refresh() { return world.post("/v1/hosts/" + world.host_name(0) + "/refresh", nullptr); }
};

TEST_F(WaitingForAHost, an_order_goes_on_as_soon_as_the_host_answers_anybody)
{
    world.host(0).faults().add({.effect = sim::FaultEffect::lost_request});
    const Answer accepted = world.erase("/v1/vms/desk");
    const auto state = [&] { return world.get("/v1/operations/" + accepted.text("id")); };
    world.clock().advance(10min);
    ASSERT_EQ(state().text("state"), "blocked");
    world.host(0).faults().clear();
    const auto is_back = [&] {
        return world.get("/v1/hosts/" + world.host_name(0)).text("state") == "ready";
    };
    for (int seconds = 0; seconds < 180 && !is_back(); ++seconds) {
        world.clock().advance(1s);
    }
    ASSERT_TRUE(is_back());
    world.clock().advance(5s);
    EXPECT_EQ(state().text("state"), "succeeded");
}

TEST_F(WaitingForAHost, what_starts_while_the_host_is_looked_at_is_not_in_its_free_memory)
{
    const auto not_held = [this] {
        return world.read([this](store::Transaction& transaction) {
            const auto host = store::find_host_by_name(transaction, world.host_name(0));
            return store::reserved_on(transaction, host.value().id).memory_not_held;
        });
    };
    world.must(world.ended(refresh()));
    world.host(0).faults().add({.operation = "Invoke",
                                .method = "GetSummaryInformation",
                                .times = 1,
                                .effect = sim::FaultEffect::delay,
                                .delay = 30s});
    const Answer slow = refresh();
    world.clock().advance(1s);
    world.must(world.ended(world.post("/v1/vms/desk/start", nullptr)));
    world.must(world.ended(slow));
    EXPECT_EQ(not_held(), ByteSize::gib(1));
    world.clock().advance(2min);
    EXPECT_EQ(not_held(), ByteSize{}) << "seen running by a later look";
}

} // namespace
} // namespace watari::world
