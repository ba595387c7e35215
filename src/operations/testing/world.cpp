#include "operations/testing/world.hpp"

#include "store/records/setting.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace watari::operations::testing {

namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

Error failure(ErrorKind kind, std::string code)
{
    return Error{kind, Message{std::move(code), {}}};
}

std::string host_of(const StepContext& context)
{
    const auto* host = context.input().as_object().if_contains("host");
    return host == nullptr ? "a" : std::string{std::string_view{host->as_string()}};
}

std::string name_of(const StepContext& context, std::string_view part)
{
    return fmt::format("{}-{}", part, context.operation().id);
}

// A step holds its lambdas for as long as their coroutines run.
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines)

/// A step that makes one thing, sees whether it is there, and removes it.
Step making_step(World& world, std::string part)
{
    return {.id = part,
            .title = Message{part, {}},
            .look = [&world, part](StepContext& context) -> Task<Looked> {
                const bool there = co_await world.has(host_of(context), name_of(context, part));
                co_return there ? Looked::done : Looked::not_done;
            },
            .act = [&world, part](StepContext& context) -> Task<> {
                context.result() = name_of(context, part);
                co_await context.mark_sent(world.faults.within);
                co_await world.make(host_of(context), name_of(context, part));
            },
            .verify = [&world, part](StepContext& context) -> Task<> {
                const bool there = co_await world.has(host_of(context), name_of(context, part));
                if (!there) {
                    throw failure(ErrorKind::conflict, "vanished");
                }
            },
            .undo = [&world, part](StepContext& context) -> Task<> {
                const bool there = co_await world.has(host_of(context), name_of(context, part));
                if (there) {
                    co_await context.mark_sent(world.faults.within);
                    co_await world.remove(host_of(context), name_of(context, part));
                }
            }};
}

Step reserving_step()
{
    return {.id = "reserve",
            .title = Message{"reserve", {}},
            .commit =
                [](store::Transaction& transaction, StepContext& context) {
                    store::set_setting(transaction, name_of(context, "reserved"), "1");
                },
            .uncommit =
                [](store::Transaction& transaction, StepContext& context) {
                    transaction.execute("DELETE FROM settings WHERE name = $1",
                                        {name_of(context, "reserved")});
                }};
}

Step starting_step(World& world)
{
    return {.id = "start",
            .title = Message{"start", {}},
            .look = [&world](StepContext& context) -> Task<Looked> {
                const bool runs =
                    co_await world.runs(host_of(context), name_of(context, "machine"));
                co_return runs ? Looked::done : Looked::not_done;
            },
            .act = [&world](StepContext& context) -> Task<> {
                co_await context.mark_sent(world.faults.within);
                co_await world.start(host_of(context), name_of(context, "machine"));
            }};
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

} // namespace

void World::later(std::chrono::nanoseconds pause, std::function<void()> done)
{
    timers_.push_back(clock_.call_at(clock_.steady() + pause, std::move(done)));
}

Task<> World::request(std::string host, std::function<void()> done)
{
    if (caller_dead) {
        throw failure(ErrorKind::cancelled, "dead");
    }
    struct Count {
        int& count;
        ~Count() { --count; }
    };
    const Count count{++under_way[host]};
    most_at_once[host] = std::max(most_at_once[host], under_way[host]);
    const auto roll = static_cast<int>(random_.below(100));
    int limit = down_[host] ? 100 : faults.refused;
    if (roll < limit) {
        co_await clock_.sleep_for(50ms);
        throw failure(ErrorKind::unavailable, "refused");
    }
    limit += faults.exhausted;
    if (roll < limit) {
        co_await clock_.sleep_for(50ms);
        throw failure(ErrorKind::exhausted, "quota");
    }
    limit += faults.lost_request;
    if (roll < limit) {
        co_await clock_.sleep_for(5s);
        throw failure(ErrorKind::outcome_unknown, "lost_request");
    }
    limit += faults.late;
    if (roll < limit) {
        later(std::chrono::nanoseconds{static_cast<std::int64_t>(
                  random_.below(static_cast<std::uint64_t>(faults.within.count())))},
              std::move(done));
        co_await clock_.sleep_for(5s);
        throw failure(ErrorKind::outcome_unknown, "late");
    }
    // The host does it whether or not the caller lives to hear of it.
    later(25ms, std::move(done));
    const bool lost = roll < limit + faults.lost_answer;
    co_await clock_.sleep_for(lost ? 5s : 50ms);
    if (lost) {
        throw failure(ErrorKind::outcome_unknown, "lost_answer");
    }
}

Task<> World::look(std::string host)
{
    if (caller_dead) {
        throw failure(ErrorKind::cancelled, "dead");
    }
    ++looks;
    co_await clock_.sleep_for(10ms);
    if (down_[host] || static_cast<int>(random_.below(100)) < faults.refused) {
        throw failure(ErrorKind::unavailable, "refused");
    }
}

Task<> World::make(std::string host, std::string name)
{
    const bool refused =
        std::ranges::any_of(doomed, [&](const auto& part) { return name.starts_with(part); });
    if (refused) {
        throw failure(ErrorKind::conflict, "doomed");
    }
    co_await request(host, [this, name] {
        if (!things.emplace(name, false).second) {
            violations.push_back("made twice: " + name);
        }
        ++made[name];
        log.push_back("make " + name);
    });
}

Task<> World::start(std::string host, std::string name)
{
    co_await request(host, [this, name] {
        const auto found = things.find(name);
        if (found == things.end() || found->second) {
            violations.push_back("started when running or gone: " + name);
            return;
        }
        found->second = true;
        log.push_back("start " + name);
    });
}

Task<> World::remove(std::string host, std::string name)
{
    co_await request(host, [this, name] {
        if (things.erase(name) == 0) {
            violations.push_back("removed when gone: " + name);
        }
        log.push_back("remove " + name);
    });
}

Task<bool> World::has(std::string host, std::string name)
{
    co_await look(host);
    co_return things.contains(name);
}

Task<bool> World::runs(std::string host, std::string name)
{
    co_await look(host);
    const auto found = things.find(name);
    co_return found != things.end() && found->second;
}

Workflow build_workflow(World& world)
{
    return {.name = "build",
            .steps = {reserving_step(), making_step(world, "disk"), making_step(world, "machine"),
                      starting_step(world)}};
}

} // namespace watari::operations::testing
