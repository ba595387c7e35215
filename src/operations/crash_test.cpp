#include "operations/testing/plant.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::operations {
namespace {

using store::OperationState;
using store::sqlite::CommitPoint;
using testing::Faults;
using testing::Plant;

/// Every operation done, or undone without a trace; nothing done twice; nothing there that nobody
/// ordered.
void expect_converged(Plant& plant, const std::vector<store::OperationId>& ids)
{
    EXPECT_TRUE(plant.world.violations.empty()) << plant.world.violations.front();
    std::size_t expected = 0;
    for (const auto& id : ids) {
        const auto operation = plant.get(id);
        const bool succeeded = operation.state == OperationState::succeeded;
        EXPECT_TRUE(store::has_ended(operation.state)) << store::name_of(operation.state);
        EXPECT_EQ(plant.reserved(id), succeeded);
        EXPECT_EQ(plant.world.things.contains(fmt::format("disk-{}", id)), succeeded);
        EXPECT_EQ(plant.world.things.contains(fmt::format("machine-{}", id)), succeeded);
        if (succeeded) {
            EXPECT_TRUE(plant.world.things[fmt::format("machine-{}", id)]);
            EXPECT_EQ(plant.world.made[fmt::format("disk-{}", id)], 1);
            expected += 2;
        }
        const auto kinds = plant.event_kinds(id);
        EXPECT_EQ(
            std::ranges::count(kinds, "operation." + std::string{store::name_of(operation.state)}),
            1);
    }
    EXPECT_EQ(plant.world.things.size(), expected);
}

/// Kills at the n-th commit, before or after it is durable. False when the run had fewer commits.
bool kill_at(std::uint64_t commit, CommitPoint where, bool doomed, const Faults& faults)
{
    Plant plant{commit + 1};
    plant.world.faults = faults;
    if (doomed) {
        plant.world.doomed = {"machine"};
    }
    plant.start();
    const auto id = plant.submit("build");
    plant.commits = 0;
    bool killed = false;
    plant.on_commit = [&](CommitPoint point) {
        if (!killed && point == where && plant.commits == commit) {
            killed = true;
            plant.kill_now();
        }
    };
    EXPECT_TRUE(plant.run_to_end());
    expect_converged(plant, {id});
    EXPECT_EQ(plant.get(id).state, doomed ? OperationState::failed : OperationState::succeeded);
    return killed;
}

TEST(Crash, at_every_commit_of_a_build_ends_with_it_built_once)
{
    for (const auto where : {CommitPoint::before, CommitPoint::after}) {
        std::uint64_t commit = 1;
        while (kill_at(commit, where, false, {}) && !::testing::Test::HasFailure()) {
            ++commit;
        }
        EXPECT_GT(commit, 6U);
    }
}

TEST(Crash, at_every_commit_of_a_build_that_fails_leaves_nothing)
{
    for (const auto where : {CommitPoint::before, CommitPoint::after}) {
        std::uint64_t commit = 1;
        while (kill_at(commit, where, true, {}) && !::testing::Test::HasFailure()) {
            ++commit;
        }
        EXPECT_GT(commit, 6U);
    }
}

TEST(Crash, at_every_commit_while_every_answer_comes_late_or_never)
{
    for (const auto where : {CommitPoint::before, CommitPoint::after}) {
        std::uint64_t commit = 1;
        while (kill_at(commit, where, commit % 2 == 0,
                       {.lost_request = 20, .lost_answer = 30, .late = 30}) &&
               !::testing::Test::HasFailure()) {
            ++commit;
        }
    }
}

void run_seed(std::uint64_t seed)
{
    Plant plant{seed, {.attempts_max = 4}};
    auto& random = *plant.random;
    plant.world.faults = {.refused = static_cast<int>(random.below(20)),
                          .lost_request = static_cast<int>(random.below(15)),
                          .lost_answer = static_cast<int>(random.below(15)),
                          .late = static_cast<int>(random.below(15)),
                          .exhausted = static_cast<int>(random.below(10))};
    auto kills_left = random.below(5);
    plant.on_commit = [&](CommitPoint) {
        if (kills_left > 0 && random.below(20) == 0) {
            --kills_left;
            plant.kill_now();
        }
    };
    plant.start();
    std::vector<store::OperationId> ids;
    for (std::uint64_t i = 0; i < 1 + random.below(3); ++i) {
        try {
            ids.push_back(plant.submit("build"));
        } catch (const std::exception&) {
            // Killed while it was accepted: the customer heard nothing and asks again.
            plant.kill();
            plant.start();
        }
    }
    if (!ids.empty() && random.below(2) == 0) {
        plant.world.doomed = {fmt::format("machine-{}", ids.front())};
    }
    plant.advance(std::chrono::seconds{random.below(100)});
    plant.world.host_down("a", random.below(3) == 0);
    plant.advance(std::chrono::minutes{random.below(20)});
    plant.world.host_down("a", false);
    EXPECT_TRUE(plant.run_to_end());
    // One whose accepting was cut off may have become durable all the same; it must have converged
    // like the others.
    ids = plant.scene.read([](store::Transaction& tx) {
        std::vector<store::OperationId> all;
        for (const auto& operation : store::list<store::OperationRecord>(tx)) {
            all.push_back(operation.id);
        }
        return all;
    });
    expect_converged(plant, ids);
}

TEST(Crash, any_mix_of_faults_and_kills_converges)
{
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        run_seed(seed);
        if (HasFailure()) {
            break;
        }
    }
}

} // namespace
} // namespace watari::operations
