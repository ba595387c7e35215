#include "sim/loaded_host.hpp"

#include "core/error.hpp"
#include "schema/declarations.hpp"
#include "sim/testing.hpp"
#include "wsman/codec/names.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace watari::sim {
namespace {

namespace fs = std::filesystem;

class LoadedHosts : public testing::Test
{
public:
    LoadedHosts() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
    ~LoadedHosts() override { fs::remove_all(folder_); }

protected:
    fs::path dump() const { return fs::path{folder_} / "dump"; }

    /// Everything the host has in v2.
    void dump_v2(TestHost& host, const std::string& version = "OS: 6.3.9600 SP: 0.0 Stack: 3.0")
    {
        cim::DumpWriter writer{dump()};
        writer.begin_namespace(schema::v2_namespace);
        const auto* catalogue = schema::Catalogue::of(Generation::ws2012r2, schema::v2_namespace);
        for (const auto* info : catalogue->classes()) {
            writer.add(schema::declaration_of(*info));
        }
        for (const auto* info : catalogue->classes()) {
            writer.begin_instances(info->name);
            for (const auto& instance : host.query("select * from " + info->name)) {
                if (instance.class_name() == info->name) {
                    writer.add(instance);
                }
            }
        }
        writer.finish({"Microsoft Corporation", version, "proto"});
    }

    static wsman::Response metadata(TestHost& host, const std::string& class_name)
    {
        wsman::Request request = TestHost::request(schema::v2_namespace, "*", wsman::Get{});
        request.header.resource_uri = wsman::class_metadata_uri();
        request.header.selectors = {{"__cimnamespace", std::string{schema::v2_namespace}},
                                    {"ClassName", class_name}};
        request.header.options = {{"IncludeQualifiers", "true"},
                                  {"IncludeInheritedElements", "true"}};
        return host.send(request);
    }

    std::string folder_ = (fs::temp_directory_path() / "watari-loaded-XXXXXX").string();
};

TEST_F(LoadedHosts, give_the_answers_of_the_host_they_came_from)
{
    TestHost original;
    const Vm& vm = original.define("vm-01");
    original.define("vm-02");
    dump_v2(original);
    TestHost copy{{}, {.loaded = load_host(dump())}};
    const std::string id = vm.id.upper();
    for (const std::string& query :
         {std::string{"select * from Msvm_ComputerSystem"},
          std::string{"select * from CIM_ManagedSystemElement where ElementName like 'vm%'"},
          std::string{"select Name, EnabledState from Msvm_ComputerSystem where EnabledState = 3"},
          "ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='" +
              id + "'} WHERE ResultClass = Msvm_VirtualSystemSettingData",
          "REFERENCES OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='" + id +
              "'}"}) {
        SCOPED_TRACE(query);
        const auto there = original.query(query);
        EXPECT_FALSE(there.empty());
        const auto here = copy.query(query);
        EXPECT_EQ(here.size(), there.size());
        for (const auto& instance : there) {
            EXPECT_NE(std::ranges::find(here, instance), here.end());
        }
    }
    const std::vector<wsman::Selector> keys{{"CreationClassName", "Msvm_ComputerSystem"},
                                            {"Name", id}};
    EXPECT_EQ(
        *std::get<wsman::InstanceResponse>(copy.get("Msvm_ComputerSystem", keys).body).instance,
        *std::get<wsman::InstanceResponse>(original.get("Msvm_ComputerSystem", keys).body)
             .instance);
    EXPECT_EQ(
        *std::get<wsman::ClassResponse>(metadata(copy, "Msvm_ComputerSystem").body).declaration,
        *std::get<wsman::ClassResponse>(metadata(original, "Msvm_ComputerSystem").body)
             .declaration);
}

TEST_F(LoadedHosts, say_what_the_host_said)
{
    TestHost original;
    dump_v2(original, "OS: 10.0.99999 SP: 0.0 Stack: 3.0");
    const auto loaded = load_host(dump());
    EXPECT_EQ(generation_of(*loaded), Generation::ws2012r2);
    TestHost copy{{}, {.loaded = loaded}};
    wsman::Request identify;
    identify.body = wsman::Identify{};
    EXPECT_EQ(std::get<wsman::IdentifyResponse>(copy.send(identify).body).product_version,
              "OS: 10.0.99999 SP: 0.0 Stack: 3.0");
    EXPECT_EQ(generation_of({.said = {.product_version = "OS: 6.2.9200 SP: 0.0 Stack: 3.0"}}),
              Generation::ws2012);
    EXPECT_EQ(generation_of({.said = {.product_version = "OS: 6.1.7601 SP: 1.0 Stack: 2.0"}}),
              Generation::ws2008r2sp1);
}

TEST_F(LoadedHosts, can_only_be_read)
{
    TestHost original;
    dump_v2(original);
    TestHost copy{{}, {.loaded = load_host(dump())}};
    constexpr std::uint32_t action_not_supported = 2150858753;
    for (const wsman::RequestBody& body :
         {wsman::RequestBody{wsman::Invoke{.method = "GetSummaryInformation", .input = {}}},
          wsman::RequestBody{wsman::Put{cim::Instance{"Msvm_VirtualSystemManagementService"}}},
          wsman::RequestBody{wsman::Create{cim::Instance{"Msvm_VirtualSystemManagementService"}}},
          wsman::RequestBody{wsman::Delete{}}}) {
        const auto answer = copy.send(
            TestHost::request(schema::v2_namespace, "Msvm_VirtualSystemManagementService", body,
                              {{"CreationClassName", "Msvm_VirtualSystemManagementService"}}));
        EXPECT_EQ(TestHost::fault_code(answer), action_not_supported);
    }
}

TEST_F(LoadedHosts, have_no_classes_that_are_their_own_bases)
{
    cim::DumpWriter writer{dump()};
    writer.begin_namespace("root/x");
    writer.add(cim::ClassDeclaration{.name = "A", .superclass = "B"});
    writer.add(cim::ClassDeclaration{.name = "B", .superclass = "A"});
    writer.finish({});
    EXPECT_THROW(load_host(dump()), Error);
}

} // namespace
} // namespace watari::sim
