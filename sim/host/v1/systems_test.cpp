#include "sim/host/v1/testing.hpp"

namespace watari::sim::host::v1 {

namespace {

constexpr const char* memory_id = "4764334d-e001-4176-82ee-5594ec9b530e";
constexpr const char* processor_id = "b637f346-6a0e-4dec-af52-bd70cb80a21d\\0";

TEST(V1Systems, exist_on_2008_r2_and_2012_only)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    for (const Generation generation : all_generations) {
        const auto random = seeded_random(1);
        Host host{clock, *random, {.generation = generation}};
        EXPECT_EQ(make_repository(host) != nullptr, generation <= Generation::ws2012);
    }
}

TEST(V1Systems, a_defined_vm_has_the_recorded_devices_and_values)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto settings = test.get("Msvm_VirtualSystemSettingData", test.id(system));
    EXPECT_EQ(settings["ElementName"], cim::Value{"web-1"});
    EXPECT_EQ(settings["Notes"], cim::Value{""});
    EXPECT_EQ(settings["SettingType"], cim::Value{3});
    const auto memory = test.get("Msvm_MemorySettingData", test.id(system, memory_id));
    EXPECT_EQ(memory["VirtualQuantity"], cim::Value{512});
    EXPECT_EQ(memory["Reservation"], cim::Value{512});
    EXPECT_EQ(memory["ResourceSubType"], cim::Value{"Microsoft Virtual Machine Memory"});
    const auto processor = test.get("Msvm_ProcessorSettingData", test.id(system, processor_id));
    EXPECT_EQ(processor["VirtualQuantity"], cim::Value{1});
    EXPECT_EQ(processor["Reservation"], cim::Value{1});
    EXPECT_EQ(processor["Limit"], cim::Value{100000});
    const auto controller = test.get("Msvm_ResourceAllocationSettingData",
                                     test.id(system, "83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\1"));
    EXPECT_EQ(controller["ResourceType"], cim::Value{5});
    EXPECT_EQ(controller["Address"], cim::Value{"1"});
    const auto global = test.get("Msvm_VirtualSystemGlobalSettingData", test.id(system, "Global"));
    EXPECT_EQ(global["AutomaticStartupAction"], cim::Value{1});
    EXPECT_EQ(global["AutomaticShutdownAction"], cim::Value{1});
}

TEST(V1Systems, the_host_is_a_computer_system_too)
{
    TestHost test;
    test.define("web-1");
    const auto rows = test.v1->enumerate("Msvm_ComputerSystem");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["Name"], cim::Value{"HV01"});
    EXPECT_TRUE(rows[0]["InstallDate"].is_null());
    EXPECT_EQ(rows[1]["EnabledState"], cim::Value{3});
    EXPECT_EQ(
        test.count(
            "SELECT * FROM Msvm_ComputerSystem WHERE Description = 'Microsoft Virtual Machine'"),
        1U);
}

TEST(V1Systems, associations_lead_from_the_vm_to_everything_it_has)
{
    TestHost test;
    const auto system = test.define("web-1");
    const std::string of =
        "ASSOCIATORS OF {" + system.with_host({}).with_ns({}).text() + "} WHERE ";
    EXPECT_EQ(
        test.count(of +
                   "AssocClass=Msvm_SettingsDefineState ResultClass=Msvm_VirtualSystemSettingData"),
        1U);
    EXPECT_EQ(test.count(of + "ResultClass=Msvm_VirtualSystemGlobalSettingData"), 1U);
    const std::string settings = "ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID='" +
                                 test.id(system) + "'} WHERE ";
    EXPECT_EQ(
        test.count(
            settings +
            "AssocClass=Msvm_VirtualSystemSettingDataComponent ResultClass=Msvm_MemorySettingData"),
        1U);
    EXPECT_GE(test.count(settings + "AssocClass=Msvm_VirtualSystemSettingDataComponent"), 12U);
}

