#include "operations/engine.hpp"

#include "operations/testing/plant.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

namespace watari::operations {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using store::OperationState;
using store::StepState;
using testing::Plant;

Error failure(ErrorKind kind, std::string code = "told")
{
    return Error{kind, Message{std::move(code), {}}};
}

/// A workflow of one step that acts.
Workflow one_step(std::string name, Step::Act act)
{
    return {.name = std::move(name), .steps = {Step{.id = "only", .act = std::move(act)}}};
}

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

Task<> submit_and_await(Engine& engine, store::Store& store, Clock& clock, store::OperationId id,
                        int& succeeded, int& open)
{
    co_await store.transact(
        [&](store::Transaction& tx) { engine.submit(tx, {.id = id, .kind = "two"}); });
    engine.wake();
    const auto operation = co_await engine.await_operation(id, Deadline::after(clock, 1min));
    succeeded += operation.state == OperationState::succeeded ? 1 : 0;
    if (--open == 0) {
        co_await engine.stop(Deadline::after(clock, 1s));
    }
}

/// Holds the next COMMIT until it is let go.
struct Gate {
    std::mutex mutex = {};
    std::condition_variable changed = {};
    bool armed = false;
    bool reached = false;

    void pass()
    {
        std::unique_lock lock{mutex};
        if (armed) {
            reached = true;
            changed.notify_all();
            changed.wait(lock, [this] { return !armed; });
        }
    }
    void set(bool arm)
    {
        const std::lock_guard lock{mutex};
        armed = arm;
        changed.notify_all();
    }
    bool is_reached()
    {
        const std::lock_guard lock{mutex};
        return reached;
    }
};

Task<> cancel_now(Engine& engine, store::Store& store, store::OperationId id)
{
    co_await store.transact(
        [&](store::Transaction& tx) { engine.request_cancel(tx, id, "operator"); });
    engine.wake();
}

Task<OperationState> cancel_while_others_wake(Engine& engine, store::Store& store, Clock& clock,
                                              store::OperationId id, Gate& gate)
{
    co_await store.transact(
        [&](store::Transaction& tx) { engine.submit(tx, {.id = id, .kind = "hopeless"}); });
    engine.wake();
    const auto state = [&] {
        return store.read([id](store::Transaction& tx) {
            return store::get<store::OperationRecord>(tx, id).state;
        });
    };
    while (co_await state() != OperationState::blocked) {
    }
    gate.set(true);
    spawn(co_await boost::asio::this_coro::executor, cancel_now(engine, store, id), "cancel");
    while (!gate.is_reached()) {
        co_await yield_to_others();
    }
    engine.wake(); // somebody else, for something else
    for (int look = 0; look < 20; ++look) {
        co_await state(); // what was woken has read the operation by now
    }
    gate.set(false);
    const auto ended = co_await engine.await_operation(id, Deadline::after(clock, 10s));
    co_await engine.stop(Deadline::after(clock, 1s));
    co_return ended.state;
}

TEST(Engine, a_cancellation_is_noticed_whoever_wakes_the_engine_before_it_is_durable)
{
    const store::testing::TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    const auto random = seeded_random(1);
    Gate gate;
    const auto store = store::sqlite::open(folder / "watari.db", *clock,
                                           {.on_commit = [&gate](store::sqlite::CommitPoint point) {
                                               if (point == store::sqlite::CommitPoint::before) {
                                                   gate.pass();
                                               }
                                           }});
    Workflow hopeless{.name = "hopeless",
                      .steps = {Step{.id = "only",
                                     .act = [](StepContext& context) -> Task<> {
                                         co_await context.mark_sent(1s);
                                         throw failure(ErrorKind::unavailable);
                                     },
                                     .undo = [](StepContext&) -> Task<> { co_return; }}}};
    Engine engine{*store,     *clock,
                  *random,    loop.get_executor(),
                  {hopeless}, {.attempts_max = 1, .blocked_interval = 10h}};
    spawn(loop.get_executor(), engine.run(), "run");
    const auto id = store::new_id<store::OperationId>(clock->now(), *random);
    std::optional<OperationState> state;
    boost::asio::co_spawn(loop, cancel_while_others_wake(engine, *store, *clock, id, gate),
                          [&](const std::exception_ptr&, OperationState found) { state = found; });
    loop.run();
    EXPECT_EQ(state, OperationState::cancelled);
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

TEST(Engine, works_on_a_store_with_threads)
{
    const store::testing::TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    const auto random = seeded_random(1);
    const auto store = store::sqlite::open(folder / "watari.db", *clock);
    Workflow two{.name = "two",
                 .steps = {Step{.id = "rows",
                                .commit = [](store::Transaction&,
                                             StepContext& context) { context.result() = 1; }},
                           Step{.id = "act", .act = [](StepContext& context) -> Task<> {
                                    EXPECT_EQ(context.result_of("rows"), boost::json::value(1));
                                    co_await context.mark_sent(1s);
                                }}}};
    Engine engine{*store, *clock, *random, loop.get_executor(), {two}};
    int succeeded = 0;
    int open = 300;
    spawn(loop.get_executor(), engine.run(), "run");
    for (int i = 0; i < 300; ++i) {
        const auto id = store::new_id<store::OperationId>(clock->now(), *random);
        spawn(loop.get_executor(), submit_and_await(engine, *store, *clock, id, succeeded, open),
              "order");
    }
    loop.run();
    EXPECT_EQ(succeeded, 300);
    EXPECT_EQ(engine.active(), 0U);
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

} // namespace
} // namespace watari::operations
