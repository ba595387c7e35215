// What watarid keeps for a time only.
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

namespace watari::world {
namespace {

using std::chrono_literals::operator""h;

std::size_t count(World& world, const char* sql)
{
    return world.read(
        [&](store::Transaction& transaction) { return transaction.query(sql).size(); });
}

TEST(Housekeeping, forgets_keys_after_three_days_and_events_after_seven)
{
    World world{{}};
    world.furnish();
    world.must(world.ended(
        world.post("/v1/vms", {{"name", "desk"}, {"plan", "s"}, {"network", "office"}})));
    const auto keys = [&] { return count(world, "SELECT key FROM idempotency_keys"); };
    const auto events = [&] {
        return count(world, "SELECT kind FROM events WHERE kind = 'vm.created'");
    };
    world.clock().advance(70h);
    EXPECT_GT(keys(), 0U);
    world.clock().advance(4h);
    EXPECT_EQ(keys(), 0U);
    world.clock().advance(92h);
    EXPECT_EQ(events(), 1U);
    world.clock().advance(4h);
    EXPECT_EQ(events(), 0U);
}

} // namespace
} // namespace watari::world