TEST(V1Systems, states_are_asked_for_and_shown_in_v1_numbers)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto state = [&] { return *test.v1->get(system)["EnabledState"].unsigned_integer(); };
    EXPECT_EQ(test.request_state(system, 3), 32775U) << "it is off already";
    EXPECT_TRUE(test.host.jobs().all().empty());
    EXPECT_EQ(test.request_state(system, 2), 4096U);
    EXPECT_EQ(state(), 32770U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(state(), 2U);
    EXPECT_EQ(test.request_state(system, 32768), 4096U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(state(), 32768U);
    EXPECT_EQ(test.v1->get(system)["RequestedState"], cim::Value{32768});
    EXPECT_EQ(test.request_state(system, 32769), 4096U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(state(), 32769U);
    test.start(system);
    EXPECT_EQ(test.request_state(system, 10), 4096U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(state(), 2U);
    EXPECT_EQ(test.request_state(system, 9), 32773U) << "v2's number";
}

TEST(V1Systems, a_started_job_is_found_by_its_path_and_names_what_it_affects)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto answer = test.call_on(system, "RequestStateChange", {{"RequestedState", 2}});
    const auto job = *answer.output["Job"].reference();
    EXPECT_EQ(job.class_name(), "Msvm_ConcreteJob");
    EXPECT_EQ(test.v1->get(job)["JobState"], cim::Value{4});
    EXPECT_EQ(test.v1->get(job)["Caption"],
              cim::Value{"Initializing and Starting Virtual Machine"});
    const auto affected = test.v1->enumerate("Msvm_AffectedJobElement");
    ASSERT_EQ(affected.size(), 1U);
    EXPECT_TRUE(affected[0]["AffectedElement"].reference()->names_same_instance(system));
    EXPECT_EQ(test.finish(answer)["JobState"], cim::Value{7});
    test.clock.advance(std::chrono::minutes{6});
    EXPECT_EQ(fault_of([&] { test.v1->get(job); }), FaultKind::no_such_instance);
}

TEST(V1Systems, notes_are_one_text_on_the_settings_and_the_name_is_on_the_global_ones)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto modify = [&](const std::string& xml) {
        return test.vsms("ModifyVirtualSystem",
                         {{"ComputerSystem", system}, {"SystemSettingData", xml}});
    };
    auto answer = modify(test.text(
        "Msvm_VirtualSystemSettingData",
        {{"InstanceID", test.id(system)}, {"Notes", "watari:1:a:b"}, {"ElementName", "ignored"}}));
    EXPECT_EQ(answer.return_value, 0U);
    EXPECT_EQ(answer.output["ModifiedSettingData"].reference()->class_name(),
              "Msvm_VirtualSystemSettingData");
    EXPECT_EQ(test.vm(system).settings.notes, "watari:1:a:b");
    EXPECT_EQ(test.vm(system).settings.name, "web-1");
    answer = modify(
        test.text("Msvm_VirtualSystemGlobalSettingData", {{"InstanceID", test.id(system, "Global")},
                                                          {"ElementName", "web-2"},
                                                          {"AutomaticStartupAction", 0},
                                                          {"AutomaticShutdownAction", 2}}));
    EXPECT_EQ(answer.return_value, 0U);
    EXPECT_EQ(test.vm(system).settings.name, "web-2");
    EXPECT_EQ(test.vm(system).settings.startup_action, StartupAction::none);
    EXPECT_EQ(test.vm(system).settings.shutdown_action, ShutdownAction::shut_down);
    EXPECT_EQ(
        modify(test.text("Msvm_VirtualSystemGlobalSettingData", {{"AutomaticStartupAction", 4}}))
            .return_value,
        32773U)
        << "v2's number";
    EXPECT_EQ(modify(test.text("Msvm_VirtualSystemGlobalSettingData",
                               {{"InstanceID", "Microsoft:" + Uuid{}.upper() + "\\Global"}}))
                  .return_value,
              32773U);
    EXPECT_EQ(
        modify(test.text("Msvm_MemorySettingData", {{"InstanceID", test.id(system)}})).return_value,
        32773U);
}

TEST(V1Systems, define_refuses_settings_that_are_not_global_ones_and_what_the_schema_lacks)
{
    TestHost test;
    const auto define = [&](const std::string& xml) {
        return test.vsms("DefineVirtualSystem", {{"SystemSettingData", xml}}).return_value;
    };
    EXPECT_EQ(
        define(test.text("Msvm_VirtualSystemSettingData", {{"ElementName", "x"}, {"Notes", "n"}})),
        32773U);
    EXPECT_EQ(define(test.text("Msvm_VirtualSystemGlobalSettingData",
                               {{"ConfigurationDataRoot", "D:\\VMs"}})),
              32773U);
    EXPECT_EQ(define("<INSTANCE CLASSNAME=\"Msvm_VirtualSystemGlobalSettingData\"><PROPERTY "
                     "NAME=\"AutomaticStartupAction\" TYPE=\"string\">"
                     "<VALUE>0</VALUE></PROPERTY></INSTANCE>"),
              32768U);
    EXPECT_EQ(define("nonsense"), 32773U);
    EXPECT_EQ(define(test.text("Msvm_VirtualSystemGlobalSettingData",
                               {{"ExternalDataRoot", "\\\\files\\vms"}})),
              32769U)
        << "a UNC path is a second hop";
    EXPECT_TRUE(test.host.vms().empty());
}

TEST(V1Systems, wrong_parameter_names_and_types_are_schema_violations)
{
    TestHost test;
    const auto system = test.define("web-1");
    const std::string drive = test.drive(system, "0");
    EXPECT_EQ(fault_of([&] {
                  test.vsms("AddVirtualSystemResources",
                            {{"ComputerSystem", system},
                             {"ResourceSettingData", cim::Value::Array{drive}}});
              }),
              FaultKind::schema_violation);
    EXPECT_EQ(
        fault_of([&] { test.vsms("ModifyVirtualSystemResources", {{"TargetSystem", system}}); }),
        FaultKind::schema_violation);
    EXPECT_EQ(
        fault_of([&] { test.call_on(system, "RequestStateChange", {{"RequestedState", "two"}}); }),
        FaultKind::schema_violation);
    EXPECT_EQ(fault_of([&] { test.vsms("DefineSystem", {}); }), FaultKind::no_such_method);
    EXPECT_EQ(fault_of([&] { test.v1->enumerate("Msvm_StorageAllocationSettingData"); }),
              FaultKind::no_such_class);
}

TEST(V1Systems, destroying_takes_a_job_and_a_vm_that_is_off)
{
    TestHost test;
    const auto system = test.define("web-1");
    test.start(system);
    EXPECT_EQ(test.vsms("DestroyVirtualSystem", {{"ComputerSystem", system}}).return_value, 32775U);
    EXPECT_EQ(test.request_state(system, 3), 4096U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(
        test.finish(test.vsms("DestroyVirtualSystem", {{"ComputerSystem", system}}))["JobState"],
        cim::Value{7});
    EXPECT_TRUE(test.host.vms().empty());
    EXPECT_EQ(test.vsms("DestroyVirtualSystem", {{"ComputerSystem", system}}).return_value, 32773U);
}

TEST(V1Systems, the_summary_lists_every_vm_and_only_what_was_asked)
{
    TestHost test;
    const auto system = test.define("web-1");
    test.define("web-2");
    const auto codes = cim::Value::Array{1, 4, 100, 103, 105, 77};
    auto answer = test.vsms("GetSummaryInformation", {{"RequestedInformation", codes}});
    ASSERT_EQ(answer.return_value, 0U);
    const auto* rows = answer.output["SummaryInformation"].array();
    ASSERT_EQ(rows->size(), 2U);
    const cim::Instance& row = *rows->front().embedded();
    EXPECT_EQ(row["ElementName"], cim::Value{"web-1"});
    EXPECT_EQ(row["EnabledState"], cim::Value{3});
    EXPECT_EQ(row["UpTime"], cim::Value{0});
    EXPECT_TRUE(row["MemoryUsage"].is_null()) << "recorded of a VM that is off";
    EXPECT_TRUE(row["Name"].is_null());
    test.start(system);
    answer =
        test.vsms("GetSummaryInformation",
                  {{"SettingData",
                    cim::Value::Array{test.path("Msvm_VirtualSystemSettingData", test.id(system))}},
                   {"RequestedInformation", codes}});
    ASSERT_EQ(answer.output["SummaryInformation"].array()->size(), 1U);
    EXPECT_EQ((*answer.output["SummaryInformation"].array()->front().embedded())["MemoryUsage"],
              cim::Value{512});
    test.host.profile().flip("summary_unknown_code");
    EXPECT_EQ(test.vsms("GetSummaryInformation", {{"RequestedInformation", codes}}).return_value,
              32773U);
    EXPECT_EQ(test.vsms("GetSummaryInformation",
                        {{"SettingData", cim::Value::Array{test.path(
                                             "Msvm_VirtualSystemSettingData", "Microsoft:x")}}})
                  .return_value,
              32773U);
}

TEST(V1Systems, the_guest_is_shut_down_through_its_component_when_it_answers)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto component = [&] {
        return test.v1->query("SELECT * FROM Msvm_ShutdownComponent WHERE SystemName = '" +
                              *system.key("Name") + "'");
    };
    EXPECT_TRUE(component().empty());
    EXPECT_EQ(test.request_state(system, 2), 4096U);
    test.clock.advance(std::chrono::seconds{5});
    ASSERT_EQ(component().size(), 1U);
    const auto path = test.v1->path_of(component().front());
    const auto shut_down = [&] {
        return test.call_on(path, "InitiateShutdown", {{"Force", true}, {"Reason", "test"}})
            .return_value;
    };
    EXPECT_EQ(shut_down(), 32780U) << "the guest still boots";
    test.clock.advance(std::chrono::seconds{30});
    EXPECT_EQ(shut_down(), 0U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(test.v1->get(system)["EnabledState"], cim::Value{3});
}

TEST(V1Systems, a_snapshot_is_an_affected_element_of_its_finished_job)
{
    TestHost test;
    const auto system = test.define("web-1");
    const auto answer = test.vsms("CreateVirtualSystemSnapshot", {{"SourceSystem", system}});
    EXPECT_TRUE(answer.output["SnapshotSettingData"].is_null());
    const auto job = test.finish(answer);
    EXPECT_EQ(job["JobState"], cim::Value{7});
    const auto found =
        test.v1->query("ASSOCIATORS OF {" + test.v1->path_of(job).with_host({}).with_ns({}).text() +
                       "} WHERE ResultClass=Msvm_VirtualSystemSettingData");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0]["SettingType"], cim::Value{5});
    const auto snapshot = test.v1->path_of(found[0]);
    EXPECT_EQ(test.get("Msvm_VirtualSystemSettingData", test.id(system))["Parent"],
              cim::Value{snapshot.text()});
    EXPECT_EQ(test.vsms("ApplyVirtualSystemSnapshot",
                        {{"ComputerSystem", system}, {"SnapshotSettingData", snapshot}})
                  .output["Job"],
              cim::Value{});
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(test.finish(test.vsms(
                  "ApplyVirtualSystemSnapshotEx",
                  {{"ComputerSystem", system}, {"SnapshotSettingData", snapshot}}))["JobState"],
              cim::Value{7});
    EXPECT_EQ(test.v1->enumerate("Msvm_LastAppliedSettingData").size(), 1U);
    EXPECT_EQ(test.finish(test.vsms("RemoveVirtualSystemSnapshotTree",
                                    {{"SnapshotSettingData", snapshot}}))["JobState"],
              cim::Value{7});
    EXPECT_TRUE(test.vm(system).checkpoints.empty());
    EXPECT_EQ(
        test.vsms("RemoveVirtualSystemSnapshot", {{"SnapshotSettingData", snapshot}}).return_value,
        32773U);
}

