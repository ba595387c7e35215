#include "sim/host/v1/testing.hpp"

namespace watari::sim::host::v1 {

namespace {

constexpr std::uint64_t gib = 1ULL << 30;

cim::Instance info(TestHost& test, const std::string& path)
{
    const auto answer = test.ims("GetVirtualHardDiskInfo", {{"Path", path}});
    EXPECT_EQ(answer.return_value, 0U);
    return cim::from_cim_xml(*answer.output["Info"].string());
}

TEST(V1Images, disks_are_made_by_storage_jobs_and_described_as_text)
{
    TestHost test;
    const auto answer = test.ims("CreateDynamicVirtualHardDisk",
                                 {{"Path", "D:\\VMs\\a.vhd"}, {"MaxInternalSize", 10 * gib}});
    EXPECT_EQ(answer.output["Job"].reference()->class_name(), "Msvm_StorageJob");
    EXPECT_FALSE(test.host.storage().file_exists("D:\\VMs\\a.vhd"))
        << "nothing may use it before the job ends";
    const auto job = test.finish(answer);
    EXPECT_EQ(job["JobState"], cim::Value{7});
    EXPECT_EQ(job["Caption"], cim::Value{"Creating Virtual Hard Disk"});
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["MaxInternalSize"], cim::Value{10 * gib});
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["Type"], cim::Value{3});
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["InUse"], cim::Value{false});
    EXPECT_EQ(
        test.finish(test.ims("CreateFixedVirtualHardDisk",
                             {{"Path", "D:\\VMs\\f.vhd"}, {"MaxInternalSize", gib}}))["JobState"],
        cim::Value{7});
    EXPECT_EQ(info(test, "D:\\VMs\\f.vhd")["Type"], cim::Value{2});
    EXPECT_EQ(info(test, "D:\\VMs\\f.vhd")["FileSize"], cim::Value{gib + 512});
    EXPECT_EQ(test.finish(test.ims(
                  "CreateDifferencingVirtualHardDisk",
                  {{"Path", "D:\\VMs\\d.vhd"}, {"ParentPath", "D:\\VMs\\a.vhd"}}))["JobState"],
              cim::Value{7});
    EXPECT_EQ(info(test, "D:\\VMs\\d.vhd")["ParentPath"], cim::Value{"D:\\VMs\\a.vhd"});
    EXPECT_EQ(
        test.finish(test.ims("ValidateVirtualHardDisk", {{"Path", "D:\\VMs\\d.vhd"}}))["JobState"],
        cim::Value{7});
    test.host.storage().remove_file("D:\\VMs\\a.vhd");
    EXPECT_EQ(
        test.finish(test.ims("ValidateVirtualHardDisk", {{"Path", "D:\\VMs\\d.vhd"}}))["JobState"],
        cim::Value{10});
}

TEST(V1Images, a_dynamic_disk_of_size_0_has_three_mib)
{
    TestHost test;
    test.make_disk("D:\\VMs\\a.vhd", 0);
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["MaxInternalSize"], cim::Value{3 << 20});
}

TEST(V1Images, wrong_paths_are_refused_at_once_and_wrong_contents_in_the_job)
{
    TestHost test{Generation::ws2012};
    const auto create = [&](const std::string& path, std::uint64_t size) {
        return test.ims("CreateDynamicVirtualHardDisk",
                        {{"Path", path}, {"MaxInternalSize", size}});
    };
    EXPECT_EQ(create("D:\\VMs\\a.vhdx", gib).return_value, 32773U)
        << "this namespace knows no VHDX";
    EXPECT_EQ(create("\\\\files\\a.vhd", gib).return_value, 32769U);
    EXPECT_EQ(create("a.vhd", gib).return_value, 32773U);
    EXPECT_EQ(test.ims("CreateDynamicVirtualHardDisk", {{"Path", "D:\\VMs\\a.vhd"}}).return_value,
              32773U);
    EXPECT_EQ(test.finish(create("D:\\None\\a.vhd", gib))["JobState"], cim::Value{10});
    EXPECT_EQ(test.finish(create("D:\\VMs\\a.vhd", gib + 1))["ErrorCode"], cim::Value{32773});
    test.make_disk("D:\\VMs\\a.vhd", gib);
    EXPECT_EQ(test.finish(create("D:\\VMs\\a.vhd", gib))["JobState"], cim::Value{10});
    test.host.profile().set("validation_errors", "return_value");
    EXPECT_EQ(create("D:\\VMs\\a.vhd", gib).return_value, 32768U);
    EXPECT_EQ(create("D:\\None\\a.vhd", gib).return_value, 32779U);
    EXPECT_EQ(test.ims("GetVirtualHardDiskInfo", {{"Path", "D:\\VMs\\none.vhd"}}).return_value,
              32779U);
    EXPECT_EQ(test.ims("Mount", {{"Path", "D:\\VMs\\a.vhd"}}).return_value, 32770U);
}

