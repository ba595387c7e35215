// What a customer sees when a host or a guest refuses, or only part of an act happened.
#include "store/records/project.hpp"
#include "tests/world/state.hpp"
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::world {
namespace {

using sim::FaultEffect;
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

TEST_F(Refusals, a_guest_that_takes_a_shutdown_and_never_does_it_is_told_in_time)
{
    create(true);
    world.clock().advance(1min);
    world.host(0).engine().vms().back()->guest.shutdown.reset();
    const auto began = world.clock().steady();
    EXPECT_EQ(code_of_failure(world.post("/v1/vms/desk/stop", nullptr)), "guest_did_not_shut_down");
    EXPECT_LE(world.clock().steady() - began, 11min);
    EXPECT_EQ(
        code_of_failure(world.post("/v1/vms/desk/resize", {{"plan", "m"}, {"restart", true}})),
        "guest_did_not_shut_down");
    EXPECT_LE(world.clock().steady() - began, 22min);
    const sim::Vm& vm = *world.host(0).engine().vms().back();
    EXPECT_EQ(vm.state, sim::VmState::running);
    EXPECT_EQ(vm.settings.memory.startup_mib, 1024U) << "as before";
    const Answer desk = world.get("/v1/vms/desk");
    EXPECT_EQ(desk.text("lifecycle"), "ready");
    EXPECT_EQ(desk.body.at("memory_mib").to_number<int>(), 1024);
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

/// What was ordered for a VM and cannot end well, or is taken back by somebody.
struct Undoing : Refusals {
    Answer resize(json::object sizes)
    {
        sizes["restart"] = true;
        return world.post("/v1/vms/desk/resize", std::move(sizes));
    }
    void lose(FaultEffect effect, std::string method)
    {
        world.host(0).faults().add(
            {.operation = "Invoke", .method = std::move(method), .times = 1, .effect = effect});
    }
    void fill_the_volume()
    {
        world.run(world.node().store().transact([](store::Transaction& transaction) {
            for (auto storage : store::list<store::StorageRecord>(transaction)) {
                storage.reserve = storage.volume_free - ByteSize::gib(1);
                store::update(transaction, storage);
            }
        }));
    }
    std::string cancelled(const Answer& accepted)
    {
        const Answer asked =
            world.post("/v1/operations/" + accepted.text("id") + "/cancel", nullptr);
        EXPECT_EQ(asked.status, 202) << json::serialize(asked.body);
        return std::string{world.ended(accepted).at("state").as_string()};
    }
    sim::Vm& machine() { return *world.host(0).engine().vms().back(); }
    void lose_machine()
    {
        if (machine().state == sim::VmState::running) {
            world.host(0).engine().change_state(machine(), sim::Power::turn_off);
            world.clock().advance(5s);
        }
        world.host(0).engine().destroy_vm(machine().id);
        world.clock().advance(5s);
        ASSERT_EQ(world.host(0).engine().vms().size(), 2U) << "the two of somebody else";
    }
};

TEST_F(Undoing, a_full_volume_refuses_no_change_of_processors_and_no_way_back)
{
    create(false);
    fill_the_volume();
    world.must(world.ended(resize({{"processors", 2}})));
    refuse_once("ModifyResourceSettings", failed);
    code_of_failure(resize({{"processors", 4}}));
    EXPECT_EQ(lifecycle(), "ready");
    EXPECT_EQ(code_of_failure(resize({{"disk_bytes", ByteSize::gib(30).in_bytes()}})),
              "capacity_exceeded");
    world.must(world.ended(world.erase("/v1/vms/desk")));
}

TEST_F(Undoing, a_resize_beyond_the_quota_is_refused_and_one_that_failed_takes_none)
{
    create(false);
    const auto vm = [&] { return world.get("/v1/vms/desk").body.as_object(); };
    const auto before = vm().at("memory_mib").as_int64();
    world.run(world.node().store().transact([&](store::Transaction& transaction) {
        auto project = store::find_project_by_name(transaction, "default").value();
        project.quota_memory = ByteSize::mib(static_cast<std::uint64_t>(before) + 1024);
        store::update(transaction, project);
    }));
    const Answer beyond = resize({{"memory_mib", before + 2048}});
    EXPECT_EQ(beyond.status, 429) << json::serialize(beyond.body);
    EXPECT_EQ(beyond.code(), "quota_exceeded");
    EXPECT_EQ(vm().at("memory_mib").as_int64(), before);
    EXPECT_EQ(lifecycle(), "ready");
    refuse_once("ModifyResourceSettings", failed);
    code_of_failure(resize({{"memory_mib", before + 1024}}));
    EXPECT_EQ(vm().at("memory_mib").as_int64(), before);
    world.must(world.ended(resize({{"memory_mib", before + 1024}})));
    EXPECT_EQ(vm().at("memory_mib").as_int64(), before + 1024);
}

TEST_F(Undoing, a_resize_cancelled_after_its_start_takes_the_sizes_back_and_starts_again)
{
    create(true);
    world.clock().advance(1min);
    for (const bool asks : {true, false}) {
        machine().guest.installed = true;
        lose(FaultEffect::lost_answer, "RequestStateChange");
        const Answer accepted = resize({{"memory_mib", 2048}});
        world.clock().advance(30s);
        ASSERT_EQ(machine().state, sim::VmState::running);
        ASSERT_EQ(machine().settings.memory.startup_mib, 2048U);
        machine().guest.installed = asks; // false: one that cannot be asked is turned off
        EXPECT_EQ(cancelled(accepted), "cancelled");
        EXPECT_EQ(machine().settings.memory.startup_mib, 1024U);
        EXPECT_EQ(machine().state, sim::VmState::running);
        EXPECT_EQ(lifecycle(), "ready");
        world.clock().advance(1min);
    }
}

TEST_F(Undoing, a_machine_that_is_gone_stands_in_the_way_of_no_undo)
{
    const std::string before = whole_state(world);
    lose(FaultEffect::lost_request, "RequestStateChange");
    const Answer created = world.post(
        "/v1/vms", {{"name", "desk"}, {"plan", "s"}, {"network", "office"}, {"start", true}});
    world.clock().advance(30s);
    lose_machine();
    EXPECT_EQ(cancelled(created), "cancelled");
    EXPECT_EQ(whole_state(world), before);
    create(true);
    world.clock().advance(1min);
    lose(FaultEffect::lost_answer, "RequestStateChange");
    const Answer resized = resize({{"memory_mib", 2048}});
    world.clock().advance(30s);
    ASSERT_EQ(machine().state, sim::VmState::running);
    lose_machine();
    EXPECT_EQ(code_of_failure(resized), "vm_not_on_host");
}

TEST_F(Undoing, a_deletion_waits_for_its_host_and_cannot_be_cancelled_half_way)
{
    const std::string before = whole_state(world);
    create(false);
    const auto down = [&](bool is_down) {
        world.network().set_down(World::host_address(0).address, is_down);
    };
    lose(FaultEffect::lost_answer, "DestroySystem");
    const Answer accepted = world.erase("/v1/vms/desk");
    world.clock().advance(5s);
    down(true);
    world.clock().advance(20min);
    EXPECT_EQ(world.get("/v1/operations/" + accepted.text("id")).text("state"), "blocked");
    EXPECT_EQ(lifecycle(), "deleting");
    EXPECT_EQ(world.post("/v1/operations/" + accepted.text("id") + "/cancel", nullptr).code(),
              "operation_not_cancellable");
    world.host(0).faults().clear();
    down(false);
    world.must(world.ended(accepted));
    EXPECT_EQ(whole_state(world), before);
}

TEST_F(Undoing, a_deletion_that_never_reached_its_host_can_be_cancelled)
{
    create(false);
    world.network().set_down(World::host_address(0).address, true);
    const Answer accepted = world.erase("/v1/vms/desk");
    world.clock().advance(20min);
    EXPECT_EQ(world.get("/v1/operations/" + accepted.text("id")).text("state"), "blocked");
    EXPECT_EQ(cancelled(accepted), "cancelled");
    EXPECT_EQ(lifecycle(), "ready");
}

} // namespace
} // namespace watari::world
