#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

/// What only the driver of `root\virtualization` has to care for.
namespace watari::test {

using namespace hyperv;

namespace {

constexpr Row on_2008_r2{Generation::ws2008r2sp1, Namespace::v1};
constexpr Row on_2012{Generation::ws2012, Namespace::v1};

std::size_t ports_of(World& world, const OwnershipMark& mark)
{
    std::size_t count = 0;
    for (const auto& network : world.engine().networks()) {
        count += static_cast<std::size_t>(std::ranges::count_if(
            network.ports, [&](const auto& port) { return port.friendly_name == mark.line(); }));
    }
    return count;
}

sim::SwitchPort& uplink(World& world)
{
    auto& ports = world.engine().networks().front().ports;
    return *std::ranges::find(ports, sim::SwitchPort::Kind::external, &sim::SwitchPort::kind);
}

/// A context whose act may send so many changes and no more.
CallContext stopping_after(World& world, int changes)
{
    auto context = world.context();
    context.before_change = [left = std::make_shared<int>(changes)]() -> Task<> {
        if ((*left)-- == 0) {
            throw Error{ErrorKind::cancelled, {}};
        }
        return yield_to_others();
    };
    return context;
}

} // namespace

TEST(V1Driver, completes_a_definition_from_wherever_it_stopped)
{
    for (int changes = 1; changes <= 3; ++changes) {
        SCOPED_TRACE(changes);
        World world{on_2008_r2};
        const auto spec = world.spec();
        const auto stopped = world.failure(
            world.driver().define_vm(spec, std::nullopt, stopping_after(world, changes)));
        ASSERT_TRUE(stopped);
        const auto found = world.run(world.driver().find_by_mark(spec.mark, world.context()));
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].name, "watari-" + spec.mark.vm.value().lower());
        EXPECT_EQ(found[0].mark.has_value(), changes > 1);
        const auto vm = world.run(world.driver().define_vm(spec, found[0].guid, world.context()));
        EXPECT_EQ(vm, found[0].guid);
        ASSERT_EQ(world.engine().vms().size(), 1U);
        const auto& settings = world.find(vm)->settings;
        EXPECT_EQ(settings.name, "web1");
        EXPECT_EQ(mark_in(settings.notes), spec.mark);
        EXPECT_EQ(settings.memory.startup_mib, 2048U);
        EXPECT_EQ(settings.processor.count, 2U);
    }
}

TEST(V1Driver, finds_a_twin_by_its_birth_mark)
{
    World world{on_2012};
    const auto spec = world.spec();
    world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    EXPECT_TRUE(
        world.failure(world.driver().define_vm(spec, std::nullopt, stopping_after(world, 1))));
    EXPECT_EQ(world.run(world.driver().find_by_mark(spec.mark, world.context())).size(), 2U);
}

TEST(V1Driver, does_not_take_a_vm_whose_notes_carry_another_mark)
{
    World world{on_2012};
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    auto other = spec.mark;
    other.vm = world.spec().mark.vm;
    world.find(vm.guid)->settings.notes = other.line();
    EXPECT_TRUE(world.run(world.driver().find_by_mark(spec.mark, world.context())).empty());
    world.host().log().clear();
    const auto error = world.failure(world.driver().define_vm(spec, vm.guid, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "ownership_lost");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST(V1Driver, deletes_a_vm_that_never_got_its_notes)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    EXPECT_TRUE(
        world.failure(world.driver().define_vm(spec, std::nullopt, stopping_after(world, 1))));
    const auto found = world.run(world.driver().find_by_mark(spec.mark, world.context()));
    ASSERT_EQ(found.size(), 1U);
    world.run(world.driver().delete_vm({.guid = found[0].guid, .mark = spec.mark}, false,
                                       world.context()));
    EXPECT_TRUE(world.engine().vms().empty());
}

TEST(V1Driver, writes_the_startup_action_in_its_own_numbers)
{
    for (const auto action :
         {StartupAction::none, StartupAction::restart_if_running, StartupAction::always_start}) {
        World world{on_2008_r2};
        auto spec = world.spec();
        spec.startup = action;
        const auto vm = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
        EXPECT_EQ(static_cast<int>(world.find(vm)->settings.startup_action),
                  static_cast<int>(action));
    }
}

TEST(V1Driver, refuses_a_vlan_that_the_uplink_does_not_carry)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    world.run(world.driver().create_disk(world.disk(spec), world.context()));
    const auto guid = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    const auto refused = [&] {
        world.host().log().clear();
        const auto error = world.failure(world.driver().add_devices(
            world.ref(spec, guid), world.disks(spec), world.nics(), world.context()));
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::conflict);
        EXPECT_EQ(error->code(), "network_vlan_not_attached");
        EXPECT_EQ(world.host().log().changing(), 0U);
    };
    uplink(world).trunk = {41, 43};
    refused();
    EXPECT_EQ(uplink(world).trunk, (std::vector<std::uint16_t>{41, 43}));
    uplink(world).trunk = {42};
    uplink(world).endpoint_mode = 2;
    refused();
    uplink(world).endpoint_mode = 5;
    world.run(world.driver().add_devices(world.ref(spec, guid), world.disks(spec), world.nics(),
                                         world.context()));
}

