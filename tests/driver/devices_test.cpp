#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

#include <set>

#include <fmt/format.h>

/// Machines with more than one disk and one NIC, and those of generation 2.
namespace watari::test {

using namespace hyperv;

class Devices : public testing::TestWithParam<Row>
{
protected:
    bool is_v2() const { return GetParam().ns == Namespace::v2; }

    HostPath make_disk(const VmSpec& spec, int number)
    {
        const HostPath path =
            fmt::format("D:\\VMs\\{}-{}.vhd", spec.mark.vm.value().lower(), number);
        world.run(
            world.driver().create_disk({.path = path, .size = ByteSize::gib(1)}, world.context()));
        return path;
    }

    VmRef define(const VmSpec& spec)
    {
        return world.ref(spec,
                         world.run(world.driver().define_vm(spec, std::nullopt, world.context())));
    }

    void add(const VmRef& vm, const std::vector<DiskAttachment>& disks,
             const std::vector<NicAttachment>& nics)
    {
        world.run(world.driver().add_devices(vm, disks, nics, world.context()));
    }

    Vm read(const VmRef& vm)
    {
        return world.run(world.driver().find_vm(vm.guid, world.context())).value();
    }

    /// `count` NICs, every other one in no VLAN.
    std::vector<NicAttachment> several_nics(int count)
    {
        std::vector<NicAttachment> nics;
        for (int i = 0; i < count; ++i) {
            nics.push_back(world.nics().front());
            nics.back().name = fmt::format("NIC {}", i);
            if (i % 2 == 1) {
                nics.back().vlan.reset();
            }
        }
        return nics;
    }

    World world{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Matrix, Devices, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name(); });

TEST_P(Devices, several_disks_get_the_slots_that_were_asked_for)
{
    const auto spec = world.spec();
    const auto vm = define(spec);
    const std::vector<DiskAttachment> disks{
        {.path = make_disk(spec, 0), .slot = {ControllerType::ide, 0, 0}},
        {.path = make_disk(spec, 1), .slot = {ControllerType::ide, 0, 1}},
        {.path = make_disk(spec, 2), .slot = {ControllerType::scsi, 0, 0}},
        {.path = make_disk(spec, 3), .slot = {ControllerType::scsi, 1, 5}}};
    add(vm, disks, {});
    const auto seen = read(vm);
    ASSERT_EQ(seen.disks.size(), disks.size());
    for (std::size_t i = 0; i < disks.size(); ++i) {
        EXPECT_EQ(seen.disks[i].slot, disks[i].slot) << i;
        EXPECT_TRUE(same_path(seen.disks[i].path, disks[i].path)) << i;
    }
    world.take_counts();
    add(vm, disks, {});
    EXPECT_EQ(world.take_counts().changes, 0U);
    world.run(world.driver().start(vm, world.context()));
    EXPECT_EQ(world.find(vm.guid)->state, sim::VmState::running);
}

TEST_P(Devices, a_disk_joins_those_that_are_there)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    const std::vector<DiskAttachment> more{
        {.path = make_disk(spec, 1), .slot = {ControllerType::scsi, 0, 3}}};
    add(vm, more, {});
    const std::vector<DiskAttachment> still_more{
        {.path = make_disk(spec, 2), .slot = {ControllerType::scsi, 1, 0}}};
    add(vm, still_more, {});
    const auto seen = read(vm);
    ASSERT_EQ(seen.disks.size(), 3U);
    EXPECT_EQ(seen.nics.size(), 1U);
    for (const auto& wanted : {more[0], still_more[0]}) { // controllers may have changed numbers
        const auto at = std::ranges::find_if(
            seen.disks, [&](const VmDisk& disk) { return same_path(disk.path, wanted.path); });
        ASSERT_NE(at, seen.disks.end());
        EXPECT_EQ(at->slot.controller, ControllerType::scsi);
        EXPECT_EQ(at->slot.position, wanted.slot.position);
    }
    world.take_counts();
    add(vm, {more[0], still_more[0]}, {});
    EXPECT_EQ(world.take_counts().changes, 0U);
}

