#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

/// Growing a disk whose size is recorded: rightly, or not any more.
namespace watari::test {

using namespace hyperv;

class Growing : public testing::TestWithParam<Row>
{
protected:
    bool is_v2() const { return GetParam().ns == Namespace::v2; }

    /// A disk of 40 GiB that nobody uses.
    HostPath make_disk(DiskFormat format = DiskFormat::vhd)
    {
        auto disk = world.disk(world.spec());
        disk.path += format == DiskFormat::vhdx ? "x" : "";
        disk.format = format;
        world.run(world.driver().create_disk(disk, world.context()));
        world.take_counts();
        return disk.path;
    }

    Task<DiskFacts> grow(HostPath path, ByteSize size, ByteSize recorded)
    {
        return world.driver().grow_disk(
            {.path = std::move(path), .size = size, .recorded = recorded}, world.context());
    }

    ByteSize size_of(const HostPath& path)
    {
        return world.run(world.driver().find_disk(path, world.context())).value().size;
    }

    World world{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Matrix, Growing, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name(); });

TEST_P(Growing, takes_three_requests_where_no_host_would_shrink_the_disk)
{
    const auto path = make_disk();
    EXPECT_EQ(world.run(grow(path, ByteSize::gib(60), ByteSize::gib(40))).size, ByteSize::gib(60));
    EXPECT_EQ(world.take_counts().requests(), is_v2() ? 3U : 4U);
}

TEST_P(Growing, never_shrinks_a_disk_that_is_larger_than_recorded)
{
    const auto path = make_disk();
    world.run(grow(path, ByteSize::gib(60), ByteSize::gib(40)));
    const auto error = world.failure(grow(path, ByteSize::gib(50), ByteSize::gib(40)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_would_shrink");
    EXPECT_EQ(size_of(path), ByteSize::gib(60));
}

TEST_P(Growing, looks_first_at_a_vhdx_which_a_host_would_shrink)
{
    if (!is_v2()) {
        return;
    }
    const auto path = make_disk(DiskFormat::vhdx);
    world.run(grow(path, ByteSize::gib(60), ByteSize::gib(40)));
    EXPECT_EQ(world.take_counts().requests(), 4U);
    world.host().log().clear();
    const auto error = world.failure(grow(path, ByteSize::gib(50), ByteSize::gib(40)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_would_shrink");
    EXPECT_EQ(world.host().log().changing(), 0U);
    EXPECT_EQ(size_of(path), ByteSize::gib(60));
}

TEST_P(Growing, is_done_when_the_disk_is_as_large_already)
{
    const auto path = make_disk();
    world.run(grow(path, ByteSize::gib(60), ByteSize::gib(40)));
    EXPECT_EQ(world.run(grow(path, ByteSize::gib(60), ByteSize::gib(40))).size, ByteSize::gib(60));
}

TEST_P(Growing, grows_a_disk_that_is_smaller_than_recorded)
{
    const auto path = make_disk();
    EXPECT_EQ(world.run(grow(path, ByteSize::gib(60), ByteSize::gib(50))).size, ByteSize::gib(60));
}

TEST_P(Growing, leaves_a_disk_with_checkpoints_alone)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    world.engine().create_checkpoint(*world.find(vm.guid));
    world.settle();
    world.host().log().clear();
    const auto error =
        world.failure(grow(world.disk(spec).path, ByteSize::gib(60), ByteSize::gib(40)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_has_checkpoints");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST_P(Growing, leaves_a_disk_alone_whose_checkpoint_waits_for_its_merge)
{
    const auto spec = world.spec();
    const auto vm = world.provision(spec);
    const auto base = world.disk(spec).path;
    world.engine().storage().make_folder("D:\\VMs\\elsewhere");
    for (sim::Device& device : world.find(vm.guid)->settings.devices) {
        if (device.kind == sim::DeviceKind::hard_disk) {
            device.path = "D:\\VMs\\elsewhere\\layer.avhd"; // only the file names its parent
            world.engine().storage().create_disk(
                {.path = device.path, .kind = sim::DiskKind::differencing, .parent = base});
        }
    }
    world.host().log().clear();
    const auto error = world.failure(grow(base, ByteSize::gib(60), ByteSize::gib(40)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_has_checkpoints");
    EXPECT_EQ(world.host().log().changing(), 0U);
}

TEST_P(Growing, says_when_the_file_is_gone)
{
    const auto error =
        world.failure(grow("D:\\VMs\\gone.vhd", ByteSize::gib(60), ByteSize::gib(40)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::not_found);
    EXPECT_EQ(error->code(), "disk_missing");
}

TEST_P(Growing, says_when_the_disk_became_differencing)
{
    if (!is_v2()) {
        return;
    }
    const auto parent = make_disk();
    auto disk = world.disk(world.spec());
    disk.kind = DiskKind::differencing;
    disk.parent = parent;
    world.run(world.driver().create_disk(disk, world.context()));
    const auto error = world.failure(grow(disk.path, ByteSize::gib(60), ByteSize::gib(40)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_is_differencing");
    EXPECT_EQ(size_of(disk.path), ByteSize::gib(40));
}

} // namespace watari::test
