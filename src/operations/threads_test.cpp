#include "operations/engine.hpp"

#include "operations/testing/plant.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <condition_variable>
#include <mutex>

namespace watari::operations {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using store::OperationState;
using testing::failure;
using testing::Plant;

// A step holds its lambdas for as long as their coroutines run.
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines)

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