TEST(V1Systems, a_removed_snapshot_is_merged_on_2008_r2_when_the_vm_is_off)
{
    for (const Generation generation : {Generation::ws2008r2sp1, Generation::ws2012}) {
        TestHost test{generation};
        const auto system = test.define("web-1");
        test.make_disk("D:\\VMs\\a.vhd", 1ULL << 30);
        const auto drive = test.added(test.add(system, test.drive(system, "0")));
        const auto disk = test.added(test.add(system, test.disk(drive, "D:\\VMs\\a.vhd")));
        test.start(system);
        test.finish(test.vsms("CreateVirtualSystemSnapshot", {{"SourceSystem", system}}));
        const auto snapshot = test.v1->path_of(
            test.v1->query("SELECT * FROM Msvm_VirtualSystemSettingData WHERE SettingType = 5")
                .at(0));
        test.finish(test.vsms("RemoveVirtualSystemSnapshot", {{"SnapshotSettingData", snapshot}}));
        test.clock.advance(std::chrono::minutes{2});
        const auto file = [&] {
            return *test.v1->get(disk)["Connection"].array()->front().string();
        };
        EXPECT_EQ(file() == "D:\\VMs\\a.vhd", generation == Generation::ws2012);
        EXPECT_EQ(test.request_state(system, 3), 4096U);
        test.clock.advance(std::chrono::minutes{2});
        EXPECT_EQ(file(), "D:\\VMs\\a.vhd");
    }
}