TEST_P(Devices, a_slot_is_never_taken_from_another_disk)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    const std::vector<DiskAttachment> other{
        {.path = make_disk(spec, 1), .slot = {ControllerType::ide, 0, 0}}};
    world.host().log().clear();
    const auto error = world.failure(world.driver().add_devices(vm, other, {}, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "slot_occupied");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST_P(Devices, several_nics_keep_their_own_addresses_and_vlans)
{
    const auto spec = world.spec();
    const auto vm = define(spec);
    const auto nics = several_nics(4);
    add(vm, {}, nics);
    const auto seen = read(vm);
    ASSERT_EQ(seen.nics.size(), nics.size());
    for (const auto& wanted : nics) {
        const auto at =
            std::ranges::find(seen.nics, std::optional{wanted.channel}, &VmNic::channel);
        ASSERT_NE(at, seen.nics.end()) << wanted.name;
        EXPECT_EQ(at->name, wanted.name);
        EXPECT_EQ(at->mac, wanted.mac);
        EXPECT_EQ(at->vlan, wanted.vlan) << wanted.name;
        EXPECT_TRUE(cim::same_name(at->switch_id, wanted.switch_id));
    }
    world.take_counts();
    add(vm, {}, nics);
    EXPECT_EQ(world.take_counts().changes, 0U);
}

TEST_P(Devices, a_nic_joins_those_that_are_there)
{
    const auto spec = world.spec();
    const auto vm = define(spec);
    const auto nics = several_nics(3);
    add(vm, {}, {nics[0]});
    add(vm, {}, nics);
    const auto seen = read(vm);
    EXPECT_EQ(seen.nics.size(), 3U);
    world.run(world.driver().delete_vm(vm, false, world.context()));
    EXPECT_TRUE(world.engine().vms().empty());
    const auto& ports = world.engine().networks().front().ports;
    EXPECT_TRUE(std::ranges::none_of(
        ports, [&](const auto& port) { return port.friendly_name == spec.mark.line(); }));
}

TEST_P(Devices, many_that_are_answered_by_host_jobs_are_found_all_the_same)
{
    world.engine().profile().set("define_system_returns", "job"); // 4096, and no result
    world.engine().profile().set("v1_resource_methods_return", "job");
    const auto spec = world.spec();
    const auto vm = define(spec);
    ASSERT_EQ(world.engine().vms().size(), 1U);
    EXPECT_NE(world.find(vm.guid), nullptr);
    const std::vector<DiskAttachment> disks{
        {.path = make_disk(spec, 0), .slot = {ControllerType::ide, 0, 0}},
        {.path = make_disk(spec, 1), .slot = {ControllerType::scsi, 0, 0}}};
    add(vm, disks, several_nics(2));
    const auto seen = read(vm);
    EXPECT_EQ(seen.disks.size(), 2U);
    EXPECT_EQ(seen.nics.size(), 2U);
}

TEST_P(Devices, a_vm_of_generation_2_starts_from_scsi)
{
    auto spec = world.spec();
    spec.vm_generation = 2;
    if (!world.driver().capabilities().has(Capability::vm_generation_2)) {
        world.host().log().clear();
        const auto error =
            world.failure(world.driver().define_vm(spec, std::nullopt, world.context()));
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), "capability_missing");
        EXPECT_EQ(world.host().log().total(), 0U);
        return;
    }
    auto disk = world.disk(spec);
    disk.path += "x";
    disk.format = DiskFormat::vhdx;
    world.run(world.driver().create_disk(disk, world.context()));
    const auto vm = define(spec);
    const std::vector<DiskAttachment> disks{
        {.path = disk.path, .slot = {ControllerType::scsi, 0, 0}}};
    add(vm, disks, world.nics());
    world.run(world.driver().start(vm, world.context()));
    const auto seen = read(vm);
    EXPECT_EQ(seen.vm_generation, 2U);
    EXPECT_EQ(seen.summary.state, PowerState::running);
    ASSERT_EQ(seen.disks.size(), 1U);
    EXPECT_EQ(seen.disks[0].slot, disks[0].slot);
    ASSERT_EQ(seen.nics.size(), 1U);
    EXPECT_EQ(seen.nics[0].vlan, 42U);
    EXPECT_EQ(world.find(vm.guid)->settings.generation, 2);
}

TEST_P(Devices, vms_whose_summaries_do_not_fit_one_answer_are_all_listed)
{
    constexpr std::size_t count = 24;
    for (std::size_t i = 0; i < count; ++i) {
        const auto spec = world.spec(fmt::format("web{}", i));
        const auto vm = define(spec);
        world.find(vm.guid)->settings.notes = spec.mark.line() + "\n" + std::string(30'000, 'n');
    }
    world.take_counts();
    const auto vms = world.run(world.driver().list_vms(world.context()));
    ASSERT_EQ(vms.size(), count);
    std::set<std::string> names;
    for (const auto& vm : vms) {
        names.insert(vm.name);
        EXPECT_TRUE(vm.mark);
    }
    EXPECT_EQ(names.size(), count);
    EXPECT_LE(world.take_counts().requests(),
              is_v2() ? 12U : 16U); // 1 + 2 + chunks, halved on the way
}

} // namespace watari::test
