#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

/// The drivers do their work whichever way a host behaves where nobody knows how it does.
namespace watari::test {

using namespace hyperv;

namespace {

/// Provisions, starts, changes, grows, deletes; throws or fails what does not end as asked.
void live_a_life(World& world)
{
    const auto spec = world.spec();
    auto& driver = world.driver();
    const auto vm = world.provision(spec);
    world.run(driver.start(vm, world.context()));
    const auto* there = world.find(vm.guid);
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(there->state, sim::VmState::running);
    EXPECT_EQ(mark_in(there->settings.notes), spec.mark);
    EXPECT_EQ(there->settings.memory.startup_mib, 2048U);
    EXPECT_EQ(there->settings.processor.count, 2U);
    const auto seen = world.run(driver.find_vm(vm.guid, world.context()));
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->disks.size(), 1U);
    EXPECT_TRUE(same_path(seen->disks[0].path, world.disk(spec).path));
    ASSERT_EQ(seen->nics.size(), 1U);
    EXPECT_EQ(seen->nics[0].vlan, 42U);
    EXPECT_EQ(seen->summary.state, PowerState::running);
    world.settle();
    world.run(driver.shut_down(vm, world.context()));
    world.run(driver.set_resources(vm, ByteSize::mib(4096), 4, world.context()));
    EXPECT_EQ(world.find(vm.guid)->settings.memory.startup_mib, 4096U);
    world.run(driver.grow_disk({.path = world.disk(spec).path, .size = ByteSize::gib(60)},
                               world.context()));
    EXPECT_EQ(world.run(driver.list_vms(world.context())).size(), 1U);
    EXPECT_EQ(world.run(driver.inventory({}, world.context())).vms.size(), 1U);
    world.run(driver.delete_vm(vm, false, world.context()));
    world.run(driver.delete_disk(world.disk(spec).path, spec.mark.vm, world.context()));
    EXPECT_TRUE(world.engine().vms().empty());
}

/// These make the host another one, not the same one told differently.
bool is_another_host(const std::string& name)
{
    return name == "v1_namespace_gone" || name == "v1_vlan_not_trunked";
}

/// Every switch in every position that is not its default's.
std::vector<std::pair<std::string, std::string>> flips(const Profile& defaults)
{
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& one : defaults.all()) {
        for (const auto& value : one.values) {
            if (value != one.default_value && !is_another_host(one.name)) {
                found.emplace_back(one.name, value);
            }
        }
    }
    return found;
}

} // namespace

class Switches : public testing::TestWithParam<Row>
{
};

INSTANTIATE_TEST_SUITE_P(Matrix, Switches, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name(); });

TEST_P(Switches, flipped_singly_change_nothing_for_the_drivers)
{
    for (const auto& [name, value] : flips(Profile::defaults(GetParam().generation))) {
        SCOPED_TRACE(name + "=" + value);
        try {
            World world{GetParam()};
            world.engine().profile().set(name, value);
            live_a_life(world);
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
    }
}

TEST_P(Switches, all_flipped_change_nothing_for_the_drivers)
{
    World world{GetParam()};
    world.be_conservative();
    live_a_life(world);
}

} // namespace watari::test
