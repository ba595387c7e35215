#include "sim/testing.hpp"

#include <gtest/gtest.h>

/// Vectors of the protocol digest that need a host in some state, and switches seen on the wire.
namespace watari::sim {
namespace {

constexpr std::uint32_t invalid_class = 0x80041010;
constexpr std::uint32_t invalid_namespace = 0x8004100E;
constexpr std::uint32_t invalid_query = 0x80041017;
constexpr std::uint32_t schema_validation_error = 2150858817;
constexpr std::uint32_t not_found = 2150858752;

wsman::Enumerate wql(std::string text,
                     wsman::EnumerationMode mode = wsman::EnumerationMode::objects)
{
    wsman::Enumerate wanted{.optimize = true, .max_elements = 200, .mode = mode};
    wanted.filter =
        wsman::Filter{.dialect = std::string{wsman::names::dialect_wql}, .text = std::move(text)};
    return wanted;
}

wsman::Response enumerate(TestHost& host, wsman::Enumerate wanted)
{
    return host.send(TestHost::request(schema::v2_namespace, "*", std::move(wanted)));
}

std::string processor_id(const Vm& vm)
{
    return fmt::format("Microsoft:{}\\{}", vm.id.upper(), device_id::processor);
}

std::uint64_t modify_resource(TestHost& host, const cim::Instance& settings)
{
    cim::Instance input;
    input.set("ResourceSettings", cim::Type::string,
              cim::Value::Array{cim::Value{cim::to_cim_xml(settings)}});
    host.last_output =
        host.invoke("Msvm_VirtualSystemManagementService", "ModifyResourceSettings", input);
    return TestHost::returned(host.last_output);
}

TEST(Vectors, v30_gives_references_alone_or_with_their_objects)
{
    TestHost host;
    const Vm& vm = host.define("vm-01");
    const std::string text = "select * from Msvm_ComputerSystem where ElementName='vm-01'";
    const auto paths = std::get<wsman::ItemsResponse>(
        enumerate(host, wql(text, wsman::EnumerationMode::references)).body);
    ASSERT_EQ(paths.items.size(), 1U) << host.last.body;
    EXPECT_FALSE(paths.items.front().instance.has_value());
    EXPECT_EQ(paths.items.front().path->key("Name"), vm.id.upper());
    EXPECT_EQ(paths.items.front().path->key("CreationClassName"), "Msvm_ComputerSystem");
    EXPECT_EQ(host.last.body.find("<p:Msvm_ComputerSystem"), std::string::npos);
    EXPECT_NE(host.last.body.find("<w:Items><a:EndpointReference"), std::string::npos)
        << host.last.body;
    const auto pairs = std::get<wsman::ItemsResponse>(
        enumerate(host, wql(text, wsman::EnumerationMode::objects_and_references)).body);
    ASSERT_EQ(pairs.items.size(), 1U) << host.last.body;
    EXPECT_EQ(*(*pairs.items.front().instance)["ElementName"].string(), "vm-01");
    EXPECT_EQ(pairs.items.front().path->key("Name"), vm.id.upper());
    EXPECT_NE(host.last.body.find("<w:Item>"), std::string::npos);
}

TEST(Vectors, v36_shows_code_and_text_of_a_job_that_failed)
{
    TestHost host;
    host.engine().storage().create_disk(
        {.path = "D:\\VMs\\a.vhdx", .format = DiskFormat::vhdx, .size = 1U << 30U});
    cim::Instance disk{"Msvm_VirtualHardDiskSettingData"};
    disk.set("Type", cim::Type::uint16, 3);
    disk.set("Format", cim::Type::uint16, 3);
    disk.set("Path", cim::Type::string, "D:\\VMs\\a.vhdx");
    disk.set("MaxInternalSize", cim::Type::uint64, std::uint64_t{1} << 30U);
    cim::Instance input;
    input.set("VirtualDiskSettingData", cim::Type::string, cim::to_cim_xml(disk));
    const auto output = host.invoke("Msvm_ImageManagementService", "CreateVirtualHardDisk", input);
    ASSERT_EQ(TestHost::returned(output), 4096U) << host.last.body;
    const auto id = output["Job"].reference()->key("InstanceID");
    host.pass(std::chrono::seconds{30});
    const auto answer = host.get("Msvm_StorageJob", {{"InstanceID", *id}});
    const auto* got = std::get_if<wsman::InstanceResponse>(&answer.body);
    ASSERT_NE(got, nullptr) << host.last.body;
    const cim::Instance& job = *got->instance;
    EXPECT_EQ(job["JobState"].unsigned_integer(), 10U);
    EXPECT_EQ(job["ErrorCode"].unsigned_integer(), 32768U);
    ASSERT_NE(job["ErrorDescription"].string(), nullptr);
    EXPECT_NE(job["ErrorDescription"].string()->find("a.vhdx"), std::string::npos);
}

TEST(Vectors, v39_answers_two_settings_with_two_results_in_order)
{
    TestHost host;
    const Vm& vm = host.define("vm-01");
    const auto nic = [](const std::string& name) {
        cim::Instance settings{"Msvm_SyntheticEthernetPortSettingData"};
        settings.set("ElementName", cim::Type::string, name);
        settings.set("ResourceSubType", cim::Type::string,
                     "Microsoft:Hyper-V:Synthetic Ethernet Port");
        return cim::Value{cim::to_cim_xml(settings)};
    };
    cim::Instance input;
    input.set("AffectedConfiguration", cim::Type::reference,
              cim::Value{cim::ObjectPath{std::string{schema::v2_namespace},
                                         "Msvm_VirtualSystemSettingData",
                                         {{"InstanceID", "Microsoft:" + vm.id.upper()}}}});
    input.set("ResourceSettings", cim::Type::string,
              cim::Value::Array{nic("first"), nic("second")});
    const auto output =
        host.invoke("Msvm_VirtualSystemManagementService", "AddResourceSettings", input);
    EXPECT_EQ(TestHost::returned(output), 0U) << host.last.body;
    const auto* results = output["ResultingResourceSettings"].array();
    ASSERT_NE(results, nullptr) << host.last.body;
    ASSERT_EQ(results->size(), 2U);
    const auto name_of = [&](const cim::Value& path) {
        const auto answer = host.get("Msvm_SyntheticEthernetPortSettingData",
                                     {{"InstanceID", *path.reference()->key("InstanceID")}});
        return *(*std::get<wsman::InstanceResponse>(answer.body).instance)["ElementName"].string();
    };
    EXPECT_EQ(name_of(results->front()), "first");
    EXPECT_EQ(name_of(results->back()), "second");
}

TEST(Vectors, v45_the_largest_number_survives_the_round_trip)
{
    TestHost host;
    const Vm& vm = host.define("vm-01");
    cim::Instance processor{"Msvm_ProcessorSettingData"};
    processor.set("InstanceID", cim::Type::string, processor_id(vm));
    processor.set("MaxProcessorsPerNumaNode", cim::Type::uint64,
                  std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(modify_resource(host, processor), 0U) << host.last.body;
    const auto answer = host.get("Msvm_ProcessorSettingData", {{"InstanceID", processor_id(vm)}});
    EXPECT_NE(host.last.body.find("18446744073709551615"), std::string::npos) << host.last.body;
    EXPECT_EQ((*std::get<wsman::InstanceResponse>(answer.body).instance)["MaxProcessorsPerNumaNode"]
                  .unsigned_integer(),
              std::numeric_limits<std::uint64_t>::max());
}

TEST(Switches, say_how_a_misspelt_embedded_property_is_answered)
{
    TestHost host;
    const Vm& vm = host.define("vm-01");
    cim::Instance misspelt{"Msvm_ProcessorSettingData"};
    misspelt.set("InstanceID", cim::Type::string, processor_id(vm));
    misspelt.set("VirtualQuantitty", cim::Type::uint64, 2);
    EXPECT_EQ(modify_resource(host, misspelt), 32773U) << host.last.body;
    host.engine().profile().set("unknown_embedded_property", "32768");
    EXPECT_EQ(modify_resource(host, misspelt), 32768U) << host.last.body;
    host.engine().profile().set("unknown_embedded_property", "fault");
    modify_resource(host, misspelt);
    EXPECT_EQ(host.last.status, 500);
    EXPECT_EQ(TestHost::fault_code(wsman::decode_response(host.last.body, cim::untyped())),
              schema_validation_error);
    EXPECT_NE(host.last.body.find("VirtualQuantitty"), std::string::npos);
    EXPECT_EQ(vm.settings.processor.count, 1U);
}

TEST(Switches, say_how_a_misspelt_embedded_property_is_answered_in_v1)
{
    TestHost host{{.generation = Generation::ws2008r2sp1}};
    cim::Instance misspelt{"Msvm_VirtualSystemGlobalSettingData"};
    misspelt.set("ElementNmae", cim::Type::string, "vm-01");
    cim::Instance input;
    input.set("SystemSettingData", cim::Type::string, cim::to_cim_xml(misspelt));
    const auto define = [&] {
        return TestHost::returned(host.invoke("Msvm_VirtualSystemManagementService",
                                              "DefineVirtualSystem", input, {},
                                              schema::v1_namespace));
    };
    EXPECT_EQ(define(), 32773U) << host.last.body;
    host.engine().profile().set("unknown_embedded_property", "fault");
    define();
    EXPECT_EQ(TestHost::fault_code(wsman::decode_response(host.last.body, cim::untyped())),
              schema_validation_error);
    EXPECT_TRUE(host.engine().vms().empty());
}

TEST(Switches, say_how_a_call_of_the_old_namespace_fails_where_it_is_gone)
{
    TestHost host;
    const auto call = [&] {
        host.invoke("Msvm_VirtualSystemManagementService", "DefineVirtualSystem", {}, {},
                    schema::v1_namespace);
        EXPECT_EQ(host.last.status, 500);
        const auto fault =
            std::get<wsman::Fault>(wsman::decode_response(host.last.body, cim::untyped()).body);
        EXPECT_EQ(fault.subcode, "wsa:DestinationUnreachable");
        EXPECT_EQ(fault.wmi_code, fault.code);
        return fault.code;
    };
    EXPECT_EQ(call(), invalid_class);
    host.engine().profile().set("v1_namespace_gone", "invalid_namespace");
    EXPECT_EQ(call(), invalid_namespace);
}

TEST(Switches, say_whether_a_projection_is_a_fragment_or_the_whole_instance)
{
    TestHost host;
    host.define("vm-01");
    const std::string text =
        "select Name,ElementName from Msvm_ComputerSystem where ElementName='vm-01'";
    enumerate(host, wql(text));
    EXPECT_NE(host.last.body.find("XmlFragment"), std::string::npos) << host.last.body;
    const auto name = host.last.body.find("<Name>");
    EXPECT_LT(host.last.body.find("<ElementName>vm-01</ElementName>"), name);
    EXPECT_NE(name, std::string::npos);
    EXPECT_EQ(host.last.body.find("EnabledState"), std::string::npos);
    const auto typed = wsman::decode_response(
        host.last.body, *schema::Catalogue::any(schema::v2_namespace), "Msvm_ComputerSystem");
    const auto& item = std::get<wsman::ItemsResponse>(typed.body).items.front();
    EXPECT_EQ(*(*item.instance)["ElementName"].string(), "vm-01");
    EXPECT_EQ(TestHost::fault_code(enumerate(host, wql(text, wsman::EnumerationMode::references))),
              2150858818U);
    host.engine().profile().set("wql_projection", "whole");
    enumerate(host, wql(text));
    EXPECT_EQ(host.last.body.find("XmlFragment"), std::string::npos);
    EXPECT_NE(host.last.body.find("<p:EnabledState>"), std::string::npos) << host.last.body;
}

TEST(Queries, on_properties_the_class_lacks_are_refused)
{
    TestHost host;
    host.define("vm-01");
    const auto code = [&](const std::string& text) {
        const auto response = enumerate(host, wql(text));
        const auto* fault = std::get_if<wsman::Fault>(&response.body);
        EXPECT_TRUE(fault == nullptr || (fault->subcode == "wsen:CannotProcessFilter" &&
                                         fault->wmi_code == invalid_query));
        return fault == nullptr ? 0 : fault->code;
    };
    EXPECT_EQ(code("select * from Msvm_ComputerSystem where ElementNmae='vm-01'"), invalid_query);
    EXPECT_EQ(
        code(
            "select * from Msvm_ComputerSystem where Name like 'x%' and not (ElementNmae is null)"),
        invalid_query);
    EXPECT_EQ(code("select ElementNmae from Msvm_ComputerSystem"), invalid_query);
    EXPECT_EQ(code("select * from Msvm_ComputerSystem where __CLASS='Msvm_ComputerSystem' or "
                   "elementname='vm-01'"),
              0U);
}

TEST(Folders, are_found_by_name_or_not_at_all)
{
    TestHost host;
    host.engine().storage().make_folder("D:\\VMs\\Tenant A");
    const auto get = [&](const std::string& name) {
        return host.get("Win32_Directory", {{"Name", name}}, schema::cimv2_namespace);
    };
    const auto found = get("d:\\vms\\tenant a");
    const auto* got = std::get_if<wsman::InstanceResponse>(&found.body);
    ASSERT_NE(got, nullptr) << host.last.body;
    EXPECT_EQ(*(*got->instance)["Drive"].string(), "D:");
    EXPECT_EQ((*got->instance)["Writeable"].boolean(), true);
    EXPECT_EQ(TestHost::fault_code(get("C:\\")), 0U);
    for (const char* missing :
         {"D:\\VMs\\Tenant B", "E:\\", "\\\\server\\share", "D:\\VMs\\..\\VMs", ""}) {
        EXPECT_EQ(TestHost::fault_code(get(missing)), not_found) << missing;
        EXPECT_NE(host.last.body.find("DestinationUnreachable"), std::string::npos) << missing;
    }
    const std::string text = "select * from Win32_Directory where Name='D:\\\\VMs\\\\Tenant A'";
    EXPECT_EQ(host.query(text, schema::cimv2_namespace).size(), 1U);
    EXPECT_EQ(host.query("select * from Win32_Directory", schema::cimv2_namespace).size(), 2U);
}

} // namespace
} // namespace watari::sim