TEST(V1Images, a_full_volume_fails_the_job)
{
    TestHost test;
    test.host.fill_volume('D');
    const auto job = test.finish(test.ims("CreateFixedVirtualHardDisk",
                                          {{"Path", "D:\\VMs\\a.vhd"}, {"MaxInternalSize", gib}}));
    EXPECT_EQ(job["JobState"], cim::Value{10});
    EXPECT_FALSE(test.host.storage().file_exists("D:\\VMs\\a.vhd"));
}

TEST(V1Images, a_copy_holds_its_source_until_it_ends)
{
    TestHost test;
    test.make_disk("D:\\Images\\golden.vhd", 4 * gib);
    const auto copy = [&](const std::string& to, int type) {
        return test.ims(
            "ConvertVirtualHardDisk",
            {{"SourcePath", "D:\\Images\\golden.vhd"}, {"DestinationPath", to}, {"Type", type}});
    };
    EXPECT_EQ(copy("D:\\VMs\\a.vhd", 4).return_value, 32773U);
    const auto first = copy("D:\\VMs\\a.vhd", 3);
    const auto second = copy("D:\\VMs\\b.vhd", 3);
    EXPECT_EQ(test.finish(first)["JobState"], cim::Value{7});
    EXPECT_EQ(test.finish(second)["JobState"], cim::Value{10})
        << "parallel copies of one source collide";
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["MaxInternalSize"], cim::Value{4 * gib});
    EXPECT_EQ(test.finish(copy("D:\\VMs\\b.vhd", 2))["JobState"], cim::Value{7});
    EXPECT_EQ(info(test, "D:\\VMs\\b.vhd")["Type"], cim::Value{2});
}

TEST(V1Images, a_cancelled_job_does_nothing_and_lets_its_files_go)
{
    TestHost test;
    test.make_disk("D:\\Images\\golden.vhd", 4 * gib);
    const auto answer =
        test.ims("ConvertVirtualHardDisk", {{"SourcePath", "D:\\Images\\golden.vhd"},
                                            {"DestinationPath", "D:\\VMs\\a.vhd"},
                                            {"Type", 3}});
    const auto job = *answer.output["Job"].reference();
    EXPECT_EQ(test.call_on(job, "RequestStateChange", {{"RequestedState", 7}}).return_value,
              32773U);
    EXPECT_EQ(test.call_on(job, "RequestStateChange", {{"RequestedState", 4}}).return_value, 0U);
    EXPECT_EQ(test.v1->get(job)["JobState"], cim::Value{8});
    EXPECT_EQ(test.call_on(job, "KillJob", {{"DeleteOnKill", false}}).return_value, 32775U)
        << "over";
    EXPECT_FALSE(test.host.storage().locked("D:\\Images\\golden.vhd").has_value());
    EXPECT_FALSE(test.host.storage().file_exists("D:\\VMs\\a.vhd"));
}

