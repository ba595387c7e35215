#include "sim/host/v1/testing.hpp"

namespace watari::sim::host::v1 {

namespace {

constexpr std::uint64_t gib = 1ULL << 30;
constexpr const char* memory_id = "4764334d-e001-4176-82ee-5594ec9b530e";
constexpr const char* processor_id = "b637f346-6a0e-4dec-af52-bd70cb80a21d\\0";

TEST(V1Resources, memory_and_processors_change_at_once_while_off)
{
    TestHost test;
    const auto system = test.define("web-1");
    EXPECT_EQ(test.modify(system, test.text("Msvm_MemorySettingData",
                                            {{"InstanceID", test.id(system, memory_id)},
                                             {"VirtualQuantity", 2048}}))
                  .return_value,
              0U);
    const auto memory = test.get("Msvm_MemorySettingData", test.id(system, memory_id));
    EXPECT_EQ(memory["VirtualQuantity"], cim::Value{2048});
    EXPECT_EQ(memory["Reservation"], cim::Value{2048});
    EXPECT_EQ(memory["Limit"], cim::Value{2048});
    EXPECT_EQ(test.modify(system, test.text("Msvm_ProcessorSettingData",
                                            {{"InstanceID", test.id(system, processor_id)},
                                             {"VirtualQuantity", 2}}))
                  .return_value,
              0U);
    EXPECT_EQ(test.vm(system).settings.processor.count, 2U);
}

TEST(V1Resources, a_vm_of_2008_r2_has_four_processors_and_64_gib_at_most)
{
    for (const Generation generation : {Generation::ws2008r2sp1, Generation::ws2012}) {
        TestHost test{generation};
        const auto system = test.define("web-1");
        const bool is_old = generation == Generation::ws2008r2sp1;
        EXPECT_EQ(test.modify(system, test.text("Msvm_ProcessorSettingData",
                                                {{"InstanceID", test.id(system, processor_id)},
                                                 {"VirtualQuantity", 8}}))
                      .return_value,
                  is_old ? 32773U : 0U);
        EXPECT_EQ(test.modify(system, test.text("Msvm_MemorySettingData",
                                                {{"InstanceID", test.id(system, memory_id)},
                                                 {"VirtualQuantity", 131072}}))
                      .return_value,
                  is_old ? 32773U : 0U);
    }
}

TEST(V1Resources, dynamic_memory_keeps_its_three_amounts)
{
    TestHost test;
    const auto system = test.define("web-1");
    EXPECT_EQ(test.modify(system, test.text("Msvm_MemorySettingData",
                                            {{"InstanceID", test.id(system, memory_id)},
                                             {"DynamicMemoryEnabled", true},
                                             {"Reservation", 512},
                                             {"VirtualQuantity", 1024},
                                             {"Limit", 4096}}))
                  .return_value,
              0U);
    const auto memory = test.get("Msvm_MemorySettingData", test.id(system, memory_id));
    EXPECT_EQ(memory["Reservation"], cim::Value{512});
    EXPECT_EQ(memory["Limit"], cim::Value{4096});
    EXPECT_EQ(
        test.modify(system, test.text("Msvm_MemorySettingData",
                                      {{"InstanceID", test.id(system, memory_id)}, {"Limit", 512}}))
            .return_value,
        32773U);
}

TEST(V1Resources, refused_amounts_leave_everything_as_it_was)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto memory = [&](cim::Value amount) {
        return test
            .modify(system,
                    test.text("Msvm_MemorySettingData", {{"InstanceID", test.id(system, memory_id)},
                                                         {"VirtualQuantity", std::move(amount)}}))
            .return_value;
    };
    EXPECT_EQ(memory(1025), 32773U) << "not a multiple of 2 MB";
    EXPECT_EQ(memory(8), 32773U);
    EXPECT_EQ(test.modify(system, test.text("Msvm_ProcessorSettingData",
                                            {{"InstanceID", test.id(system, processor_id)},
                                             {"VirtualQuantity", 500}}))
                  .return_value,
              32773U);
    EXPECT_EQ(test.modify(system, test.text("Msvm_MemorySettingData", {{"VirtualQuantity", 1024}}))
                  .return_value,
              32773U)
        << "no InstanceID";
    EXPECT_EQ(test.modify(system, test.text("Msvm_ProcessorSettingData",
                                            {{"InstanceID", test.id(system, memory_id)}}))
                  .return_value,
              32773U);
    const auto both = cim::Value::Array{
        test.text("Msvm_MemorySettingData",
                  {{"InstanceID", test.id(system, memory_id)}, {"VirtualQuantity", 1024}}),
        test.text("Msvm_ProcessorSettingData",
                  {{"InstanceID", test.id(system, processor_id)}, {"VirtualQuantity", 500}})};
    EXPECT_EQ(test.vsms("ModifyVirtualSystemResources",
                        {{"ComputerSystem", system}, {"ResourceSettingData", both}})
                  .return_value,
              32773U);
    EXPECT_EQ(test.vm(system).settings.memory.startup_mib, 512U);
}

TEST(V1Resources, a_running_vm_answers_with_a_job_that_fails_as_the_act_does)
{
    TestHost test;
    const auto system = test.define("web-1");
    test.start(system);
    const auto xml =
        test.text("Msvm_MemorySettingData",
                  {{"InstanceID", test.id(system, memory_id)}, {"VirtualQuantity", 2048}});
    const auto job = test.finish(test.modify(system, xml));
    EXPECT_EQ(job["JobState"], cim::Value{10});
    EXPECT_EQ(job["ErrorCode"], cim::Value{32775});
    const auto error = test.call_on(test.v1->path_of(job), "GetErrorEx", {});
    ASSERT_EQ(error.output["Errors"].array()->size(), 1U);
    EXPECT_EQ(cim::from_cim_xml(*error.output["Errors"].array()->front().string()).class_name(),
              "Msvm_Error");
    test.host.profile().flip("validation_errors");
    EXPECT_EQ(test.modify(system, xml).return_value, 32775U);
}

TEST(V1Resources, a_drive_goes_into_the_slot_its_address_says_and_takes_a_disk)
{
    TestHost test;
    const auto system = test.define("web-1");
    test.make_disk("D:\\VMs\\a.vhd", 10 * gib);
    const auto drive = test.added(test.add(system, test.drive(system, "1")));
    EXPECT_EQ(drive.key("InstanceID"),
              test.id(system, "83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0\\1\\D"));
    EXPECT_EQ(test.v1->get(drive)["Address"], cim::Value{"1"});
    const auto disk = test.added(test.add(system, test.disk(drive, "D:\\VMs\\a.vhd")));
    EXPECT_EQ(disk.key("InstanceID"),
              test.id(system, "83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0\\1\\L"));
    const auto row = test.v1->get(disk);
    EXPECT_EQ(row["ResourceType"], cim::Value{21});
    EXPECT_EQ(row["Connection"], (cim::Value{cim::Value::Array{"D:\\VMs\\a.vhd"}}));
    EXPECT_TRUE(cim::ObjectPath::parse(*row["Parent"].string())->names_same_instance(drive));
}

TEST(V1Resources, wrong_drives_and_disks_are_refused)
{
    TestHost test;
    const auto system = test.define("web-1");
    test.make_disk("D:\\VMs\\a.vhd", 10 * gib);
    const auto drive = test.added(test.add(system, test.drive(system, "0")));
    EXPECT_EQ(test.add(system, test.drive(system, "0")).return_value, 32773U) << "taken";
    EXPECT_EQ(test.add(system, test.drive(system, "2")).return_value, 32773U);
    EXPECT_EQ(test.add(system, test.drive(system, "x")).return_value, 32773U);
    EXPECT_EQ(test.add(system, test.text("Msvm_ResourceAllocationSettingData",
                                         {{"ResourceSubType", "Microsoft Synthetic Disk Drive"},
                                          {"AddressOnParent", "1"}}))
                  .return_value,
              32773U)
        << "v2's property";
    EXPECT_EQ(
        test.add(system, test.text("Msvm_ResourceAllocationSettingData",
                                   {{"ResourceSubType", "Microsoft:Hyper-V:Synthetic Disk Drive"}}))
            .return_value,
        32773U)
        << "v2's subtype";
    EXPECT_EQ(test.add(system, test.text("Msvm_ResourceAllocationSettingData",
                                         {{"ResourceSubType", "Microsoft Synthetic Disk Drive"},
                                          {"ResourceType", 17}}))
                  .return_value,
              32773U)
        << "v2's type";
    EXPECT_EQ(test.add(system, test.text("Msvm_ResourceAllocationSettingData",
                                         {{"ResourceSubType", "Microsoft Synthetic Disk Drive"},
                                          {"Parent", "nonsense"}}))
                  .return_value,
              32773U);
    EXPECT_EQ(test.add(system, test.disk(drive, "D:\\VMs\\missing.vhd")).return_value, 32779U);
    EXPECT_EQ(test.add(system, test.disk(drive, "\\\\files\\a.vhd")).return_value, 32769U);
    EXPECT_EQ(test.add(system, test.disk(drive, "D:\\VMs\\a.vhdx")).return_value, 32773U);
    EXPECT_EQ(test.add(system, test.text("Msvm_ResourceAllocationSettingData",
                                         {{"ResourceSubType", "Microsoft Virtual Hard Disk"},
                                          {"Parent", drive.text()},
                                          {"Connection",
                                           cim::Value::Array{"D:\\VMs\\a.vhd", "D:\\VMs\\b.vhd"}}}))
                  .return_value,
              32773U);
    EXPECT_EQ(test.add(system,
                       "<INSTANCE CLASSNAME=\"Msvm_ResourceAllocationSettingData\"><PROPERTY "
                       "NAME=\"Connection\" TYPE=\"string\"><VALUE>D:\\VMs\\a.vhd"
                       "</VALUE></PROPERTY></INSTANCE>")
                  .return_value,
              32773U)
        << "Connection is an array";
    EXPECT_EQ(test.vm(system).settings.on("83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0").size(), 1U);
}

TEST(V1Resources, a_scsi_controller_takes_drives)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto controller = test.added(test.add(
        system, test.text("Msvm_ResourceAllocationSettingData",
                          {{"ResourceType", 6},
                           {"ResourceSubType", "Microsoft Synthetic SCSI Controller"},
                           {"VirtualSystemIdentifiers",
                            cim::Value::Array{"{11111111-2222-3333-4444-555555555555}"}}})));
    EXPECT_EQ(test.v1->get(controller)["VirtualSystemIdentifiers"],
              (cim::Value{cim::Value::Array{"{11111111-2222-3333-4444-555555555555}"}}));
    const auto drive = test.added(
        test.add(system, test.text("Msvm_ResourceAllocationSettingData",
                                   {{"ResourceSubType", "Microsoft Synthetic Disk Drive"},
                                    {"Parent", controller.text()},
                                    {"Address", "5"}})));
    EXPECT_EQ(drive.key("InstanceID"), *controller.key("InstanceID") + "\\5\\D");
}

