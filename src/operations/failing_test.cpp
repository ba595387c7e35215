#include "operations/engine.hpp"

#include "operations/testing/plant.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::operations {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using store::OperationState;
using store::StepState;
using testing::failure;
using testing::one_step;
using testing::Plant;

// A step holds its lambdas for as long as their coroutines run.
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines)

TEST(Engine, undoes_in_reverse_after_a_permanent_failure)
{
    Plant plant;
    plant.world.doomed = {"machine"};
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.run_to_end());
    const auto operation = plant.get(id);
    EXPECT_EQ(operation.state, OperationState::failed);
    EXPECT_EQ(operation.error->message.code, "doomed");
    EXPECT_TRUE(plant.world.things.empty());
    EXPECT_FALSE(plant.reserved(id));
    EXPECT_EQ(plant.event_kinds(id),
              (std::vector<std::string>{"operation.accepted", "step.done", "step.done",
                                        "step.failed", "step.undone", "step.undone", "step.undone",
                                        "operation.failed"}));
    EXPECT_EQ(plant.steps(id)[3].state, StepState::pending);
    EXPECT_EQ(plant.steps(id)[2].error->message.code, "doomed");
}

TEST(Engine, tries_again_with_growing_pauses_while_a_host_refuses)
{
    Plant plant;
    int calls = 0;
    std::vector<WallTime> times;
    plant.workflows = {one_step("try", [&](StepContext& context) -> Task<> {
        times.push_back(context.clock().now());
        if (++calls < 5) {
            throw failure(ErrorKind::unavailable);
        }
        co_return;
    })};
    plant.start();
    const auto id = plant.submit("try");
    plant.scene.clock.advance(100ms);
    EXPECT_EQ(plant.get(id).state, OperationState::waiting);
    EXPECT_TRUE(plant.get(id).next_try);
    EXPECT_EQ(plant.get(id).error->message.code, "told");
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_EQ(plant.get(id).error, std::nullopt);
    ASSERT_EQ(times.size(), 5U);
    EXPECT_GE(times[4] - times[3], 4s);
    EXPECT_LE(times[1] - times[0], 2s);
    EXPECT_EQ(plant.steps(id)[0].attempts, 5);
}

TEST(Engine, acts_again_only_when_a_lost_request_cannot_run_any_more)
{
    Plant plant;
    plant.world.faults = {.lost_request = 100};
    plant.start();
    const auto id = plant.submit("build");
    const auto disk = fmt::format("disk-{}", id);
    plant.scene.clock.advance(6s);
    plant.world.faults = {};
    EXPECT_EQ(plant.get(id).state, OperationState::waiting);
    EXPECT_GE(plant.world.looks, 1);
    plant.scene.clock.advance(30s);
    EXPECT_EQ(plant.world.made[disk], 0);
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_TRUE(plant.world.violations.empty());
    EXPECT_EQ(plant.world.made[disk], 1);
}

TEST(Engine, goes_on_as_soon_as_the_effect_of_a_lost_request_is_seen)
{
    Plant plant;
    plant.world.faults = {.lost_answer = 100};
    plant.start();
    const auto id = plant.submit("build");
    plant.scene.clock.advance(30s);
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_TRUE(plant.world.violations.empty());
    EXPECT_EQ(plant.world.made[fmt::format("disk-{}", id)], 1);
}

TEST(Engine, gives_up_waiting_for_a_quota_and_undoes)
{
    Plant plant;
    plant.start();
    plant.world.faults.exhausted = 100;
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.run_to_end(1h));
    EXPECT_EQ(plant.get(id).state, OperationState::failed);
    EXPECT_EQ(plant.get(id).error->kind, ErrorKind::exhausted);
    EXPECT_EQ(plant.steps(id)[1].attempts, plant.options.attempts_max);
    EXPECT_FALSE(plant.reserved(id));
}

TEST(Engine, does_not_wait_for_capacity_that_no_waiting_brings_back)
{
    Plant plant;
    int calls = 0;
    plant.workflows = {{.name = "place",
                        .steps = {Step{.id = "reserve",
                                       .commit =
                                           [&](store::Transaction&, StepContext&) {
                                               ++calls;
                                               throw failure(ErrorKind::exhausted);
                                           },
                                       .retry_exhausted = false}}}};
    plant.start();
    const auto id = plant.submit("place");
    ASSERT_TRUE(plant.run_to_end(1h));
    EXPECT_EQ(plant.get(id).state, OperationState::failed);
    EXPECT_EQ(calls, 1);
}

