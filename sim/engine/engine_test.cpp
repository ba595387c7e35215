#include "core/simulated_clock.hpp"
#include "sim/engine/host.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace watari::sim {
namespace {

struct World {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    std::unique_ptr<Random> random = seeded_random(11);
    Host host;

    explicit World(EngineOptions options = {}) : host(clock, *random, std::move(options)) {}

    Vm& vm(const std::string& name = "web-1", std::uint64_t memory_mib = 512)
    {
        NewVm made{.settings = host.fresh_settings(1)};
        made.settings.name = name;
        made.settings.memory.startup_mib = made.settings.memory.minimum_mib =
            made.settings.memory.maximum_mib = memory_mib;
        return host.define_vm(std::move(made));
    }

    void disk(const std::string& path, std::uint64_t size = 1ULL << 30)
    {
        host.storage().create_disk({.path = path, .format = DiskFormat::vhdx, .size = size});
    }

    void attach(Vm& vm, const std::string& path)
    {
        Device drive{.kind = DeviceKind::disk_drive,
                     .parent = std::string{device_id::ide} + "\\0",
                     .slot = any_slot};
        const std::string id = host.add_device(vm, drive).id;
        host.add_device(vm, Device{.kind = DeviceKind::hard_disk, .parent = id, .path = path});
    }

    /// The job's number when it ends; 0 when it completed.
    std::uint32_t outcome(const Job& job)
    {
        const Uuid id = job.id;
        clock.advance(std::chrono::seconds{60});
        const Job* ended = host.jobs().find(id);
        return ended == nullptr                      ? 1
               : ended->state == JobState::completed ? 0
                                                     : std::max(1U, ended->error_code);
    }

