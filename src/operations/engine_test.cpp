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

TEST(Engine, does_the_steps_in_order_and_records_them)
{
    Plant plant;
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.run_to_end());
    const auto operation = plant.get(id);
    EXPECT_EQ(operation.state, OperationState::succeeded);
    EXPECT_TRUE(operation.started && operation.ended);
    EXPECT_EQ(plant.world.log, (std::vector<std::string>{fmt::format("make disk-{}", id),
                                                         fmt::format("make machine-{}", id),
                                                         fmt::format("start machine-{}", id)}));
    EXPECT_TRUE(plant.reserved(id));
    EXPECT_EQ(plant.event_kinds(id),
              (std::vector<std::string>{"operation.accepted", "step.done", "step.done", "step.done",
                                        "step.done", "operation.succeeded"}));
    for (const auto& step : plant.steps(id)) {
        EXPECT_EQ(step.state, StepState::done);
        EXPECT_EQ(step.attempts, 1);
        EXPECT_EQ(step.progress, 100);
    }
    EXPECT_EQ(plant.steps(id)[1].result, boost::json::value(fmt::format("disk-{}", id)));
    const auto audit =
        plant.scene.read([](store::Transaction& tx) { return store::audit_before(tx, {}, 10); });
    ASSERT_EQ(audit.size(), 2U);
    EXPECT_EQ(audit[0].outcome, "succeeded");
    EXPECT_EQ(audit[0].actor, "tester");
    EXPECT_EQ(audit[1].outcome, "accepted");
    EXPECT_EQ(audit[1].request_id, "r-1");
}

TEST(Engine, does_not_look_when_nothing_was_sent)
{
    Plant plant;
    plant.start();
    plant.submit("build");
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.world.looks, 2) << "the two verifications only";
}

TEST(Engine, what_was_accepted_in_a_transaction_that_failed_never_was)
{
    Plant plant;
    plant.start();
    const store::OperationId id{Uuid::random(*plant.random)};
    EXPECT_THROW(plant.scene.transact([&](store::Transaction& tx) {
        plant.engine->submit(tx, {.id = id, .kind = "build"});
        throw std::runtime_error{"no"};
    }),
                 std::runtime_error);
    plant.engine->wake();
    plant.scene.clock.advance(10min);
    EXPECT_TRUE(plant.world.log.empty());
    EXPECT_THROW(plant.get(id), Error);
    EXPECT_EQ(plant.engine->active(), 0U);
    EXPECT_THROW(plant.submit("no such workflow"), Error);
}

TEST(Engine, finds_by_itself_what_nobody_woke_it_for)
{
    Plant plant;
    plant.start();
    plant.scene.clock.advance(1s);
    const store::OperationId id{Uuid::random(*plant.random)};
    plant.scene.transact(
        [&](store::Transaction& tx) { plant.engine->submit(tx, {.id = id, .kind = "build"}); });
    plant.scene.clock.advance(10s);
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
}

TEST(Engine, tells_those_who_wait_as_soon_as_it_ends)
{
    Plant plant;
    std::vector<std::string> changes;
    plant.options.on_change = [&](const Change& change) {
        changes.push_back(fmt::format("{} {}", store::name_of(change.operation.state),
                                      change.step ? change.step->step : ""));
    };
    plant.start();
    const auto id = plant.submit("build");
    auto& clock = plant.scene.clock;
    const auto early =
        clock.run(plant.engine->await_operation(id, Deadline::after(clock, 1s / 10)));
    EXPECT_FALSE(store::has_ended(early.state));
    const auto before = clock.steady();
    EXPECT_EQ(clock.run(plant.engine->await_operation(id, Deadline::after(clock, 1h))).state,
              OperationState::succeeded);
    EXPECT_LT(clock.steady() - before, 2s);
    EXPECT_EQ(changes.back(), "succeeded start");
    EXPECT_THROW(clock.run(plant.engine->await_operation(store::OperationId{}, Deadline::never())),
                 Error);
}

TEST(Engine, tells_the_progress_of_the_step_being_done)
{
    Plant plant;
    plant.workflows = {one_step("copy", [](StepContext& context) -> Task<> {
        context.progress(40);
        context.count_requests(3);
        co_await context.clock().sleep_for(10s);
        context.progress(180);
    })};
    plant.start();
    const auto id = plant.submit("copy");
    plant.scene.clock.advance(5s);
    EXPECT_EQ(plant.engine->progress_of(id), 40);
    EXPECT_EQ(plant.engine->active(), 1U);
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.engine->progress_of(id), std::nullopt);
    EXPECT_EQ(plant.steps(id)[0].requests, 3);
}

TEST(Engine, outlives_a_full_database_disk)
{
    Plant plant;
    plant.start();
    const auto id = plant.submit("build");
    plant.scene.disk.limit(0);
    plant.scene.clock.advance(10min);
    plant.scene.disk.limit(UINT64_MAX);
    ASSERT_TRUE(plant.run_to_end(10min));
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_TRUE(plant.world.violations.empty());
}

TEST(Engine, runs_on_when_the_store_does_not_answer_at_its_start)
{
    Plant plant;
    plant.start();
    plant.scene.disk.lose_power();
    plant.scene.clock.advance(1min);
    EXPECT_FALSE(plant.run_failure);
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

} // namespace
} // namespace watari::operations