TEST(Engine, is_blocked_while_the_host_is_gone_and_goes_on_by_itself)
{
    Plant plant;
    plant.options.attempts_max = 3;
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.scene.clock.run_until([&] { return plant.world.things.size() == 1; }));
    plant.world.host_down("a", true);
    plant.scene.clock.advance(1h);
    const auto blocked = plant.get(id);
    EXPECT_EQ(blocked.state, OperationState::blocked);
    EXPECT_FALSE(blocked.backward);
    EXPECT_EQ(blocked.error->message.code, "refused");
    EXPECT_GT(*blocked.next_try, plant.scene.clock.now());
    EXPECT_TRUE(plant.reserved(id)) << "what it holds stays held";
    plant.world.host_down("a", false);
    ASSERT_TRUE(plant.run_to_end(5min));
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_TRUE(plant.world.violations.empty());
}

TEST(Engine, fails_at_once_when_the_host_is_gone_and_nothing_is_there_to_undo)
{
    Plant plant;
    plant.world.host_down("a", true);
    plant.workflows = {
        {.name = "early", .steps = {Step{.id = "ask", .act = [&](StepContext&) -> Task<> {
                                             throw failure(ErrorKind::unavailable);
                                             co_return;
                                         }}}}};
    plant.start();
    const auto id = plant.submit("early");
    ASSERT_TRUE(plant.run_to_end(1h));
    EXPECT_EQ(plant.get(id).state, OperationState::failed);
}

TEST(Engine, is_blocked_in_the_undo_too_and_then_ends_it)
{
    Plant plant;
    plant.options.attempts_max = 3;
    plant.world.doomed = {"machine"};
    plant.on_commit = {};
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.scene.clock.run_until([&] { return plant.world.things.size() == 1; }));
    plant.world.host_down("a", true);
    plant.scene.clock.advance(2h);
    // The disk is made but its check cannot reach the host: forward and blocked, until somebody
    // cancels.
    EXPECT_EQ(plant.get(id).state, OperationState::blocked);
    plant.scene.transact(
        [&](store::Transaction& tx) { plant.engine->request_cancel(tx, id, "operator"); });
    plant.engine->wake();
    plant.scene.clock.advance(1h);
    EXPECT_EQ(plant.get(id).state, OperationState::blocked);
    EXPECT_TRUE(plant.get(id).backward);
    EXPECT_TRUE(plant.reserved(id));
    plant.world.host_down("a", false);
    ASSERT_TRUE(plant.run_to_end(5min));
    EXPECT_EQ(plant.get(id).state, OperationState::cancelled);
    EXPECT_TRUE(plant.world.things.empty());
    EXPECT_FALSE(plant.reserved(id));
}

TEST(Engine, tries_at_once_when_told_that_the_host_is_back)
{
    Plant plant;
    const store::HostId host{Uuid::random(*plant.random)};
    plant.options.attempts_max = 1;
    plant.options.blocked_interval = 10h;
    plant.start();
    plant.world.host_down("a", true);
    const auto id = plant.submit("build", {}, host);
    plant.scene.clock.advance(5min);
    ASSERT_EQ(plant.get(id).state, OperationState::blocked);
    plant.world.host_down("a", false);
    plant.engine->host_is_back(store::HostId{Uuid::random(*plant.random)});
    plant.scene.clock.advance(1min);
    EXPECT_EQ(plant.get(id).state, OperationState::blocked);
    plant.engine->host_is_back(host);
    plant.scene.clock.advance(1min);
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
}

TEST(Engine, undoes_a_step_whose_effect_is_not_as_ordered)
{
    Plant plant;
    plant.workflows.front().steps[2].verify = [](StepContext&) -> Task<> {
        throw failure(ErrorKind::conflict, "wrong_size");
        co_return;
    };
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).error->message.code, "wrong_size");
    EXPECT_TRUE(plant.world.things.empty());
}

TEST(Engine, undoes_when_the_rows_of_a_step_are_refused)
{
    Plant plant;
    plant.workflows.front().steps[2].commit = [](store::Transaction& tx, StepContext&) {
        tx.execute("INSERT INTO settings (name, value) VALUES ('left behind', '')");
        throw failure(ErrorKind::conflict, "taken");
    };
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).state, OperationState::failed);
    EXPECT_TRUE(plant.world.things.empty());
    EXPECT_EQ(plant.scene.read(
                  [](store::Transaction& tx) { return tx.query("SELECT * FROM settings").size(); }),
              0U);
}