TEST(V1Systems, switches_make_synchronous_calls_answer_with_jobs)
{
    TestHost test{Generation::ws2008r2sp1,
                  {{"define_system_returns", "job"},
                   {"modify_system_off", "job"},
                   {"v1_global_actions", "0/1/0"}}};
    const auto answer = test.vsms("DefineVirtualSystem", {});
    EXPECT_EQ(answer.return_value, 4096U);
    EXPECT_TRUE(answer.output["DefinedSystem"].is_null());
    const auto rows = test.v1->enumerate("Msvm_AffectedJobElement");
    ASSERT_EQ(rows.size(), 1U);
    const auto system = *rows[0]["AffectedElement"].reference();
    EXPECT_EQ(test.vm(system).settings.startup_action, StartupAction::none);
    const auto modified = test.vsms(
        "ModifyVirtualSystem",
        {{"ComputerSystem", system},
         {"SystemSettingData", test.text("Msvm_VirtualSystemSettingData", {{"Notes", "mark"}})}});
    EXPECT_EQ(test.finish(modified)["JobState"], cim::Value{7});
    EXPECT_EQ(test.vm(system).settings.notes, "mark");
    EXPECT_EQ(test.finish(
                  test.vsms("ModifyVirtualSystem",
                            {{"ComputerSystem", system},
                             {"SystemSettingData", test.text("Msvm_VirtualSystemGlobalSettingData",
                                                             {{"ElementName", ""}})}}))["JobState"],
              cim::Value{10});
}

