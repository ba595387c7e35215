#include "operations/testing/plant.hpp"

#include "store/records/setting.hpp"

#include <boost/asio/co_spawn.hpp>

#include <stdexcept>

#include <fmt/format.h>

namespace watari::operations::testing {

using store::OperationId;
using store::OperationRecord;
using store::Transaction;

Error failure(ErrorKind kind, std::string code)
{
    return Error{kind, Message{std::move(code), {}}};
}

Workflow one_step(std::string name, Step::Act act)
{
    return {.name = std::move(name), .steps = {Step{.id = "only", .act = std::move(act)}}};
}

Plant::Plant(std::uint64_t seed_of_run, EngineOptions engine_options)
    : seed(seed_of_run),
      random(seeded_random(seed_of_run)),
      world(scene.clock, *random),
      options(std::move(engine_options)),
      workflows{build_workflow(world)}
{
}

Plant::~Plant()
{
    if (engine) {
        stop();
    }
}

void Plant::start()
{
    dead = false;
    world.caller_dead = false;
    scene.store.reset();
    scene.store = scene.open([this](store::sqlite::CommitPoint point) {
        commits += point == store::sqlite::CommitPoint::before ? 1 : 0;
        if (on_commit) {
            on_commit(point);
        }
    });
    engine = std::make_unique<Engine>(*scene.store, scene.clock, *random, scene.loop.get_executor(),
                                      workflows, options);
    run_failure = nullptr;
    try {
        scene.clock.run(engine->check());
    } catch (const Error&) {
        run_failure = std::current_exception();
        return;
    }
    run_ended_ = false;
    boost::asio::co_spawn(scene.loop, engine->run(), [this](std::exception_ptr thrown) {
        run_failure = thrown;
        run_ended_ = true;
    });
}

void Plant::kill_now()
{
    dead = true;
    world.caller_dead = true;
    scene.disk.lose_power(random.get());
    throw std::runtime_error{"killed"};
}

void Plant::kill()
{
    if (!dead) {
        dead = true;
        world.caller_dead = true;
        scene.disk.lose_power(random.get());
    }
    stop();
    scene.store.reset();
}

void Plant::stop(std::chrono::nanoseconds grace)
{
    scene.clock.run(engine->stop(Deadline::after(scene.clock, grace)));
    scene.clock.run_until([this] { return run_ended_; });
    engine.reset();
}

OperationId Plant::submit(std::string kind, boost::json::object input,
                          std::optional<store::HostId> host)
{
    const auto id = store::new_id<OperationId>(scene.clock.now(), *random);
    scene.transact([&](Transaction& transaction) {
        engine->submit(transaction, {.id = id,
                                     .kind = std::move(kind),
                                     .host = host,
                                     .actor = "tester",
                                     .reason = "test",
                                     .request_id = "r-1",
                                     .input = std::move(input)});
    });
    engine->wake();
    return id;
}

OperationRecord Plant::get(OperationId id)
{
    return scene.read(
        [&](Transaction& transaction) { return store::get<OperationRecord>(transaction, id); });
}

std::vector<store::StepRecord> Plant::steps(OperationId id)
{
    return scene.read([&](Transaction& transaction) { return store::steps_of(transaction, id); });
}

std::vector<std::string> Plant::event_kinds(OperationId id)
{
    std::vector<std::string> kinds;
    scene.read([&](Transaction& transaction) {
        for (const auto& event : store::events_after(transaction, 0, 10'000)) {
            if (event.operation == id) {
                kinds.push_back(event.kind);
            }
        }
    });
    return kinds;
}

bool Plant::reserved(OperationId id)
{
    return scene.read([&](Transaction& transaction) {
        return store::find_setting(transaction, fmt::format("reserved-{}", id)).has_value();
    });
}

std::size_t Plant::open_operations()
{
    return scene.read(
        [](Transaction& transaction) { return store::unfinished_operations(transaction).size(); });
}

bool Plant::run_to_end(std::chrono::nanoseconds limit)
{
    const auto end = scene.clock.steady() + limit;
    while (open_operations() > 0) {
        if (scene.clock.steady() >= end) {
            return false;
        }
        advance(std::chrono::seconds{10});
    }
    return true;
}

void Plant::advance(std::chrono::nanoseconds duration)
{
    bool reached = false;
    const auto timer =
        scene.clock.call_at(scene.clock.steady() + duration, [&] { reached = true; });
    scene.clock.run_until([&] { return dead || reached; });
    if (dead) {
        kill();
        start();
    }
}

} // namespace watari::operations::testing
