#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

namespace watari::test {

using namespace hyperv;

class Acts : public testing::TestWithParam<Row>
{
protected:
    World world{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Matrix, Acts, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name(); });

TEST_P(Acts, connects_through_the_namespace_asked_for)
{
    EXPECT_EQ(world.driver().ns(), GetParam().ns);
    EXPECT_EQ(world.connection().probe().computer_name, "HV01");
    EXPECT_EQ(world.connection().probe().generation, GetParam().generation);
}

TEST_P(Acts, provisions_a_vm_and_starts_it)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.run(world.driver().start(vm, world.context()));

    const auto* there = world.find(vm.guid);
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(there->state, sim::VmState::running);
    EXPECT_EQ(there->settings.name, "web1");
    EXPECT_EQ(mark_in(there->settings.notes), spec.mark);
    EXPECT_EQ(there->settings.memory.startup_mib, 2048U);
    EXPECT_FALSE(there->settings.memory.dynamic);
    EXPECT_EQ(there->settings.processor.count, 2U);
    EXPECT_EQ(there->assigned_mib, 2048U);
    const auto* medium = there->settings.first(sim::DeviceKind::hard_disk);
    ASSERT_NE(medium, nullptr);
    EXPECT_TRUE(same_path(medium->path, world.disk(spec).path));
    const auto* nic = there->settings.first(sim::DeviceKind::synthetic_nic);
    ASSERT_NE(nic, nullptr);
    EXPECT_TRUE(nic->static_mac);
    const auto* connection = there->settings.first(sim::DeviceKind::connection);
    ASSERT_NE(connection, nullptr);
    EXPECT_EQ(connection->network, world.engine().networks().front().id);
    EXPECT_EQ(sim::vlan_of(*connection), 42);
}

TEST_P(Acts, lists_vms)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.take_counts();
    const auto vms = world.run(world.driver().list_vms(world.context()));
    ASSERT_EQ(vms.size(), 1U);
    EXPECT_EQ(vms[0].guid, vm.guid);
    EXPECT_EQ(vms[0].name, "web1");
    EXPECT_EQ(vms[0].mark, spec.mark);
    EXPECT_EQ(vms[0].state, PowerState::off);
    EXPECT_EQ(vms[0].processors, 2U);
    EXPECT_LE(world.take_counts().requests(), GetParam().ns == Namespace::v1 ? 3U : 2U);
}

TEST_P(Acts, does_nothing_twice)
{
    const auto spec = world.spec();
    const auto path = world.disk(spec);
    world.run(world.driver().create_disk(path, world.context()));
    EXPECT_NO_THROW(world.run(world.driver().create_disk(path, world.context())));
    const auto guid = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    EXPECT_EQ(world.run(world.driver().define_vm(spec, guid, world.context())), guid);
    const auto vm = world.ref(spec, guid);
    const auto disks = world.disks(spec);
    const auto nics = world.nics();
    world.run(world.driver().add_devices(vm, disks, nics, world.context()));
    const auto devices = world.find(guid)->settings.devices.size();
    world.take_counts();
    world.run(world.driver().add_devices(vm, disks, nics, world.context()));
    EXPECT_EQ(world.take_counts().changes, 0U);
    EXPECT_EQ(world.find(guid)->settings.devices.size(), devices);
    for (int i = 0; i < 2; ++i) {
        world.run(world.driver().start(vm, world.context()));
        EXPECT_EQ(world.find(guid)->state, sim::VmState::running);
    }
    for (int i = 0; i < 2; ++i) {
        world.run(world.driver().turn_off(vm, world.context()));
        EXPECT_EQ(world.find(guid)->state, sim::VmState::off);
    }
    for (int i = 0; i < 2; ++i) {
        world.run(world.driver().delete_vm(vm, false, world.context()));
        EXPECT_EQ(world.find(guid), nullptr);
    }
    for (int i = 0; i < 2; ++i) {
        world.run(world.driver().delete_disk(path.path, spec.mark.vm, world.context()));
        EXPECT_FALSE(world.run(world.driver().find_disk(path.path, world.context())));
    }
}

TEST_P(Acts, announces_every_change_before_it_leaves)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.run(world.driver().start(vm, world.context()));
    EXPECT_EQ(world.announced(), world.take_counts().changes);
    auto context = world.context();
    context.before_change = []() -> Task<> { throw Error{ErrorKind::cancelled, {}}; };
    world.host().log().clear();
    EXPECT_EQ(world.failure(world.driver().turn_off(vm, context))->kind(), ErrorKind::cancelled);
    EXPECT_EQ(world.host().log().changing(), 0U);
    EXPECT_EQ(world.find(vm.guid)->state, sim::VmState::running);
}