TEST(Engine, a_step_that_breaks_is_undone_and_told_without_its_words_as_code)
{
    Plant plant;
    plant.workflows.front().steps[3].act = [](StepContext& context) -> Task<> {
        co_await context.mark_sent(1s);
        throw std::runtime_error{"bug"};
    };
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.run_to_end());
    const auto operation = plant.get(id);
    EXPECT_EQ(operation.state, OperationState::failed);
    EXPECT_EQ(operation.error->message.code, "step_broke");
    EXPECT_EQ(operation.error->peer.text, "bug");
    EXPECT_TRUE(plant.world.things.empty());
}

TEST(Engine, cancels_between_two_steps_and_undoes)
{
    Plant plant;
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.scene.clock.run_until([&] { return plant.world.things.size() == 1; }));
    plant.scene.transact(
        [&](store::Transaction& tx) { plant.engine->request_cancel(tx, id, "operator"); });
    plant.engine->wake();
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).state, OperationState::cancelled);
    EXPECT_EQ(plant.get(id).error->message.code, "operation_cancelled");
    EXPECT_TRUE(plant.world.things.empty());
    EXPECT_FALSE(plant.reserved(id));
    EXPECT_THROW(plant.scene.transact([&](store::Transaction& tx) {
        plant.engine->request_cancel(tx, id, "operator");
    }),
                 Error);
}

TEST(Engine, does_not_undo_what_only_goes_forward)
{
    Plant plant;
    plant.workflows.front().forward_only = true;
    plant.world.doomed = {"machine"};
    OperationState told{};
    plant.workflows.front().ended = [&](store::Transaction&,
                                        const store::OperationRecord& operation) {
        told = operation.state;
    };
    plant.start();
    const auto id = plant.submit("build");
    ASSERT_TRUE(plant.scene.clock.run_until([&] { return plant.world.things.size() == 1; }));
    EXPECT_THROW(plant.scene.transact([&](store::Transaction& tx) {
        plant.engine->request_cancel(tx, id, "operator");
    }),
                 Error);
    ASSERT_TRUE(plant.run_to_end());
    EXPECT_EQ(plant.get(id).state, OperationState::failed);
    EXPECT_EQ(told, OperationState::failed);
    EXPECT_EQ(plant.world.things.size(), 1U);
}

TEST(Engine, gives_up_a_step_that_does_not_keep_to_its_time_limit)
{
    Plant plant;
    int calls = 0;
    plant.workflows = {one_step("hang", [&](StepContext& context) -> Task<> {
        if (++calls == 1) {
            co_await context.clock().sleep_for(100h);
        }
    })};
    plant.workflows.front().steps.front().time_limit = 1min;
    plant.start();
    const auto id = plant.submit("hang");
    plant.scene.clock.advance(90s + 100ms);
    EXPECT_EQ(plant.get(id).state, OperationState::waiting);
    EXPECT_EQ(plant.get(id).error->message.code, "step_overran");
    ASSERT_TRUE(plant.run_to_end(5min));
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded);
    EXPECT_EQ(calls, 2);
}

TEST(Engine, waits_for_what_only_time_cures_and_does_not_count_it)
{
    Plant plant;
    int left = 20;
    Workflow booting = one_step("booting", [&left](StepContext&) -> Task<> {
        if (left-- > 0) {
            throw failure(ErrorKind::unavailable, "not_up_yet");
        }
        co_return;
    });
    booting.steps.front().time_limit = 5min;
    booting.steps.front().waits_for = [](const Error& error) {
        return error.code() == "not_up_yet";
    };
    plant.workflows.push_back(booting);
    plant.start();
    const auto id = plant.submit("booting");
    plant.advance(2s);
    EXPECT_EQ(plant.get(id).state, OperationState::waiting);
    EXPECT_EQ(plant.get(id).error->message.code, "not_up_yet") << "it says what it waits for";
    plant.advance(110s);
    EXPECT_EQ(plant.get(id).state, OperationState::succeeded) << "21 tries, 5 s apart";
    left = 1'000;
    const auto hopeless = plant.submit("booting");
    plant.advance(6min);
    EXPECT_EQ(plant.get(hopeless).state, OperationState::failed);
    EXPECT_EQ(plant.event_kinds(hopeless),
              (std::vector<std::string>{"operation.accepted", "step.failed", "step.failed",
                                        "step.undone", "operation.failed"}));
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

} // namespace
} // namespace watari::operations