TEST(V1Images, a_disk_grows_while_nobody_uses_it)
{
    TestHost test{Generation::ws2012};
    const auto system = test.define("web-1");
    test.make_disk("D:\\VMs\\a.vhd", 4 * gib);
    const auto expand = [&](std::uint64_t size) {
        return test.finish(test.ims("ExpandVirtualHardDisk",
                                    {{"Path", "D:\\VMs\\a.vhd"}, {"MaxInternalSize", size}}));
    };
    EXPECT_EQ(expand(8 * gib)["JobState"], cim::Value{7});
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["MaxInternalSize"], cim::Value{8 * gib});
    EXPECT_EQ(expand(4 * gib)["ErrorCode"], cim::Value{32773}) << "never smaller";
    const auto drive = test.added(test.add(system, test.drive(system, "0")));
    test.added(test.add(system, test.disk(drive, "D:\\VMs\\a.vhd")));
    test.start(system);
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["InUse"], cim::Value{true});
    EXPECT_EQ(expand(16 * gib)["JobState"], cim::Value{10});
    EXPECT_EQ(info(test, "D:\\VMs\\a.vhd")["MaxInternalSize"], cim::Value{8 * gib});
}

TEST(V1Images, a_2008_host_expands_under_a_snapshot_and_the_vm_then_fails_to_start)
{
    for (const Generation generation : {Generation::ws2008r2sp1, Generation::ws2012}) {
        TestHost test{generation};
        const auto system = test.define("web-1");
        test.make_disk("D:\\VMs\\a.vhd", 4 * gib);
        const auto drive = test.added(test.add(system, test.drive(system, "0")));
        test.added(test.add(system, test.disk(drive, "D:\\VMs\\a.vhd")));
        EXPECT_EQ(test.finish(test.vsms("CreateVirtualSystemSnapshot",
                                        {{"SourceSystem", system}}))["JobState"],
                  cim::Value{7});
        const auto job = test.finish(test.ims(
            "ExpandVirtualHardDisk", {{"Path", "D:\\VMs\\a.vhd"}, {"MaxInternalSize", 8 * gib}}));
        const bool is_old = generation == Generation::ws2008r2sp1;
        EXPECT_EQ(job["JobState"], cim::Value{is_old ? 7 : 10});
        const auto started =
            test.finish(test.call_on(system, "RequestStateChange", {{"RequestedState", 2}}));
        EXPECT_EQ(started["JobState"], cim::Value{is_old ? 10 : 7});
        if (is_old) {
            EXPECT_NE(started["ErrorDescription"].string()->find("0xC03A0017"), std::string::npos);
        }
    }
}

TEST(V1Images, a_child_is_merged_into_its_parent)
{
    TestHost test;
    test.make_disk("D:\\VMs\\a.vhd", 4 * gib);
    EXPECT_EQ(test.finish(test.ims(
                  "CreateDifferencingVirtualHardDisk",
                  {{"Path", "D:\\VMs\\d.vhd"}, {"ParentPath", "D:\\VMs\\a.vhd"}}))["JobState"],
              cim::Value{7});
    EXPECT_EQ(test.ims("ReconnectParentVirtualHardDisk", {{"ChildPath", "D:\\VMs\\d.vhd"},
                                                          {"ParentPath", "D:\\VMs\\a.vhd"},
                                                          {"Force", true}})
                  .return_value,
              0U);
    EXPECT_EQ(test.finish(test.ims("MergeVirtualHardDisk",
                                   {{"SourcePath", "D:\\VMs\\a.vhd"},
                                    {"DestinationPath", "D:\\VMs\\d.vhd"}}))["JobState"],
              cim::Value{10});
    EXPECT_EQ(test.finish(test.ims("MergeVirtualHardDisk",
                                   {{"SourcePath", "D:\\VMs\\d.vhd"},
                                    {"DestinationPath", "D:\\VMs\\a.vhd"}}))["JobState"],
              cim::Value{7});
    EXPECT_EQ(
        test.finish(test.ims("CompactVirtualHardDisk", {{"Path", "D:\\VMs\\a.vhd"}}))["JobState"],
        cim::Value{7});
}

} // namespace

} // namespace watari::sim::host::v1
