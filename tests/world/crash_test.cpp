#include "tests/world/state.hpp"
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <map>

namespace watari::world {
namespace {

using sim::FaultEffect;
using std::chrono_literals::operator""s;
using store::sqlite::CommitPoint;

const json::object desk{{"name", "desk"}, {"plan", "m"}, {"image", "win"}, {"network", "office"}};

json::object create(World& world)
{
    return world.ended(world.post("/v1/vms", desk));
}

json::object remove(World& world)
{
    return world.ended(world.erase("/v1/vms/desk?force=true"));
}

json::object grow(World& world)
{
    return world.ended(
        world.post("/v1/vms/desk/resize", {{"memory_mib", 4096},
                                           {"processors", 4},
                                           {"disk_bytes", ByteSize::gib(50).in_bytes()},
                                           {"restart", true}}));
}

/// What is done cleanly before, what is interrupted, and what makes the world as it was.
struct Act {
    std::string name;
    std::function<void(World&)> before;
    std::function<json::object(World&)> order;
    std::function<void(World&)> after;
};

void nothing(World&) {}
void create_cleanly(World& world)
{
    world.must(create(world));
}
void remove_cleanly(World& world)
{
    world.must(remove(world));
}

const Act creating{"create", nothing, create, remove_cleanly};
const Act deleting{"delete", create_cleanly, remove, nothing};
const Act resizing{"resize", create_cleanly, grow, remove_cleanly};

struct Clean {
    std::string state;
    std::uint64_t requests = 0;
    std::uint64_t commits = 0;
};

/// One generation and act of a sweep.
struct Row {
    Generation generation;
    const Act& act;

    friend void PrintTo(const Row& row, std::ostream* out)
    {
        *out << row.act.name << " on " << to_string(row.generation);
    }
};

class CrashSweep : public ::testing::TestWithParam<Row>
{
public:
    ~CrashSweep() override
    {
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
        std::cout << fmt::format("{} kills in {:.1f} s\n", world.node().kills(), taken.count());
    }

protected:
    CrashSweep() { world.furnish(); }

    const Act& act() const { return GetParam().act; }

    Clean clean()
    {
        act().before(world);
        const auto requests = world.host(0).log().total();
        const auto commits = world.node().commits();
        world.must(act().order(world));
        Clean result{.requests = world.host(0).log().total() - requests,
                     .commits = world.node().commits() - commits};
        result.state = whole_state(world);
        act().after(world);
        return result;
    }

    /// The same order, with watarid killed as `plan` says: it must end as if nothing had happened.
    /// `surely`: not near the end, which a run with fewer polls or writes does not reach.
    void interrupted(const Clean& expected, bool surely, const std::function<void()>& plan)
    {
        act().before(world);
        const auto kills = world.node().kills();
        plan();
        const json::object operation = act().order(world);
        EXPECT_TRUE(world.node().kills() == kills + 1 || !surely) << "the kill did not happen";
        world.node().spare();
        EXPECT_EQ(operation.at("state"), "succeeded") << json::serialize(operation);
        world.clock().advance(60s); // what is late, happens
        EXPECT_EQ(whole_state(world), expected.state);
        world.host(0).faults().clear();
        act().after(world);
    }

    void sweep_requests(FaultEffect effect, std::chrono::milliseconds delay = {})
    {
        const Clean expected = clean();
        ASSERT_GT(expected.requests, 3U);
        for (std::uint64_t n = 1; n <= expected.requests && !HasFailure(); ++n) {
            SCOPED_TRACE(fmt::format("killed at request {} of {}", n, expected.requests));
            interrupted(expected, n + 2 <= expected.requests,
                        [&] { world.kill_at_request(0, n, effect, delay); });
        }
    }