    template <class Act>
    static std::uint32_t refused(const Act& act)
    {
        try {
            act();
        } catch (const Error& error) {
            return refusal_code(error);
        }
        return 0;
    }
};

TEST(Engine, starts_a_vm_through_a_transitional_state)
{
    World world;
    Vm& vm = world.vm();
    const Uuid job = world.host.change_state(vm, Power::start).id;
    EXPECT_EQ(vm.state, VmState::starting);
    world.clock.advance(std::chrono::seconds{1});
    EXPECT_EQ(world.host.jobs().percent(*world.host.jobs().find(job)), 50);
    world.clock.advance(std::chrono::seconds{2});
    EXPECT_EQ(vm.state, VmState::running);
    EXPECT_EQ(world.host.jobs().find(job)->state, JobState::completed);
    EXPECT_EQ(World::refused([&] { world.host.change_state(vm, Power::start); }),
              code::invalid_state);
}

TEST(Engine, saves_pauses_resumes_resets_and_turns_off)
{
    World world;
    Vm& vm = world.vm();
    const auto go = [&](Power power) { return world.outcome(world.host.change_state(vm, power)); };
    EXPECT_EQ(go(Power::start), 0U);
    EXPECT_EQ(go(Power::pause), 0U);
    EXPECT_EQ(vm.state, VmState::paused);
    EXPECT_EQ(go(Power::start), 0U);
    EXPECT_EQ(go(Power::reset), 0U);
    EXPECT_EQ(vm.state, VmState::running);
    EXPECT_EQ(go(Power::save), 0U);
    EXPECT_EQ(vm.state, VmState::saved);
    EXPECT_EQ(vm.assigned_mib, 0U);
    EXPECT_EQ(go(Power::start), 0U);
    EXPECT_EQ(go(Power::turn_off), 0U);
    EXPECT_EQ(vm.state, VmState::off);
    EXPECT_EQ(World::refused([&] { world.host.change_state(vm, Power::pause); }),
              code::invalid_state);
}

TEST(Engine, fails_the_start_of_a_vm_for_which_memory_is_short)
{
    World world{{.limits = {.memory_mib = 4096, .memory_reserve_mib = 1024}}};
    Vm& first = world.vm("first", 2048);
    Vm& second = world.vm("second", 2048);
    EXPECT_EQ(world.outcome(world.host.change_state(first, Power::start)), 0U);
    EXPECT_EQ(world.host.free_memory_mib(), 1024U);
    EXPECT_EQ(world.outcome(world.host.change_state(second, Power::start)), code::failed);
    EXPECT_EQ(second.state, VmState::off);
}

TEST(Engine, opens_a_disk_for_one_running_vm_only)
{
    World world;
    world.disk("D:\\VMs\\a.vhdx");
    Vm& first = world.vm("first");
    Vm& second = world.vm("second");
    world.attach(first, "d:\\vms\\A.vhdx");
    world.attach(second, "D:\\VMs\\a.vhdx");
    EXPECT_EQ(world.outcome(world.host.change_state(first, Power::start)), 0U);
    EXPECT_EQ(world.outcome(world.host.change_state(second, Power::start)), code::failed);
    EXPECT_EQ(World::refused([&] { world.host.storage().remove_file("D:\\VMs\\a.vhdx"); }),
              code::hresult_sharing_violation);
    EXPECT_EQ(world.outcome(world.host.change_state(first, Power::turn_off)), 0U);
    EXPECT_EQ(world.outcome(world.host.change_state(second, Power::start)), 0U);
}

TEST(Engine, lets_two_running_vms_share_a_parent_disk)
{
    World world;
    world.disk("D:\\Images\\base.vhdx");
    for (const char* name : {"one", "two"}) {
        const std::string path = std::string{"D:\\VMs\\"} + name + ".vhdx";
        world.host.storage().create_disk({.path = path,
                                          .format = DiskFormat::vhdx,
                                          .kind = DiskKind::differencing,
                                          .parent = "D:\\Images\\base.vhdx"});
        Vm& vm = world.vm(name);
        world.attach(vm, path);
        EXPECT_EQ(world.outcome(world.host.change_state(vm, Power::start)), 0U) << name;
    }
}

TEST(Engine, refuses_unaligned_memory_and_too_many_processors)
{
    World world;
    Vm& vm = world.vm();
    const auto change = [&](auto set) {
        return World::refused([&] { world.host.change_settings(vm, set); });
    };
    EXPECT_EQ(change([](Settings& settings) { settings.memory.startup_mib = 1023; }),
              code::invalid_parameter);
    EXPECT_EQ(change([](Settings& settings) { settings.processor.count = 17; }),
              code::invalid_parameter);
    EXPECT_EQ(change([](Settings& settings) { settings.name.clear(); }), code::invalid_parameter);
    EXPECT_EQ(vm.settings.memory.startup_mib, 512U);
}

TEST(Engine, refuses_paths_on_other_hosts_and_files_that_are_not_there)
{
    World world;
    Vm& vm = world.vm();
    EXPECT_EQ(World::refused([&] { world.attach(vm, "\\\\files\\share\\a.vhdx"); }),
              code::hresult_access_denied);
    EXPECT_EQ(World::refused([&] { world.attach(vm, "D:\\VMs\\nothing.vhdx"); }),
              code::file_not_found);
    EXPECT_EQ(World::refused([&] { world.disk("D:\\nowhere\\a.vhdx"); }),
              code::hresult_path_not_found);
}

TEST(Engine, refuses_a_third_drive_on_an_ide_controller)
{
    World world;
    Vm& vm = world.vm();
    for (const char* path : {"D:\\VMs\\a.vhdx", "D:\\VMs\\b.vhdx", "D:\\VMs\\c.vhdx"}) {
        world.disk(path);
    }
    world.attach(vm, "D:\\VMs\\a.vhdx");
    world.attach(vm, "D:\\VMs\\b.vhdx");
    EXPECT_EQ(World::refused([&] { world.attach(vm, "D:\\VMs\\c.vhdx"); }),
              code::invalid_parameter);
}

TEST(Engine, forgets_host_jobs_at_a_reboot_and_honours_startup_actions)
{
    World world;
    Vm& kept = world.vm("kept");
    Vm& none = world.vm("none");
    Vm& always = world.vm("always");
    none.settings.startup_action = StartupAction::none;
    always.settings.startup_action = StartupAction::always;
    EXPECT_EQ(world.outcome(world.host.change_state(kept, Power::start)), 0U);
    EXPECT_EQ(world.outcome(world.host.change_state(none, Power::start)), 0U);
    const Uuid job = world.host.create_checkpoint(kept).id;
    world.host.reboot();
    EXPECT_FALSE(world.host.is_up());
    EXPECT_EQ(world.host.jobs().find(job), nullptr);
    EXPECT_EQ(kept.state, VmState::saved);
    world.clock.advance(std::chrono::minutes{5});
    EXPECT_TRUE(world.host.is_up());
    EXPECT_EQ(kept.state, VmState::running);
    EXPECT_EQ(none.state, VmState::saved);
    EXPECT_EQ(always.state, VmState::running);
    EXPECT_TRUE(kept.checkpoints.empty());
}

TEST(Engine, removes_a_host_job_five_minutes_after_its_end)
{
    World world;
    Vm& vm = world.vm();
    const Uuid job = world.host.change_state(vm, Power::start).id;
    world.clock.advance(std::chrono::minutes{5});
    EXPECT_NE(world.host.jobs().find(job), nullptr);
    world.clock.advance(std::chrono::seconds{3});
    EXPECT_EQ(world.host.jobs().find(job), nullptr);
}

TEST(Engine, layers_and_merges_disks_of_checkpoints)
{
    World world;
    world.disk("D:\\VMs\\a.vhdx");
    Vm& vm = world.vm();
    world.attach(vm, "D:\\VMs\\a.vhdx");
    EXPECT_EQ(world.outcome(world.host.create_checkpoint(vm)), 0U);
    const std::string layer = vm.settings.first(DeviceKind::hard_disk)->path;
    EXPECT_TRUE(layer.ends_with(".avhdx")) << layer;
    EXPECT_EQ(world.outcome(world.host.destroy_checkpoint(vm, vm.checkpoints.front().id, false)),
              0U);
    world.clock.advance(std::chrono::minutes{2});
    EXPECT_EQ(vm.settings.first(DeviceKind::hard_disk)->path, "D:\\VMs\\a.vhdx");
    EXPECT_FALSE(world.host.storage().file_exists(layer));
}

TEST(Engine, may_merge_inside_the_job_that_destroys_a_checkpoint)
{
    World world;
    world.host.profile().set("destroy_snapshot_merge_vm_off", "inside");
    world.disk("D:\\VMs\\a.vhdx");
    Vm& vm = world.vm();
    world.attach(vm, "D:\\VMs\\a.vhdx");
    EXPECT_EQ(world.outcome(world.host.create_checkpoint(vm)), 0U);
    const std::string layer = vm.settings.first(DeviceKind::hard_disk)->path;
    EXPECT_EQ(world.outcome(world.host.destroy_checkpoint(vm, vm.checkpoints.front().id, false)),
              0U);
    EXPECT_EQ(vm.settings.first(DeviceKind::hard_disk)->path, "D:\\VMs\\a.vhdx");
    EXPECT_FALSE(world.host.storage().file_exists(layer));
    constexpr std::uint16_t merge_job = 50;
    EXPECT_EQ(std::ranges::count(world.host.jobs().all(), merge_job, &Job::type), 0);
}

TEST(Engine, pauses_running_vms_of_a_full_volume_and_refuses_new_files)
{
    World world;
    world.disk("D:\\VMs\\a.vhdx");
    Vm& vm = world.vm();
    world.attach(vm, "D:\\VMs\\a.vhdx");
    EXPECT_EQ(world.outcome(world.host.change_state(vm, Power::start)), 0U);
    world.host.fill_volume('D');
    EXPECT_EQ(vm.state, VmState::paused);
    EXPECT_EQ(World::refused([&] { world.disk("D:\\VMs\\b.vhdx"); }), code::hresult_disk_full);
}

TEST(Engine, shuts_a_guest_down_only_when_it_answers)
{
    World world;
    Vm& vm = world.vm();
    EXPECT_EQ(world.outcome(world.host.change_state(vm, Power::start)), 0U);
    world.host.shut_down_guest(vm, false);
    world.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(vm.state, VmState::off);
    vm.guest.installed = false;
    EXPECT_EQ(world.outcome(world.host.change_state(vm, Power::start)), 0U);
    EXPECT_EQ(World::refused([&] { world.host.shut_down_guest(vm, false); }), 32780U);
}

class RealDisks : public ::testing::Test
{
protected:
    void SetUp() override
    {
        folder = std::filesystem::temp_directory_path() /
                 ("watari-sim-" + Uuid::random(*system_random()).lower());
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    bool passes_check(const std::string& file, const char* format) const
    {
        const std::string command =
            std::string{"qemu-img check -q -f "} + format + " '" + file + "' >/dev/null 2>&1";
        return std::system(command.c_str()) == 0;
    }

    std::filesystem::path folder;
};

TEST_F(RealDisks, get_another_parent_of_the_same_size)
{
    World world{{.folder = folder}};
    Storage& storage = world.host.storage();
    world.disk("D:\\Images\\old.vhdx", 64U << 20U);
    world.disk("D:\\Images\\new.vhdx", 64U << 20U);
    world.disk("D:\\Images\\large.vhdx", 128U << 20U);
    storage.create_disk({.path = "D:\\VMs\\child.vhdx",
                         .format = DiskFormat::vhdx,
                         .kind = DiskKind::differencing,
                         .parent = "D:\\Images\\old.vhdx"});
    const auto refused = [&](const char* child, const char* parent) -> std::uint32_t {
        try {
            storage.set_parent(child, parent);
        } catch (const Error& error) {
            return error.peer().code.value_or(0);
        }
        return 0;
    };
    EXPECT_EQ(refused("D:\\VMs\\child.vhdx", "D:\\Images\\new.vhdx"), 0U);
    EXPECT_EQ(refused("D:\\VMs\\child.vhdx", "D:\\Images\\large.vhdx"), code::invalid_parameter);
    EXPECT_EQ(refused("D:\\VMs\\child.vhdx", "D:\\VMs\\child.vhdx"), code::invalid_parameter);
    EXPECT_EQ(refused("D:\\Images\\old.vhdx", "D:\\Images\\new.vhdx"), code::invalid_parameter);
    storage.lock(storage.local_path("D:\\VMs\\child.vhdx"), true, "a running VM");
    EXPECT_EQ(refused("D:\\VMs\\child.vhdx", "D:\\Images\\old.vhdx"),
              code::hresult_sharing_violation);
    // What the file itself says, to a host that starts anew.
    World again{{.folder = folder}};
    EXPECT_EQ(again.host.storage().disk("D:\\VMs\\child.vhdx").spec.parent, "D:\\Images\\new.vhdx");
    // Reading the child needs that parent.
    again.host.storage().remove_file("D:\\Images\\old.vhdx");
    again.host.storage().convert_disk("D:\\VMs\\child.vhdx",
                                      {.path = "D:\\VMs\\flat.vhdx", .format = DiskFormat::vhdx});
    EXPECT_TRUE(passes_check(folder / "D" / "VMs" / "flat.vhdx", "vhdx"));
}

TEST_F(RealDisks, are_valid_files_that_grow_copy_and_vanish)
{
    World world{{.folder = folder}};
    Storage& storage = world.host.storage();
    world.disk("D:\\VMs\\a.vhdx", 64U << 20U);
    const std::filesystem::path file = folder / "D" / "VMs" / "a.vhdx";
    EXPECT_TRUE(std::filesystem::exists(file));
    EXPECT_TRUE(passes_check(file, "vhdx"));
    storage.resize_disk("d:\\vms\\A.VHDX", 128U << 20U);
    EXPECT_TRUE(passes_check(file, "vhdx"));
    EXPECT_EQ(storage.disk("D:\\VMs\\a.vhdx").spec.size, 128U << 20U);
    storage.convert_disk(
        "D:\\VMs\\a.vhdx",
        {.path = "D:\\VMs\\b.vhd", .format = DiskFormat::vhd, .kind = DiskKind::dynamic});
    EXPECT_TRUE(std::filesystem::exists(folder / "D" / "VMs" / "b.vhd"));
    World again{{.folder = folder}};
    EXPECT_EQ(again.host.storage().disk("D:\\VMs\\a.vhdx").spec.size, 128U << 20U);
    storage.remove_file("D:\\VMs\\A.vhdx");
    EXPECT_FALSE(std::filesystem::exists(file));
}

} // namespace
} // namespace watari::sim
