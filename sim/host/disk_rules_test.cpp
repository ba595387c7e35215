#include "sim/testing.hpp"

#include <gtest/gtest.h>

/// Switches about virtual disks, through the calls that act on them.
namespace watari::sim {
namespace {

constexpr std::uint64_t mib = 1ULL << 20;

struct Disk {
    std::string path;
    std::uint16_t kind = 3;
    std::uint64_t size = 0;
    std::string parent = {};
};

/// The return code of v2's CreateVirtualHardDisk.
std::uint64_t create(TestHost& host, const Disk& disk)
{
    cim::Instance settings{"Msvm_VirtualHardDiskSettingData"};
    settings.set("Type", cim::Type::uint16, disk.kind);
    settings.set("Format", cim::Type::uint16, 3);
    settings.set("Path", cim::Type::string, disk.path);
    if (disk.size != 0) {
        settings.set("MaxInternalSize", cim::Type::uint64, disk.size);
    }
    if (!disk.parent.empty()) {
        settings.set("ParentPath", cim::Type::string, disk.parent);
    }
    cim::Instance input;
    input.set("VirtualDiskSettingData", cim::Type::string, cim::to_cim_xml(settings));
    const auto returned = TestHost::returned(
        host.invoke("Msvm_ImageManagementService", "CreateVirtualHardDisk", input));
    host.pass(std::chrono::seconds{30});
    return returned;
}

std::uint64_t grow(TestHost& host, const std::string& path, std::uint64_t size)
{
    cim::Instance input;
    input.set("Path", cim::Type::string, path);
    input.set("MaxInternalSize", cim::Type::uint64, size);
    return TestHost::returned(
        host.invoke("Msvm_ImageManagementService", "ResizeVirtualHardDisk", input));
}

TEST(DiskRules, may_refuse_sizes_below_three_mebibytes)
{
    TestHost host;
    EXPECT_EQ(create(host, {.path = "D:\\VMs\\a.vhdx", .size = 2 * mib}), 4096U);
    host.engine().profile().set("vhd_minimum_size", "three_mib");
    EXPECT_EQ(create(host, {.path = "D:\\VMs\\b.vhdx", .size = 2 * mib}), 32773U);
    EXPECT_EQ(grow(host, "D:\\VMs\\a.vhdx", 2 * mib + 512), 32773U);
    EXPECT_EQ(create(host, {.path = "D:\\VMs\\b.vhdx", .size = 3 * mib}), 4096U);
    EXPECT_TRUE(host.engine().storage().file_exists("D:\\VMs\\b.vhdx"));
}

TEST(DiskRules, may_refuse_a_size_for_a_child)
{
    TestHost host;
    const std::string parent = "D:\\VMs\\a.vhdx";
    create(host, {.path = parent, .size = 64 * mib});
    const auto child = [&](const std::string& path, std::uint64_t size) {
        return create(host, {.path = path, .kind = 4, .size = size, .parent = parent});
    };
    EXPECT_EQ(child("D:\\VMs\\b.vhdx", 128 * mib), 4096U);
    EXPECT_EQ(host.engine().storage().disk("D:\\VMs\\b.vhdx").spec.size, 64 * mib);
    host.engine().profile().set("vhd_differencing_max_size", "refused");
    EXPECT_EQ(child("D:\\VMs\\c.vhdx", 128 * mib), 32773U);
    EXPECT_EQ(child("D:\\VMs\\c.vhdx", 0), 4096U);
}

TEST(DiskRules, choose_the_physical_sector_of_a_new_disk)
{
    TestHost host;
    create(host, {.path = "D:\\VMs\\a.vhdx", .size = 64 * mib});
    host.engine().profile().set("vhdx_physical_sector", "512");
    create(host, {.path = "D:\\VMs\\b.vhdx", .size = 64 * mib});
    const auto sector = [&](const std::string& path) {
        return host.engine().storage().disk(path).spec.physical_sector;
    };
    EXPECT_EQ(sector("D:\\VMs\\a.vhdx"), 4096U);
    EXPECT_EQ(sector("D:\\VMs\\b.vhdx"), 512U);
}

TEST(DiskRules, hold_in_v1_as_well)
{
    TestHost host{{.generation = Generation::ws2008r2sp1}};
    const auto create_fixed = [&](const std::string& path) {
        cim::Instance input;
        input.set("Path", cim::Type::string, path);
        input.set("MaxInternalSize", cim::Type::uint64, 2 * mib);
        return TestHost::returned(host.invoke("Msvm_ImageManagementService",
                                              "CreateFixedVirtualHardDisk", input, {},
                                              schema::v1_namespace));
    };
    EXPECT_EQ(create_fixed("D:\\VMs\\a.vhd"), 4096U) << host.last.body;
    host.engine().profile().set("vhd_minimum_size", "three_mib");
    EXPECT_EQ(create_fixed("D:\\VMs\\b.vhd"), 32773U) << host.last.body;
}

} // namespace
} // namespace watari::sim