TEST(V1Driver, needs_no_trunk_list_where_ports_have_none)
{
    World world{on_2012};
    uplink(world).trunk.clear();
    uplink(world).endpoint_mode = 2;
    const auto vm = world.provision(world.spec());
    const auto seen = world.run(world.driver().find_vm(vm.guid, world.context()));
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->nics.size(), 1U);
    EXPECT_EQ(seen->nics[0].vlan, 42U);
}

TEST(V1Driver, finds_the_port_again_whose_creation_was_not_answered)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    world.run(world.driver().create_disk(world.disk(spec), world.context()));
    const auto guid = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    const auto nics = world.nics();
    world.host().faults().add(
        {.method = "CreateSwitchPort", .nth = 1, .effect = sim::FaultEffect::lost_answer});
    const auto error = world.failure(world.driver().add_devices(
        world.ref(spec, guid), world.disks(spec), nics, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::outcome_unknown);
    world.run(world.driver().add_devices(world.ref(spec, guid), world.disks(spec), nics,
                                         world.context()));
    EXPECT_EQ(ports_of(world, spec.mark), 1U);
}

TEST(V1Driver, removes_its_own_switch_ports_and_no_others)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    const auto other = world.spec("web10");
    const auto vm = world.provision(spec);
    world.provision(other);
    const auto before = world.engine().networks().front().ports.size();
    world.run(world.driver().delete_vm(vm, false, world.context()));
    EXPECT_EQ(ports_of(world, spec.mark), 0U);
    EXPECT_EQ(ports_of(world, other.mark), 1U);
    EXPECT_EQ(world.engine().networks().front().ports.size(), before - 1);
}

TEST(V1Driver, removes_the_ports_of_a_vm_that_is_gone_already)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.host().faults().add(
        {.method = "DeleteSwitchPort", .nth = 1, .effect = sim::FaultEffect::lost_request});
    EXPECT_TRUE(world.failure(world.driver().delete_vm(vm, false, world.context())));
    EXPECT_TRUE(world.engine().vms().empty());
    EXPECT_EQ(ports_of(world, spec.mark), 1U);
    world.run(world.driver().delete_vm(vm, false, world.context()));
    EXPECT_EQ(ports_of(world, spec.mark), 0U);
}

TEST(V1Driver, moves_a_nic_to_another_switch)
{
    World world{on_2008_r2};
    const auto& second = world.engine().add_network({.name = "Second", .external = false});
    const std::string second_id = second.id.upper();
    const auto spec = world.spec();
    world.run(world.driver().create_disk(world.disk(spec), world.context()));
    const auto guid = world.run(world.driver().define_vm(spec, std::nullopt, world.context()));
    const auto vm = world.ref(spec, guid);
    auto nics = world.nics();
    world.run(world.driver().add_devices(vm, world.disks(spec), nics, world.context()));
    nics[0].switch_id = second_id;
    nics[0].vlan = 7;
    world.run(world.driver().add_devices(vm, world.disks(spec), nics, world.context()));
    const auto seen = world.run(world.driver().find_vm(guid, world.context()));
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->nics.size(), 1U);
    EXPECT_EQ(seen->nics[0].switch_id, second_id);
    EXPECT_EQ(seen->nics[0].vlan, 7U);
    EXPECT_EQ(ports_of(world, spec.mark), 1U);
    nics[0].vlan.reset();
    world.run(world.driver().add_devices(vm, world.disks(spec), nics, world.context()));
    EXPECT_EQ(world.run(world.driver().find_vm(guid, world.context()))->nics[0].vlan, std::nullopt);
}

TEST(V1Driver, adds_a_scsi_controller_for_a_data_disk)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    const HostPath path = fmt::format("D:\\VMs\\{}-1.vhd", spec.mark.vm.value().lower());
    world.run(
        world.driver().create_disk({.path = path, .size = ByteSize::gib(1)}, world.context()));
    const std::vector<DiskAttachment> disks{{.path = path, .slot = {ControllerType::scsi, 0, 3}}};
    world.run(world.driver().add_devices(vm, disks, {}, world.context()));
    const auto seen = world.run(world.driver().find_vm(vm.guid, world.context()));
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->disks.size(), 2U);
    EXPECT_EQ(seen->disks[1].slot, disks[0].slot);
}

TEST(V1Driver, grows_no_disk_of_a_vm_that_runs)
{
    World world{on_2008_r2};
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.run(world.driver().start(vm, world.context()));
    world.host().log().clear();
    const auto error = world.failure(world.driver().grow_disk(
        {.path = world.disk(spec).path, .size = ByteSize::gib(60)}, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "vm_must_be_off");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST(V1Driver, makes_no_vhdx)
{
    World world{on_2012};
    auto disk = world.disk(world.spec());
    disk.path += "x";
    disk.format = DiskFormat::vhdx;
    world.host().log().clear();
    const auto error = world.failure(world.driver().create_disk(disk, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::unsupported);
    EXPECT_EQ(world.host().log().total(), 0U);
}

} // namespace watari::test