    World world{{.seed = 11, .hosts = {GetParam().generation}}};
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

TEST_P(CrashSweep, killed_before_the_host_executes_a_request)
{
    sweep_requests(FaultEffect::lost_request);
}

TEST_P(CrashSweep, killed_after_the_host_has_executed_a_request)
{
    sweep_requests(FaultEffect::lost_answer);
}

TEST_P(CrashSweep, killed_and_the_request_executes_after_the_restart)
{
    sweep_requests(FaultEffect::late_execution, 20s);
}

TEST_P(CrashSweep, killed_before_and_after_every_commit)
{
    const Clean expected = clean();
    ASSERT_GT(expected.commits, 3U);
    for (const auto point : {CommitPoint::before, CommitPoint::after}) {
        for (std::uint64_t n = 1; n <= expected.commits && !HasFailure(); ++n) {
            SCOPED_TRACE(fmt::format("killed {} commit {} of {}",
                                     point == CommitPoint::before ? "before" : "after", n,
                                     expected.commits));
            interrupted(expected, n + 2 <= expected.commits,
                        [&] { world.node().kill_at_commit(n, point); });
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, CrashSweep,
    ::testing::Values(Row{Generation::ws2008r2sp1, creating},
                      Row{Generation::ws2008r2sp1, deleting},
                      Row{Generation::ws2008r2sp1, resizing}, Row{Generation::ws2012r2, creating},
                      Row{Generation::ws2012r2, deleting}, Row{Generation::ws2012r2, resizing}),
    [](const auto& row) {
        return fmt::format("{}_on_{}", row.param.act.name, to_string(row.param.generation));
    });

class LongCopy : public ::testing::TestWithParam<Generation>
{
};

/// Copying the image takes 40 minutes: the host goes on while watarid is dead, is done before it is
/// back, or not yet.
TEST_P(LongCopy, goes_on_while_watarid_is_dead)
{
    using std::chrono::minutes;
    const sim::Durations slow{.disk_copy_per_gib = minutes{2}};
    World world{{.seed = 11, .hosts = {GetParam()}, .durations = slow}};
    world.furnish();
    create_cleanly(world);
    const std::string expected = whole_state(world);
    remove_cleanly(world);
    for (const auto& [until_kill, dead] : {std::pair{minutes{1}, minutes{0}},
                                           {minutes{1}, minutes{10}},
                                           {minutes{30}, minutes{0}},
                                           {minutes{30}, minutes{60}},
                                           {minutes{39}, minutes{2}}}) {
        SCOPED_TRACE(
            fmt::format("killed after {} min, dead for {} min", until_kill.count(), dead.count()));
        const Answer accepted = world.post("/v1/vms", desk);
        world.clock().advance(until_kill);
        world.node().kill();
        world.clock().advance(dead);
        const json::object operation = world.ended(accepted);
        EXPECT_EQ(operation.at("state"), "succeeded") << json::serialize(operation);
        EXPECT_EQ(whole_state(world), expected);
        remove_cleanly(world);
    }
}

/// The image has the size ordered: what an interrupted copy leaves looks like the whole disk.
TEST_P(LongCopy, is_made_again_when_its_host_interrupts_it_while_watarid_is_dead)
{
    using std::chrono::minutes;
    World world{{.seed = 11, .hosts = {GetParam()}}};
    world.furnish();
    world.host(0).engine().profile().flip("partial_copy_left_behind");
    world.host(0).faults().add({.method = "ConvertVirtualHardDisk",
                                .nth = 1,
                                .effect = FaultEffect::job_slow,
                                .factor = 1000.0});
    json::object whole = desk;
    whole["plan"] = "s";
    const Answer accepted = world.post("/v1/vms", whole);
    world.clock().advance(minutes{1});
    world.node().kill();
    world.host(0).engine().jobs().clear();
    const json::object operation = world.ended(accepted);
    EXPECT_EQ(operation.at("state"), "succeeded") << json::serialize(operation);
    EXPECT_EQ(std::ranges::count(world.host(0).log().entries(), "ConvertVirtualHardDisk",
                                 &sim::LoggedRequest::method),
              2);
}

INSTANTIATE_TEST_SUITE_P(All, LongCopy,
                         ::testing::Values(Generation::ws2008r2sp1, Generation::ws2012r2),
                         [](const auto& generation) {
                             return std::string{to_string(generation.param)};
                         });

class PermanentFault : public ::testing::TestWithParam<Generation>
{
};

/// One request of a clean create: the n-th of its kind.
struct Target {
    sim::LoggedRequest request;
    std::uint64_t nth = 0;

    std::string name() const
    {
        return fmt::format("{} {} {} number {}", request.operation, request.method,
                           request.class_name, nth);
    }
};

std::vector<Target> requests_of_a_create(World& world)
{
    world.host(0).log().clear();
    create_cleanly(world);
    std::vector<Target> targets;
    std::map<std::string, std::uint64_t> seen;
    for (const auto& request : world.host(0).log().entries()) {
        targets.push_back({.request = request,
                           .nth = ++seen[request.operation + request.method + request.class_name]});
    }
    remove_cleanly(world);
    return targets;
}

sim::FaultRule refusal_of(const Target& target)
{
    const auto& request = target.request;
    sim::FaultRule rule{
        .operation = request.operation, .method = request.method, .class_name = request.class_name};
    if (request.operation !=
        "Put") { // which v1 tries again by another path: it must fail there too
        rule.nth = target.nth;
        rule.times = 1;
    }
    if (!request.method.empty()) {
        rule.effect = FaultEffect::return_code;
        rule.number = 32768;
    } else {
        rule.effect = FaultEffect::fault;
        rule.number = 0x80070005;
        rule.subcode = "wsman:AccessDenied";
    }
    return rule;
}

TEST_P(PermanentFault, undoes_everything_wherever_a_create_fails)
{
    World world{{.seed = 11, .hosts = {GetParam()}}};
    world.furnish();
    const std::string before = whole_state(world);
    for (const Target& target : requests_of_a_create(world)) {
        SCOPED_TRACE(target.name());
        world.host(0).faults().add(refusal_of(target));
        const json::object operation = create(world);
        if (!target.request.changing &&
            operation.at("state") == "succeeded") { // a question the driver can do without
            remove_cleanly(world);
        } else {
            EXPECT_EQ(operation.at("state"), "failed") << json::serialize(operation);
        }
        EXPECT_EQ(whole_state(world), before);
        world.host(0).faults().clear();
        if (HasFailure()) {
            return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, PermanentFault,
                         ::testing::Values(Generation::ws2008r2sp1, Generation::ws2012,
                                           Generation::ws2012r2),
                         [](const auto& generation) {
                             return std::string{to_string(generation.param)};
                         });

} // namespace
} // namespace watari::world