TEST_P(Acts, changes_memory_and_processors)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.run(world.driver().set_resources(vm, ByteSize::mib(4096), 4, world.context()));
    EXPECT_EQ(world.find(vm.guid)->settings.memory.startup_mib, 4096U);
    EXPECT_EQ(world.find(vm.guid)->settings.processor.count, 4U);
    world.run(world.driver().set_memory(vm, ByteSize::mib(1024), world.context()));
    world.run(world.driver().set_processors(vm, 1, world.context()));
    EXPECT_EQ(world.find(vm.guid)->settings.memory.startup_mib, 1024U);
    EXPECT_EQ(world.find(vm.guid)->settings.processor.count, 1U);
}

TEST_P(Acts, refuses_odd_memory_before_anything_is_sent)
{
    const auto vm = world.provision(world.spec());
    world.host().log().clear();
    const auto error =
        world.failure(world.driver().set_memory(vm, ByteSize::mib(1025), world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "memory_not_aligned");
    EXPECT_EQ(world.host().log().total(), 0U);
}

TEST_P(Acts, does_not_change_a_running_vm)
{
    const auto vm = world.provision(world.spec());
    world.run(world.driver().start(vm, world.context()));
    world.host().log().clear();
    const auto error =
        world.failure(world.driver().set_memory(vm, ByteSize::mib(4096), world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "vm_must_be_off");
    EXPECT_EQ(world.host().log().changing(), 0U);
    EXPECT_EQ(world.failure(world.driver().delete_vm(vm, false, world.context()))->code(),
              "vm_must_be_off");
    EXPECT_EQ(world.find(vm.guid)->state, sim::VmState::running);
}

TEST_P(Acts, grows_a_disk_and_never_shrinks_it)
{
    const auto spec = world.spec();
    world.provision(spec);
    const auto path = world.disk(spec).path;
    EXPECT_EQ(world
                  .run(world.driver().grow_disk({.path = path, .size = ByteSize::gib(60)},
                                                world.context()))
                  .size,
              ByteSize::gib(60));
    world.host().log().clear();
    EXPECT_EQ(world
                  .failure(world.driver().grow_disk({.path = path, .size = ByteSize::gib(50)},
                                                    world.context()))
                  ->code(),
              "disk_would_shrink");
    EXPECT_EQ(world.host().log().changing(), 0U);
    EXPECT_EQ(world.run(world.driver().find_disk(path, world.context()))->size, ByteSize::gib(60));
}

TEST_P(Acts, does_not_grow_a_disk_with_checkpoints)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.engine().create_checkpoint(*world.find(vm.guid));
    world.settle();
    world.host().log().clear();
    const auto error = world.failure(world.driver().grow_disk(
        {.path = world.disk(spec).path, .size = ByteSize::gib(60)}, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_has_checkpoints");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST_P(Acts, copies_a_disk_and_grows_the_copy)
{
    const auto image = world.run(world.driver().create_disk(
        {.path = "D:\\Images\\base.vhd", .size = ByteSize::gib(10)}, world.context()));
    const auto spec = world.spec();
    auto disk = world.disk(spec);
    disk.copy_of = image.path;
    const auto copy = world.run(world.driver().create_disk(disk, world.context()));
    EXPECT_EQ(copy.size, ByteSize::gib(40));
    EXPECT_EQ(copy.kind, DiskKind::dynamic);
}

TEST_P(Acts, makes_a_differencing_child)
{
    const auto image = world.run(world.driver().create_disk(
        {.path = "D:\\Images\\base.vhd", .size = ByteSize::gib(10)}, world.context()));
    const auto spec = world.spec();
    auto disk = world.disk(spec);
    disk.kind = DiskKind::differencing;
    disk.parent = image.path;
    disk.size = image.size;
    if (GetParam().ns == Namespace::v1) {
        EXPECT_EQ(world.failure(world.driver().create_disk(disk, world.context()))->code(),
                  "capability_missing");
        return;
    }
    const auto child = world.run(world.driver().create_disk(disk, world.context()));
    EXPECT_EQ(child.kind, DiskKind::differencing);
    EXPECT_TRUE(same_path(child.parent, image.path));
    world.host().log().clear();
    EXPECT_EQ(world
                  .failure(world.driver().grow_disk({.path = disk.path, .size = ByteSize::gib(20)},
                                                    world.context()))
                  ->code(),
              "disk_is_differencing");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST_P(Acts, keeps_a_file_that_is_not_what_was_asked_for)
{
    const auto spec = world.spec();
    auto disk = world.disk(spec);
    world.run(world.driver().create_disk(disk, world.context()));
    disk.size = ByteSize::gib(50);
    const auto error = world.failure(world.driver().create_disk(disk, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_exists");
    EXPECT_EQ(world.run(world.driver().find_disk(disk.path, world.context()))->size,
              ByteSize::gib(40));
}

TEST_P(Acts, deletes_only_files_that_carry_the_vms_id_and_that_nobody_holds)
{
    const auto spec = world.spec();
    const auto other = world.spec("web10");
    const auto vm = world.provision(spec);
    world.provision(other);
    EXPECT_EQ(world
                  .failure(world.driver().delete_disk(world.disk(other).path, spec.mark.vm,
                                                      world.context()))
                  ->code(),
              "disk_not_ours");
    EXPECT_EQ(world
                  .failure(world.driver().delete_disk(world.disk(spec).path, spec.mark.vm,
                                                      world.context()))
                  ->code(),
              "disk_in_use");
    world.run(world.driver().delete_vm(vm, false, world.context()));
    world.run(world.driver().delete_disk(world.disk(spec).path, spec.mark.vm, world.context()));
    EXPECT_FALSE(world.run(world.driver().find_disk(world.disk(spec).path, world.context())));
    EXPECT_TRUE(world.run(world.driver().find_disk(world.disk(other).path, world.context())));
    EXPECT_EQ(world.engine().vms().size(), 1U);
}

TEST_P(Acts, touches_no_vm_that_it_cannot_prove_to_own)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.find(vm.guid)->settings.notes = "somebody else's";
    auto unknown = vm;
    unknown.folder.clear();
    world.host().log().clear();
    EXPECT_EQ(world.failure(world.driver().start(unknown, world.context()))->code(),
              "ownership_lost");
    EXPECT_EQ(world.failure(world.driver().delete_vm(unknown, true, world.context()))->code(),
              "ownership_lost");
    EXPECT_EQ(
        world.failure(world.driver().set_memory(unknown, ByteSize::mib(512), world.context()))
            ->code(),
        "ownership_lost");
    EXPECT_EQ(world
                  .failure(world.driver().add_devices(unknown, world.disks(spec), world.nics(),
                                                      world.context()))
                  ->code(),
              "ownership_lost");
    EXPECT_EQ(world.host().log().changing(), 0U);
    // Its folder is the second proof.
    world.run(world.driver().start(vm, world.context()));
    EXPECT_EQ(world.find(vm.guid)->state, sim::VmState::running);
    EXPECT_EQ(world.find(vm.guid)->settings.notes, "somebody else's");
}

TEST_P(Acts, keeps_other_lines_of_notes)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.find(vm.guid)->settings.notes =
        "#CLUSTER-INVARIANT#:{0}\n" + spec.mark.line() + "\nrack 7";
    auto renamed = spec;
    renamed.name = "web2";
    world.run(world.driver().define_vm(renamed, vm.guid, world.context()));
    const std::string notes = world.find(vm.guid)->settings.notes;
    EXPECT_EQ(mark_in(notes), spec.mark);
    EXPECT_TRUE(notes.starts_with("#CLUSTER-INVARIANT#:{0}\n"));
    EXPECT_NE(notes.find("rack 7"), std::string::npos);
    EXPECT_EQ(world.find(vm.guid)->settings.name, "web2");
}

TEST_P(Acts, finds_a_vm_by_its_mark_and_not_by_its_name)
{
    const auto spec = world.spec();
    const auto other = world.spec();
    const auto vm = world.provision(spec);
    world.provision(other);
    const auto found = world.run(world.driver().find_by_mark(spec.mark, world.context()));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].guid, vm.guid);
}

TEST_P(Acts, shuts_a_guest_down_and_forces_nothing)
{
    const auto vm = world.provision(world.spec());
    world.run(world.driver().start(vm, world.context()));
    world.settle();
    world.run(world.driver().shut_down(vm, world.context()));
    EXPECT_EQ(world.find(vm.guid)->state, sim::VmState::off);

    world.run(world.driver().start(vm, world.context()));
    world.settle();
    world.find(vm.guid)->guest.shutdown.reset();
    const auto error = world.failure(world.driver().shut_down(vm, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::conflict) << "asking again would not help";
    EXPECT_EQ(error->code(), "guest_did_not_shut_down");
    EXPECT_EQ(world.find(vm.guid)->state, sim::VmState::running);
}

TEST_P(Acts, reads_the_whole_inventory)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.provision(world.spec("web10"));
    world.engine().create_checkpoint(*world.find(vm.guid));
    world.settle();
    const std::vector<HostPath> paths{world.disk(spec).path};
    const auto all = world.run(world.driver().inventory(paths, world.context()));
    ASSERT_EQ(all.vms.size(), 2U);
    const auto& first = all.vms[0].summary.guid == vm.guid ? all.vms[0] : all.vms[1];
    const auto& second = all.vms[0].summary.guid == vm.guid ? all.vms[1] : all.vms[0];
    EXPECT_EQ(first.checkpoints, 1U);
    EXPECT_EQ(second.checkpoints, 0U);
    EXPECT_EQ(first.memory, ByteSize::mib(2048));
    EXPECT_TRUE(same_path(first.configuration_folder, spec.folder));
    ASSERT_EQ(second.disks.size(), 1U);
    EXPECT_EQ(second.disks[0].slot, (Slot{ControllerType::ide, 0, 0}));
    ASSERT_EQ(first.nics.size(), 1U);
    EXPECT_EQ(first.nics[0].vlan, 42U);
    EXPECT_TRUE(first.nics[0].mac_is_static);
    ASSERT_EQ(all.disks.size(), 1U);
    EXPECT_EQ(all.disks[0].size, ByteSize::gib(40));

    const auto one = world.run(world.driver().find_vm(vm.guid, world.context()));
    ASSERT_TRUE(one);
    EXPECT_EQ(one->checkpoints, 1U);
    EXPECT_EQ(one->nics.size(), 1U);
}

TEST_P(Acts, reads_what_a_host_is)
{
    const auto facts = world.run(world.driver().host_facts(world.context()));
    EXPECT_EQ(facts.computer_name, "HV01");
    EXPECT_EQ(facts.generation, GetParam().generation);
    EXPECT_EQ(facts.logical_processors, 16U);
    EXPECT_EQ(facts.volumes.size(), 2U);
    ASSERT_EQ(facts.switches.size(), 1U);
    EXPECT_EQ(facts.switches[0].name, "Customers");
    EXPECT_EQ(facts.mac_minimum.size(), 12U);
}

TEST_P(Acts, finds_folders)
{
    auto& driver = world.driver();
    world.engine().storage().make_folder("D:\\VMs\\Tenant A");
    EXPECT_EQ(world.run(driver.find_folder("d:/VMs/Tenant A\\", world.context())),
              "d:\\VMs\\Tenant A");
    EXPECT_EQ(world.run(driver.find_folder("D:\\", world.context())), "D:\\");
    EXPECT_EQ(world.take_counts().requests(), 2U);
    EXPECT_FALSE(world.run(driver.find_folder("D:\\VMs\\Tenant B", world.context())));
    EXPECT_FALSE(world.run(driver.find_folder("X:\\VMs", world.context())));
    const auto file = world.disk(world.spec()).path;
    world.run(driver.create_disk({.path = file, .size = ByteSize::gib(1)}, world.context()));
    EXPECT_FALSE(world.run(driver.find_folder(file, world.context())));
    world.host().log().clear();
    const auto error = world.failure(driver.find_folder("\\\\server\\share\\VMs", world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "path_not_local");
    EXPECT_EQ(world.host().log().total(), 0U);
}

TEST_P(Acts, deletes_what_was_found_by_its_mark_only_in_its_own_folder)
{
    auto spec = world.spec();
    const auto own = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    const HostPath folder = std::exchange(spec.folder, "D:\\VMs\\elsewhere");
    const auto elsewhere = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    auto vm = world.ref(spec, elsewhere);
    vm.folder = folder;
    vm.guid_is_recorded = false;
    const auto error = world.failure(world.driver().delete_vm(vm, true, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "ownership_lost");
    EXPECT_NE(world.find(elsewhere), nullptr);
    vm.guid = own;
    world.run(world.driver().delete_vm(vm, false, world.context()));
    EXPECT_EQ(world.find(own), nullptr);
}

TEST_P(Acts, says_when_a_vm_is_not_there)
{
    const auto spec = world.spec();
    const auto vm = world.ref(spec, HostVmId{spec.mark.vm.value()});
    EXPECT_EQ(world.failure(world.driver().start(vm, world.context()))->kind(),
              ErrorKind::not_found);
    EXPECT_FALSE(world.run(world.driver().find_vm(vm.guid, world.context())));
    EXPECT_NO_THROW(world.run(world.driver().delete_vm(vm, true, world.context())));
}

TEST_P(Acts, opens_again_without_a_request)
{
    world.host().log().clear();
    const auto again = world.connector().reopen(world.address(), world.connection().probe(), {});
    EXPECT_EQ(again->requests(), 0U);
    EXPECT_EQ(again->driver().ns(), GetParam().ns);
    EXPECT_EQ(world.host().log().total(), 0U);
    world.run(again->driver().list_vms(world.context()));
    EXPECT_GT(again->requests(), 0U);
}

} // namespace watari::test
