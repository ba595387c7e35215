#include "tests/world/state.hpp"
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

namespace watari::world {
namespace {

using std::chrono_literals::operator""min;

const std::vector<Generation> old_and_new{Generation::ws2008r2sp1, Generation::ws2012,
                                          Generation::ws2012r2};

json::object order(const World& world, std::size_t index)
{
    return {{"name", fmt::format("desk-{}", index + 1)},
            {"plan", "s"},
            {"image", "win"},
            {"network", "office"},
            {"host", world.host_name(index)}};
}

/// Orders a desktop on every host, makes each bigger, deletes each.
void live(World& world)
{
    world.furnish();
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        world.must(world.ended(world.post("/v1/vms", order(world, index))));
    }
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        world.must(world.ended(world.post(fmt::format("/v1/vms/desk-{}/resize", index + 1),
                                          {{"plan", "m"}, {"restart", true}})));
    }
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        world.must(world.ended(world.erase(fmt::format("/v1/vms/desk-{}?force=true", index + 1))));
    }
}

TEST(World, serves_three_generations_through_two_namespaces_under_one_system)
{
    World world{{.hosts = old_and_new}};
    world.furnish();
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        const auto name = fmt::format("desk-{}", index + 1);
        world.must(world.ended(world.post("/v1/vms", order(world, index))));
        const Answer vm = world.get("/v1/vms/" + name);
        EXPECT_EQ(vm.text("host_name"), world.host_name(index));
        EXPECT_EQ(vm.text("namespace"), index == 0 ? "v1" : "v2");
        EXPECT_EQ(vm.text("lifecycle"), "ready");
        EXPECT_EQ(vm.text("power"), "running");
        const auto& machines = world.host(index).engine().vms();
        ASSERT_EQ(machines.size(), 3U) << "web1 and web10 were there";
        EXPECT_EQ(machines.back()->settings.name, name);
        EXPECT_EQ(machines.back()->settings.memory.startup_mib, 1024U);
        EXPECT_EQ(machines.back()->settings.processor.count, 1U);
        EXPECT_EQ(machines.back()->state, sim::VmState::running);
    }
}

TEST(World, changes_a_desktop_on_every_generation)
{
    World world{{.hosts = old_and_new}};
    world.furnish();
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        const auto name = fmt::format("desk-{}", index + 1);
        world.must(world.ended(world.post("/v1/vms", order(world, index))));
        world.must(world.ended(
            world.post("/v1/vms/" + name + "/resize", {{"plan", "m"}, {"restart", true}})));
        sim::Host& engine = world.host(index).engine();
        const sim::Settings& settings = engine.vms().back()->settings;
        EXPECT_EQ(settings.memory.startup_mib, 2048U);
        EXPECT_EQ(settings.processor.count, 2U);
        EXPECT_EQ(engine.storage().disk(settings.first(sim::DeviceKind::hard_disk)->path).spec.size,
                  ByteSize::gib(40).in_bytes());
        EXPECT_EQ(engine.vms().back()->state, sim::VmState::running);
    }
}

TEST(World, never_speaks_v1_to_a_host_that_has_v2)
{
    World world{{.hosts = old_and_new, .refresh_every = std::chrono::seconds{60}}};
    live(world);
    for (std::size_t index = 1; index < world.host_count(); ++index) {
        const auto& log = world.host(index).log().entries();
        ASSERT_GT(log.size(), 50U);
        for (const sim::LoggedRequest& request : log) {
            EXPECT_NE(request.ns, "root/virtualization") << request.operation << request.class_name;
        }
    }
}

TEST(World, leaves_nothing_of_a_deleted_desktop_and_everything_of_others)
{
    World world{{.hosts = old_and_new}};
    world.furnish();
    const std::string before = whole_state(world);
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        world.must(world.ended(world.post("/v1/vms", order(world, index))));
        world.must(world.ended(world.erase(fmt::format("/v1/vms/desk-{}?force=true", index + 1))));
    }
    EXPECT_EQ(whole_state(world), before);
}

TEST(World, runs_the_same_twice_from_one_seed)
{
    const auto run = [](std::uint64_t seed) {
        World world{
            {.seed = seed, .hosts = old_and_new, .refresh_every = std::chrono::seconds{60}}};
        live(world);
        return event_log(world);
    };
    const std::string first = run(7);
    EXPECT_GT(first.size(), 10'000U);
    EXPECT_EQ(first, run(7));
    EXPECT_NE(first, run(8)) << "the seed decides";
}

/// The address of a VM's NIC, as the host has it.
std::string address_of(const sim::Vm& vm)
{
    for (const auto& device : vm.settings.devices) {
        if (device.kind == sim::DeviceKind::synthetic_nic) {
            return device.mac;
        }
    }
    return {};
}

TEST(Coexistence, an_address_somebody_set_by_hand_on_any_host_is_never_given_away)
{
    World world{{.hosts = {Generation::ws2012r2, Generation::ws2008r2sp1}}};
    world.furnish();
    const auto order = [&](const char* name) {
        world.must(world.ended(world.post(
            "/v1/vms",
            {{"name", name}, {"plan", "s"}, {"network", "office"}, {"host", world.host_name(0)}})));
        return address_of(*world.host(0).engine().vms().back());
    };
    const std::string first = order("desk-1");
    const std::string next = fmt::format("{:012X}", std::stoull(first, nullptr, 16) + 1);
    auto& theirs = world.host(1).engine();
    theirs.add_device(*theirs.vms().front(),
                      {.kind = sim::DeviceKind::synthetic_nic, .mac = next, .static_mac = true});
    world.clock().advance(11min); // NICs are not looked at with every refresh
    world.must(world.ended(world.post("/v1/hosts/" + world.host_name(1) + "/refresh", nullptr)));
    world.node().kill(); // what was seen is remembered
    const std::string second = order("desk-2");
    EXPECT_NE(second, next);
    EXPECT_GT(second, next);
}

TEST(Coexistence, a_machine_that_a_repeated_request_made_goes_and_a_copy_somebody_made_stays)
{
    for (const auto generation : {Generation::ws2012r2, Generation::ws2008r2sp1}) {
        World world{{.hosts = {generation}, .refresh_every = std::chrono::seconds{60}}};
        world.furnish();
        const bool v1 = generation == Generation::ws2008r2sp1;
        world.host(0).faults().add({.operation = "Invoke",
                                    .method = v1 ? "DefineVirtualSystem" : "DefineSystem",
                                    .times = 1,
                                    .effect = sim::FaultEffect::duplicate});
        world.must(world.ended(world.post(
            "/v1/vms",
            {{"name", "desk"}, {"plan", "s"}, {"network", "office"}, {"start", false}})));
        auto& engine = world.host(0).engine();
        ASSERT_EQ(engine.vms().size(), 4U) << "web1, web10, desk and its twin";
        world.clock().advance(5min);
        ASSERT_EQ(engine.vms().size(), 3U);
        const auto own = std::ranges::find_if(
            engine.vms(), [](const auto& vm) { return vm->settings.name == "desk"; });
        ASSERT_NE(own, engine.vms().end());

        sim::Settings settings = (*own)->settings; // an imported copy has our mark and its disk
        settings.name = "copy";
        engine.define_vm({.settings = settings});
        world.clock().advance(5min);
        EXPECT_EQ(engine.vms().size(), 4U);
    }
}

} // namespace
} // namespace watari::world
