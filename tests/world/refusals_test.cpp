// What a customer sees when a host or a guest refuses, or only part of an act happened.
#include "tests/world/state.hpp"
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::world {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

constexpr std::uint32_t access_denied = 2; ///< CIM_DataFile.Delete
constexpr std::uint32_t failed = 32768;

/// One 2012 R2 host that is looked at every minute.
struct Refusals : testing::Test {
    World world{{.hosts = {Generation::ws2012r2}, .refresh_every = 60s}};

    Refusals() { world.furnish(); }

    void create(bool start)
    {
        world.must(world.ended(world.post(
            "/v1/vms",
            {{"name", "desk"}, {"plan", "s"}, {"network", "office"}, {"start", start}})));
    }
    std::string code_of_failure(Answer accepted)
    {
        const auto operation = world.ended(std::move(accepted));
        EXPECT_EQ(operation.at("state"), "failed") << json::serialize(operation);
        return std::string{operation.at("error").at("code").as_string()};
    }
    std::string lifecycle() { return world.get("/v1/vms/desk").text("lifecycle"); }
    void refuse_once(std::string method, std::uint32_t code)
    {
        world.host(0).faults().add({.operation = "Invoke",
                                    .method = std::move(method),
                                    .times = 1,
                                    .effect = sim::FaultEffect::return_code,
                                    .number = code});
    }
};

TEST_F(Refusals, a_storage_needs_its_folder_on_the_host)
{
    const auto add = [&](const char* path) {
        return world.post("/v1/storages", {{"host", world.host_name(0)}, {"path", path}});
    };
    EXPECT_EQ(code_of_failure(add("D:\\Nowhere")), "folder_not_there");
    EXPECT_EQ(code_of_failure(add("D:\\VMs\\web1.vhd")), "folder_not_there") << "a file is none";
    world.host(0).engine().storage().make_folder("D:\\Nowhere");
    world.must(world.ended(add("D:\\Nowhere")));
}

TEST_F(Refusals, requests_to_a_host_are_counted_when_it_is_enrolled_and_equipped)
{
    const auto list = world.get("/v1/operations?page_size=100");
    int counted = 0;
    for (const auto& operation : list.body.at("items").as_array()) {
        const auto kind = operation.at("kind").as_string();
        if (kind == "enroll_host" || kind == "add_storage") {
            EXPECT_GT(operation.at("requests").to_number<int>(), 0) << json::serialize(operation);
            ++counted;
        }
    }
    EXPECT_EQ(counted, 2);
}

TEST_F(Refusals, a_shutdown_ordered_right_after_the_start_waits_for_the_guest_to_be_up)
{
    create(true);
    const auto began = world.clock().steady();
    const Answer accepted = world.post("/v1/vms/desk/stop", nullptr);
    world.clock().advance(12s);
    const Answer waiting = world.get("/v1/operations/" + accepted.text("id"));
    EXPECT_EQ(waiting.text("state"), "waiting");
    EXPECT_EQ(waiting.body.at("error").at("code").as_string(), "guest_cannot_shut_down");
    EXPECT_FALSE(waiting.text("next_try").empty());
    EXPECT_EQ(world.ended(world.post("/v1/hosts/" + world.host_name(0) + "/refresh", nullptr))
                  .at("state"),
              "succeeded")
        << "a guest that does not answer is not a host that does not";
    world.must(world.ended(accepted));
    // The guest is up after 15 s and takes 5 s to go down; every 5 s it is asked again.
    EXPECT_LT(world.clock().steady() - began, 40s);
    EXPECT_EQ(world.get("/v1/vms/desk").text("power"), "off");
}

TEST_F(Refusals, a_guest_that_never_takes_a_shutdown_is_left_running_and_told_in_time)
{
    create(true);
    world.host(0).engine().vms().back()->guest.installed = false;
    const auto began = world.clock().steady();
    EXPECT_EQ(code_of_failure(world.post("/v1/vms/desk/stop", nullptr)), "guest_cannot_shut_down");
    EXPECT_LE(world.clock().steady() - began, 11min);
    EXPECT_EQ(world.host(0).engine().vms().back()->state, sim::VmState::running);
    EXPECT_EQ(lifecycle(), "ready");
}

TEST_F(Refusals, a_deletion_refused_half_way_says_so_and_is_ordered_again)
{
    const std::string before = whole_state(world);
    create(false);
    refuse_once("Delete", access_denied);
    code_of_failure(world.erase("/v1/vms/desk"));
    for (int look = 0; look < 3; ++look) {
        const Answer vm = world.get("/v1/vms/desk");
        EXPECT_EQ(vm.text("lifecycle"), "deleting");
        EXPECT_FALSE(vm.text("disk_path").empty()) << "the disk is still there, and mentioned";
        EXPECT_EQ(world.post("/v1/vms/desk/start", nullptr).code(), "vm_not_ready");
        world.clock().advance(2min);
    }
    world.must(world.ended(world.erase("/v1/vms/desk")));
    EXPECT_EQ(whole_state(world), before);
}

TEST_F(Refusals, a_deletion_refused_before_anything_went_leaves_the_vm_ready)
{
    create(false);
    refuse_once("DestroySystem", failed);
    code_of_failure(world.erase("/v1/vms/desk"));
    world.clock().advance(3min);
    EXPECT_EQ(lifecycle(), "ready") << "the host still shows it";
    world.must(world.ended(world.post("/v1/vms/desk/start", nullptr)));
}

} // namespace
} // namespace watari::world
