#include "operations/engine.hpp"

#include "operations/testing/plant.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::operations {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using store::OperationState;
using store::StepState;
using testing::one_step;
using testing::Plant;

// A step holds its lambdas for as long as their coroutines run.
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines)

TEST(Engine, keeps_to_each_hosts_budget_and_a_slow_host_slows_no_other)
{
    Plant plant;
    plant.options.per_host = 4;
    const store::HostId slow{Uuid::random(*plant.random)};
    const store::HostId fast{Uuid::random(*plant.random)};
    std::map<store::HostId, int> at_once;
    std::map<store::HostId, int> most;
    int fast_done = 0;
    plant.workflows = {one_step("act", [&](StepContext& context) -> Task<> {
        const auto host = *context.operation().host;
        most[host] = std::max(most[host], ++at_once[host]);
        co_await context.clock().sleep_for(host == slow ? std::chrono::seconds{600}
                                                        : std::chrono::seconds{1});
        --at_once[host];
        fast_done += host == fast ? 1 : 0;
    })};
    plant.workflows.front().steps.front().time_limit = 1h;
    plant.start();
    for (int i = 0; i < 100; ++i) {
        plant.submit("act", {}, slow);
    }
    for (int i = 0; i < 20; ++i) {
        plant.submit("act", {}, fast);
    }
    plant.scene.clock.advance(8s);
    EXPECT_EQ(fast_done, 20);
    EXPECT_EQ(most[slow], 4);
    EXPECT_EQ(most[fast], 4);
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(most[slow], 4);
}

TEST(Engine, goes_on_in_the_budget_of_the_host_that_a_step_chose)
{
    Plant plant;
    plant.options.per_host = 1;
    plant.options.unplaced = 100;
    const store::HostId host{Uuid::random(*plant.random)};
    int at_once = 0;
    int most = 0;
    plant.workflows = {
        {.name = "place_and_act",
         .steps = {Step{.id = "place",
                        .commit = [&](store::Transaction&,
                                      StepContext& context) { context.set_host(host); }},
                   Step{.id = "act", .act = [&](StepContext& context) -> Task<> {
                            EXPECT_EQ(context.operation().host, host);
                            most = std::max(most, ++at_once);
                            co_await context.clock().sleep_for(1s);
                            --at_once;
                        }}}}};
    plant.start();
    for (int i = 0; i < 10; ++i) {
        plant.submit("place_and_act");
    }
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(most, 1);
}

TEST(Engine, stops_in_the_midst_of_a_step_and_goes_on_after_a_restart)
{
    Plant plant;
    plant.start();
    plant.world.faults.lost_answer = 100;
    const auto id = plant.submit("build");
    plant.scene.clock.advance(2s);
    plant.stop(1s);
    EXPECT_EQ(plant.get(id).state, OperationState::running);
    EXPECT_TRUE(plant.steps(id)[1].sent);
    plant.world.faults = {};
    plant.start();
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_TRUE(plant.world.violations.empty());
    EXPECT_EQ(plant.world.made[fmt::format("disk-{}", id)], 1);
}

TEST(Engine, lets_steps_under_way_end_when_it_stops_in_time)
{
    Plant plant;
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.scene.clock.run_until([&] { return plant.world.things.size() == 1; }));
    plant.stop(1min);
    EXPECT_EQ(plant.steps(id)[1].state, StepState::done);
    EXPECT_EQ(plant.steps(id)[2].state, StepState::pending);
    EXPECT_EQ(plant.world.things.size(), 1U);
}

TEST(Engine, refuses_to_start_without_a_workflow_that_is_needed_and_names_it)
{
    Plant plant;
    plant.start();
    plant.world.host_down("a", true);
    plant.submit("build");
    plant.scene.clock.advance(1s);
    plant.stop();
    plant.workflows.front().version = 2;
    plant.start();
    plant.scene.clock.advance(1s);
    ASSERT_TRUE(plant.run_failure);
    try {
        std::rethrow_exception(plant.run_failure);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "workflows_missing");
        EXPECT_EQ(error.message().arguments.front().second, "build 1");
    }
    plant.stop();
    plant.workflows.front().version = 1;
    plant.workflows.front().steps.pop_back();
    plant.start();
    plant.scene.clock.advance(1s);
    EXPECT_TRUE(plant.run_failure) << "the same version with other steps is another workflow";
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

} // namespace
} // namespace watari::operations