TEST(V1Resources, a_drive_is_removed_after_its_disk)
{
    TestHost test;
    const auto system = test.define("web-1");
    test.make_disk("D:\\VMs\\a.vhd", 10 * gib);
    const auto drive = test.added(test.add(system, test.drive(system, "0")));
    const auto disk = test.added(test.add(system, test.disk(drive, "D:\\VMs\\a.vhd")));
    const auto remove = [&](const cim::ObjectPath& path) {
        return test.vsms(
            "RemoveVirtualSystemResources",
            {{"TargetSystem", system}, {"ResourceSettingData", cim::Value::Array{path}}});
    };
    EXPECT_EQ(fault_of([&] { remove(drive); }), FaultKind::provider_failure);
    EXPECT_EQ(remove(disk).return_value, 0U);
    EXPECT_EQ(remove(drive).return_value, 0U);
    EXPECT_EQ(remove(drive).return_value, 32773U);
    EXPECT_EQ(remove(test.path("Msvm_MemorySettingData", test.id(system, memory_id))).return_value,
              32773U);
    EXPECT_EQ(test.vsms("RemoveVirtualSystemResources", {{"TargetSystem", system}}).return_value,
              32773U);
}

TEST(V1Resources, settings_of_devices_change_and_show)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto heartbeat = test.id(system, "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47");
    EXPECT_EQ(test.modify(system, test.text("Msvm_HeartbeatComponentSettingData",
                                            {{"InstanceID", heartbeat}, {"EnabledState", 3}}))
                  .return_value,
              0U);
    EXPECT_EQ(test.get("Msvm_HeartbeatComponentSettingData", heartbeat)["EnabledState"],
              cim::Value{3});
    const auto port = test.id(system, "8E3A359F-559A-4B6A-98A9-1690A6100ED7\\0");
    EXPECT_EQ(
        test.modify(system, test.text("Msvm_ResourceAllocationSettingData",
                                      {{"InstanceID", port},
                                       {"Connection", cim::Value::Array{"\\\\.\\pipe\\com1"}}}))
            .return_value,
        0U);
    EXPECT_EQ(test.get("Msvm_ResourceAllocationSettingData", port)["Connection"],
              (cim::Value{cim::Value::Array{"\\\\.\\pipe\\com1"}}));
}

