#include "sim/testing.hpp"

#include "http/client.hpp"
#include "net/memory.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace watari::sim {
namespace {

constexpr std::string_view known_vm = "6B29FC40-CA47-1067-B31D-00DD010662DA";

std::string testdata(const std::string& name)
{
    std::ifstream in{std::string{WATARI_SOURCE_DIR} + "/src/wsman/testdata/" + name,
                     std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_TRUE(in.good()) << name;
    return text.str();
}

Vm& add_known_vm(TestHost& host)
{
    NewVm made{.settings = host.engine().fresh_settings(1), .id = Uuid::parse(known_vm)};
    made.settings.name = "vm-01";
    return host.engine().define_vm(std::move(made));
}

const wsman::ItemsResponse& items(const wsman::Response& response)
{
    return std::get<wsman::ItemsResponse>(response.body);
}

/// The request files of the protocol digest's vectors, sent as they are; their answers name the
/// fault.
TEST(Service, answers_the_recorded_vectors_with_their_faults)
{
    TestHost host;
    add_known_vm(host);
    const boost::json::value document = boost::json::parse(testdata("cases.json"));
    std::size_t compared = 0;
    for (const boost::json::value& entry : document.at("cases").as_array()) {
        const std::string id{entry.at("id").as_string()};
        static const std::vector<std::string> self_contained{
            "V10",  "V11",  "V12", "V13", "V14",  "V15",  "V16", "V17", "V18", "V19",
            "V20a", "V20b", "V21", "V28", "V29a", "V29b", "V38", "V40", "V46"};
        if (std::ranges::find(self_contained, id) == self_contained.end()) {
            continue;
        }
        const http::Response answer =
            host.post(testdata(std::string{entry.at("request").as_string()}));
        const auto& expected = entry.at("expect_answer").as_object();
        EXPECT_EQ(answer.status, entry.at("http").as_int64()) << id << answer.body;
        const wsman::Response response =
            wsman::decode_response(answer.body, *schema::Catalogue::any(schema::v2_namespace));
        if (expected.contains("subcode")) {
            const auto* fault = std::get_if<wsman::Fault>(&response.body);
            ASSERT_NE(fault, nullptr) << id << answer.body;
            EXPECT_EQ(fault->subcode, expected.at("subcode").as_string()) << id;
        }
        ++compared;
    }
    EXPECT_GE(compared, 16U);
}

TEST(Service, names_a_missing_class_and_a_missing_namespace)
{
    TestHost host;
    EXPECT_EQ(TestHost::fault_code(host.get("Msvm_NoSuchClass", {{"Name", "x"}})), 0x80041010U);
    EXPECT_EQ(TestHost::fault_code(host.get("X", {}, "root/nosuch")), 0x8004100EU);
    // The parent namespace of v2 still opens, without v1's classes.
    EXPECT_EQ(TestHost::fault_code(host.get("Msvm_VirtualSystemManagementService", {{"Name", "x"}},
                                            schema::v1_namespace)),
              0x80041010U);
}

TEST(Service, gives_one_item_per_pull_without_max_elements)
{
    TestHost host;
    host.define("one");
    host.define("two");
    const auto opened = items(host.send(
        TestHost::request(schema::v2_namespace, "Msvm_ComputerSystem", wsman::Enumerate{})));
    ASSERT_FALSE(opened.context.empty());
    std::size_t pulls = 0;
    std::string context = opened.context;
    while (!context.empty() && pulls < 10) {
        const auto pulled = items(host.send(TestHost::request(
            schema::v2_namespace, "Msvm_ComputerSystem", wsman::Pull{.context = context})));
        EXPECT_EQ(pulled.items.size(), 1U);
        context = pulled.end_of_sequence ? std::string{} : pulled.context;
        ++pulls;
    }
    EXPECT_EQ(pulls, 3U);
    // V31: the sequence is over.
    EXPECT_EQ(
        TestHost::fault_code(host.send(TestHost::request(
            schema::v2_namespace, "Msvm_ComputerSystem", wsman::Pull{.context = opened.context}))),
        2150858779U);
}

TEST(Service, answers_an_optimized_enumeration_in_one_message)
{
    TestHost host;
    host.define("one");
    host.define("two");
    const auto some =
        items(host.send(TestHost::request(schema::v2_namespace, "Msvm_ComputerSystem",
                                          wsman::Enumerate{.optimize = true, .max_elements = 2})));
    EXPECT_EQ(some.items.size(), 2U);
    EXPECT_FALSE(some.end_of_sequence);
    const auto rest = items(
        host.send(TestHost::request(schema::v2_namespace, "Msvm_ComputerSystem",
                                    wsman::Pull{.context = some.context, .max_elements = 9})));
    EXPECT_EQ(rest.items.size(), 1U);
    EXPECT_TRUE(rest.end_of_sequence);
    EXPECT_EQ(host.query("select * from Msvm_ComputerSystem").size(), 3U);
    EXPECT_TRUE(host.query("select * from Msvm_ConcreteJob where InstanceID='x'").empty());
}

TEST(Service, forgets_idle_and_released_enumerations)
{
    TestHost host;
    const auto open = [&] {
        return items(host.send(TestHost::request(schema::v2_namespace, "Msvm_ComputerSystem",
                                                 wsman::Enumerate{})))
            .context;
    };
    const std::string idle = open();
    host.pass(std::chrono::seconds{61});
    EXPECT_EQ(TestHost::fault_code(host.send(TestHost::request(
                  schema::v2_namespace, "Msvm_ComputerSystem", wsman::Pull{.context = idle}))),
              2150858779U);
    const std::string released = open();
    const auto release = TestHost::request(schema::v2_namespace, "Msvm_ComputerSystem",
                                           wsman::Release{.context = released});
    EXPECT_EQ(TestHost::fault_code(host.send(release)), 0U);
    EXPECT_EQ(TestHost::fault_code(host.send(release)), 2150858779U);
}

TEST(Service, limits_open_enumerations_of_a_user)
{
    TestHost host{{.generation = Generation::ws2008r2sp1}};
    const auto enumerate =
        TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk", wsman::Enumerate{});
    for (int count = 0; count < 15; ++count) {
        EXPECT_EQ(TestHost::fault_code(host.send(enumerate)), 0U);
    }
    EXPECT_EQ(TestHost::fault_code(host.send(enumerate)), 2150859174U);
}

TEST(Service, follows_associations)
{
    TestHost host;
    const Vm& vm = host.define("one");
    const std::string wql = fmt::format(
        "ASSOCIATORS OF {{Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{}'}} "
        "WHERE "
        "AssocClass = Msvm_SettingsDefineState ResultClass = Msvm_VirtualSystemSettingData",
        vm.id.upper());
    const auto settings = host.query(wql);
    ASSERT_EQ(settings.size(), 1U);
    EXPECT_EQ(*settings.front()["InstanceID"].string(), "Microsoft:" + vm.id.upper());
    const auto processors = host.query(fmt::format(
        "ASSOCIATORS OF {{Msvm_VirtualSystemSettingData.InstanceID='Microsoft:{}'}} WHERE "
        "AssocClass = "
        "Msvm_VirtualSystemSettingDataComponent ResultClass = Msvm_ProcessorSettingData",
        vm.id.upper()));
    EXPECT_EQ(processors.size(), 1U);
}

TEST(Service, leads_from_a_pool_to_its_template)
{
    TestHost host;
    const auto found = host.query("select * from Msvm_AllocationCapabilities where "
                                  "ResourceSubType='Microsoft:Hyper-V:Synthetic Disk Drive'");
    ASSERT_EQ(found.size(), 1U);
    const auto rows =
        host.query(fmt::format("REFERENCES OF {{Msvm_AllocationCapabilities.InstanceID={}}} WHERE "
                               "ResultClass = Msvm_SettingsDefineCapabilities",
                               cim::wql::literal(*found.front()["InstanceID"].string())));
    ASSERT_EQ(rows.size(), 1U);
    const auto id = rows.front()["PartComponent"].reference()->key("InstanceID");
    EXPECT_TRUE(id && id->ends_with("\\Default")) << id.value_or("none");
    EXPECT_EQ(host.query("select * from Msvm_ResourceAllocationSettingData where "
                         "ResourceSubType='Microsoft:Hyper-V:Synthetic Disk Drive' and "
                         "InstanceID like '%\\\\Default'")
                  .size(),
              1U);
}

TEST(Service, changes_state_through_a_job_that_vanishes)
{
    TestHost host;
    const Vm& vm = host.define("one");
    EXPECT_EQ(host.request_state(vm, 2), 4096U);
    const cim::ObjectPath job = *host.last_output["Job"].reference();
    EXPECT_EQ(host.request_state(vm, 9), 32775U) << "a VM that starts cannot pause";
    const auto keys = std::vector<wsman::Selector>{{"InstanceID", *job.key("InstanceID")}};
    const auto state = [&] {
        return (*std::get<wsman::InstanceResponse>(host.get("Msvm_ConcreteJob", keys).body)
                     .instance)["JobState"];
    };
    EXPECT_EQ(state().unsigned_integer(), 4U);
    host.pass(std::chrono::seconds{5});
    EXPECT_EQ(state().unsigned_integer(), 7U);
    EXPECT_EQ(host.request_state(vm, 2), 32775U);
    host.pass(std::chrono::minutes{6});
    EXPECT_EQ(TestHost::fault_code(host.get("Msvm_ConcreteJob", keys)), 2150858752U);
}

TEST(Service, defines_and_builds_a_vm_with_disk_and_network)
{
    TestHost host;
    Vm& vm = host.define("desk-1");
    EXPECT_EQ(vm.settings.name, "desk-1");
    host.engine().storage().create_disk(
        {.path = "D:\\VMs\\a.vhdx", .format = DiskFormat::vhdx, .size = 1U << 30U});
    cim::Instance drive{"Msvm_ResourceAllocationSettingData"};
    drive.set("ResourceType", cim::Type::uint16, 17);
    drive.set("ResourceSubType", cim::Type::string, "Microsoft:Hyper-V:Synthetic Disk Drive");
    drive.set(
        "Parent", cim::Type::string,
        fmt::format("root/virtualization/"
                    "v2:Msvm_ResourceAllocationSettingData.InstanceID=\"Microsoft:{}\\\\{}\\\\0\"",
                    vm.id.upper(), device_id::ide));
    drive.set("AddressOnParent", cim::Type::string, "0");
    EXPECT_EQ(host.add_resource(vm, drive), 0U);
    const std::string path =
        host.last_output["ResultingResourceSettings"].array()->front().reference()->text();
    cim::Instance medium{"Msvm_StorageAllocationSettingData"};
    medium.set("ResourceType", cim::Type::uint16, 31);
    medium.set("ResourceSubType", cim::Type::string, "Microsoft:Hyper-V:Virtual Hard Disk");
    medium.set("Parent", cim::Type::string, path);
    medium.set("HostResource", cim::Type::string, cim::Value::Array{cim::Value{"D:\\VMs\\a.vhdx"}});
    EXPECT_EQ(host.add_resource(vm, medium), 0U);
    EXPECT_NE(vm.settings.first(DeviceKind::hard_disk), nullptr);
    // V41: the same with single backslashes, or a scalar HostResource.
    std::string single = path;
    for (auto at = single.find("\\\\", 2); at != std::string::npos;
         at = single.find("\\\\", at + 1)) {
        single.erase(at, 1);
    }
    medium.set("Parent", cim::Type::string, single);
    EXPECT_EQ(host.add_resource(vm, medium), 32773U);
    medium.set("Parent", cim::Type::string, path);
    medium.set("HostResource", cim::Type::string, "D:\\VMs\\a.vhdx");
    EXPECT_EQ(host.add_resource(vm, medium), 32773U);
}

TEST(Service, refuses_what_an_embedded_instance_cannot_have)
{
    TestHost host;
    const Vm& vm = host.define("one");
    const auto modify = [&](const std::string& property) {
        cim::Instance input;
        input.set("SystemSettings", cim::Type::string,
                  fmt::format("<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSettingData\"><PROPERTY "
                              "NAME=\"InstanceID\" TYPE=\"string\"><VALUE>Microsoft:{}"
                              "</VALUE></PROPERTY>{}</INSTANCE>",
                              vm.id.upper(), property));
        return TestHost::returned(host.invoke("Msvm_VirtualSystemManagementService",
                                              "ModifySystemSettings", std::move(input)));
    };
    const auto notes = [](const std::string& text) {
        return "<PROPERTY.ARRAY NAME=\"Notes\" TYPE=\"string\"><VALUE.ARRAY><VALUE>" + text +
               "</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>";
    };
    EXPECT_EQ(modify(notes("a &#38; b")), 0U);
    EXPECT_EQ(vm.settings.notes, "a & b");
    EXPECT_EQ(modify(notes("a &amp; b")), 32768U);
    EXPECT_EQ(modify(notes("a &lt; b")), 32773U);
    const auto delay = [](const std::string& type) {
        return "<PROPERTY NAME=\"AutomaticStartupActionDelay\" TYPE=\"" + type +
               "\"><VALUE>00000000003000.000000:000</VALUE></PROPERTY>";
    };
    EXPECT_EQ(modify(delay("datetime")), 0U);
    EXPECT_EQ(vm.settings.startup_delay, std::chrono::minutes{30});
    EXPECT_EQ(modify(delay("string")), 32768U);
    EXPECT_EQ(modify("<PROPERTY NAME=\"ElementNmae\" TYPE=\"string\"><VALUE>x</VALUE></PROPERTY>"),
              32773U);
}

TEST(Service, refuses_unaligned_memory_and_unknown_parameters)
{
    TestHost host;
    const Vm& vm = host.define("one");
    cim::Instance memory{"Msvm_MemorySettingData"};
    memory.set("InstanceID", cim::Type::string,
               fmt::format("Microsoft:{}\\{}", vm.id.upper(), device_id::memory));
    memory.set("VirtualQuantity", cim::Type::uint64, 1023);
    cim::Instance input;
    input.set("ResourceSettings", cim::Type::string,
              cim::Value::Array{cim::Value{cim::to_cim_xml(memory)}});
    EXPECT_EQ(TestHost::returned(host.invoke("Msvm_VirtualSystemManagementService",
                                             "ModifyResourceSettings", input)),
              32773U);
    input.set("Surplus", cim::Type::string, "x");
    host.invoke("Msvm_VirtualSystemManagementService", "ModifyResourceSettings", input);
    EXPECT_EQ(host.last.status, 500);
    EXPECT_EQ(TestHost::fault_code(wsman::decode_response(host.last.body, cim::untyped())),
              2150858817U);
}

TEST(Service, creates_a_disk_by_a_storage_job_and_tells_its_facts)
{
    TestHost host;
    cim::Instance disk{"Msvm_VirtualHardDiskSettingData"};
    disk.set("Type", cim::Type::uint16, 3);
    disk.set("Format", cim::Type::uint16, 3);
    disk.set("Path", cim::Type::string, "D:\\VMs\\a.vhdx");
    disk.set("MaxInternalSize", cim::Type::uint64, std::uint64_t{1} << 35U);
    cim::Instance input;
    input.set("VirtualDiskSettingData", cim::Type::string, cim::to_cim_xml(disk));
    const auto output = host.invoke("Msvm_ImageManagementService", "CreateVirtualHardDisk", input);
    EXPECT_EQ(TestHost::returned(output), 4096U);
    EXPECT_EQ(output["Job"].reference()->class_name(), "Msvm_StorageJob");
    EXPECT_FALSE(host.engine().storage().file_exists("D:\\VMs\\a.vhdx"));
    host.pass(std::chrono::seconds{5});
    cim::Instance path;
    path.set("Path", cim::Type::string, "D:\\VMs\\a.vhdx");
    const auto told =
        host.invoke("Msvm_ImageManagementService", "GetVirtualHardDiskSettingData", path);
    const cim::Instance facts = cim::from_cim_xml(*told["SettingData"].string());
    EXPECT_EQ(facts["MaxInternalSize"].text(), fmt::format("{}", std::uint64_t{1} << 35U));
    const auto* parent = facts.find("ParentPath");
    ASSERT_NE(parent, nullptr);
    EXPECT_TRUE(parent->value.is_null());
    cim::Instance none;
    EXPECT_EQ(
        TestHost::returned(host.invoke("CIM_DataFile", "Delete", none,
                                       {{"Name", "D:\\VMs\\a.vhdx"}}, schema::cimv2_namespace)),
        0U);
    EXPECT_FALSE(host.engine().storage().file_exists("D:\\VMs\\a.vhdx"));
}

TEST(Service, splits_batches_to_the_clients_envelope_and_refuses_what_cannot_fit)
{
    TestHost host;
    for (int count = 0; count < 20; ++count) {
        host.define(fmt::format("vm-{}", count));
    }
    auto request = TestHost::request(schema::v2_namespace, "Msvm_VirtualSystemSettingData",
                                     wsman::Enumerate{.optimize = true, .max_elements = 100});
    request.header.max_envelope_size = 32768;
    std::size_t found = 0;
    std::string context;
    auto batch = items(host.send(request));
    while (true) {
        EXPECT_LE(host.last.body.size(), 32768U);
        EXPECT_FALSE(batch.items.empty());
        found += batch.items.size();
        if (batch.end_of_sequence) {
            break;
        }
        auto pull = TestHost::request(schema::v2_namespace, "Msvm_VirtualSystemSettingData",
                                      wsman::Pull{.context = batch.context, .max_elements = 100});
        pull.header.max_envelope_size = 32768;
        batch = items(host.send(pull));
    }
    EXPECT_EQ(found, 20U);
    host.engine().vms().front()->settings.notes = std::string(20'000, 'n');
    request.header.max_envelope_size = 8192;
    EXPECT_EQ(TestHost::fault_code(host.send(request)), 2150858824U);
}

TEST(Service, gives_the_summaries_of_all_vms_in_one_call)
{
    TestHost host;
    host.define("one");
    host.define("two");
    cim::Instance input;
    input.set("RequestedInformation", cim::Type::uint32,
              cim::Value::Array{cim::Value{0}, cim::Value{1}, cim::Value{100}});
    const auto output =
        host.invoke("Msvm_VirtualSystemManagementService", "GetSummaryInformation", input);
    const auto* rows = output["SummaryInformation"].array();
    ASSERT_NE(rows, nullptr) << host.last.body;
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ(*(*rows->front().embedded())["ElementName"].string(), "one");
}

TEST(Service, identifies_each_generation)
{
    for (const auto& [generation, version] :
         {std::pair{Generation::ws2008r2sp1, "OS: 6.1.7601 SP: 1.0 Stack: 2.0"},
          std::pair{Generation::ws2012, "OS: 6.2.9200 SP: 0.0 Stack: 3.0"},
          std::pair{Generation::ws2012r2, "OS: 6.3.9600 SP: 0.0 Stack: 3.0"}}) {
        TestHost host{{.generation = generation}};
        wsman::Request request;
        request.body = wsman::Identify{};
        const auto answer = std::get<wsman::IdentifyResponse>(host.send(request).body);
        EXPECT_EQ(answer.product_version, version);
        EXPECT_EQ(answer.security_profiles.empty(), generation == Generation::ws2008r2sp1);
    }
}

TEST(Service, admits_only_its_accounts_on_a_connection_that_stays_usable)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    ServiceOptions service;
    service.accounts.push_back({.user = "Administrator", .password = auth::Secret{"right"}});
    SimulatedHost host{loop.get_executor(), clock, {.service = service}};
    host.listen(network, {.address = "hv01", .port = 5985});
    http::Client client{network, clock, {.address = "hv01", .port = 5985}, {}};
    wsman::Request identify;
    identify.body = wsman::Identify{};
    const auto post = [&](const std::string& password) {
        http::Request request;
        request.method = "POST";
        request.target = "/wsman";
        request.headers.set("Content-Type", "application/soap+xml;charset=UTF-8");
        request.headers.set("Authorization",
                            "Basic " + auth::base64_encode("Administrator:" + password));
        request.body = wsman::encode(identify);
        return clock.run(client.send(std::move(request), Deadline::after(clock, seconds{10})))
            .status;
    };
    EXPECT_EQ(post("wrong"), 401);
    EXPECT_EQ(post("right"), 200);
}

} // namespace
} // namespace watari::sim