TEST(V1Systems, pools_lead_to_the_recorded_templates)
{
    TestHost test;
    const auto pool = test.v1->query(
        "SELECT * FROM Msvm_ResourcePool WHERE ResourceSubType = 'Microsoft Synthetic Disk Drive'");
    ASSERT_EQ(pool.size(), 1U);
    EXPECT_EQ(pool[0]["InstanceID"],
              cim::Value{"Microsoft:118C3BE5-0D31-4804-85F0-5C6074ABEA8F\\Root"});
    const auto rows =
        test.v1->query("SELECT * FROM Msvm_SettingsDefineCapabilities WHERE ValueRole = 0");
    EXPECT_FALSE(rows.empty());
    for (const auto& row : rows) {
        EXPECT_NO_THROW(test.v1->get(*row["PartComponent"].reference()));
    }
    EXPECT_EQ(test.count("SELECT * FROM Msvm_ResourceAllocationSettingData WHERE ResourceSubType = "
                         "'Microsoft Synthetic Disk Drive' AND "
                         "InstanceID LIKE '%Default'"),
              1U);
}

TEST(V1Systems, every_class_can_be_enumerated_and_every_instance_found_again)
{
    TestHost test{Generation::ws2012};
    const auto system = test.define("web-1");
    test.start(system);
    for (const schema::ClassInfo* info : test.v1->catalogue().classes()) {
        for (const cim::Instance& instance : test.v1->enumerate(info->name)) {
            if (!info->keys.empty() && instance.class_name() == info->name) {
                EXPECT_EQ(fault_of([&] { test.v1->get(test.v1->path_of(instance)); }), std::nullopt)
                    << test.v1->path_text(instance);
            }
        }
    }
}

} // namespace

} // namespace watari::sim::host::v1