TEST(V1Resources, an_answer_without_results_has_them_among_the_jobs_affected_elements)
{
    TestHost test{Generation::ws2008r2sp1, {{"v1_resource_methods_return", "job"}}};
    const auto system = test.define("web-1");
    auto answer = test.add(system, test.drive(system, "0"));
    EXPECT_TRUE(answer.output["NewResources"].is_null());
    EXPECT_EQ(test.finish(answer)["JobState"], cim::Value{7});
    const auto rows = test.v1->query("SELECT * FROM Msvm_AffectedJobElement");
    const auto made = std::ranges::find_if(rows, [](const cim::Instance& row) {
        return row["ElementEffects"] == cim::Value{cim::Value::Array{5}};
    });
    ASSERT_NE(made, rows.end());
    const auto drive = *(*made)["AffectedElement"].reference();
    EXPECT_EQ(test.v1->get(drive)["ResourceType"], cim::Value{22});
    test.host.profile().flip("add_resource_running");
    answer = test.add(system, test.drive(system, "1"));
    EXPECT_EQ(answer.return_value, 4096U);
    EXPECT_EQ(answer.output["NewResources"].array()->size(), 1U);
}

TEST(V1Resources, define_takes_memory_and_leaves_devices_to_a_later_call)
{
    for (const char* taken : {"memory_and_processor", "all"}) {
        TestHost test{Generation::ws2012, {{"define_takes_all_resources", taken}}};
        const auto answer = test.vsms(
            "DefineVirtualSystem",
            {{"ResourceSettingData",
              cim::Value::Array{
                  test.text("Msvm_MemorySettingData", {{"VirtualQuantity", 1024}}),
                  test.text("Msvm_ResourceAllocationSettingData",
                            {{"ResourceSubType", "Microsoft Synthetic SCSI Controller"}})}}});
        ASSERT_EQ(answer.return_value, 0U);
        const Settings& settings = test.host.vms().front()->settings;
        EXPECT_EQ(settings.memory.startup_mib, 1024U);
        EXPECT_EQ(settings.first(DeviceKind::scsi_controller) != nullptr,
                  std::string{taken} == "all");
    }
}

} // namespace

} // namespace watari::sim::host::v1
