#include "sim/testing.hpp"

#include <gtest/gtest.h>

/// Switches that decide in which form a host prints its answers: what the bytes then look like.
namespace watari::sim {
namespace {

std::size_t count_of(std::string_view text, std::string_view what)
{
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
        ++count;
    }
    return count;
}

TEST(Forms, arrays_without_value_may_come_as_nil)
{
    TestHost host;
    const Vm& vm = host.define("vm-01");
    const auto nils = [&] {
        host.get("Msvm_ComputerSystem",
                 {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", vm.id.upper()}});
        EXPECT_EQ(host.last.status, 200);
        return count_of(host.last.body, "xsi:nil");
    };
    const std::size_t before = nils();
    host.engine().profile().set("empty_array", "nil");
    EXPECT_GT(nils(), before);
}

TEST(Forms, null_scalars_of_v1_may_be_left_out_and_those_of_others_stay)
{
    TestHost host{{.generation = Generation::ws2012}};
    host.engine().profile().set("v1_wire_form", "bare_null_absent");
    const auto nils = [&](std::string_view ns) {
        host.query("select * from Msvm_ComputerSystem", ns);
        EXPECT_EQ(host.last.status, 200);
        return count_of(host.last.body, "xsi:nil");
    };
    EXPECT_EQ(nils(schema::v1_namespace), 0U);
    EXPECT_GT(nils(schema::v2_namespace), 0U);
    host.engine().profile().set("v1_wire_form", "as_v2");
    EXPECT_GT(nils(schema::v1_namespace), 0U);
}

TEST(Forms, outputs_may_come_in_the_order_of_their_declaration)
{
    TestHost host;
    host.engine().storage().create_disk(
        {.path = "D:\\VMs\\a.vhdx", .format = DiskFormat::vhdx, .size = 1U << 30U});
    cim::Instance input;
    input.set("Path", cim::Type::string, "D:\\VMs\\a.vhdx");
    const auto is_alphabetical = [&] {
        const auto output =
            host.invoke("Msvm_ImageManagementService", "GetVirtualHardDiskSettingData", input);
        EXPECT_EQ(TestHost::returned(output), 0U);
        return host.last.body.find("<p:ReturnValue>") < host.last.body.find("<p:SettingData>");
    };
    EXPECT_TRUE(is_alphabetical());
    host.engine().profile().set("output_parameter_order", "mof");
    EXPECT_FALSE(is_alphabetical());
}

TEST(Forms, keys_that_are_references_may_come_as_text)
{
    TestHost host;
    host.define("vm-01");
    wsman::Enumerate wanted{
        .optimize = true, .max_elements = 10, .mode = wsman::EnumerationMode::references};
    wanted.filter = wsman::Filter{.dialect = std::string{wsman::names::dialect_wql},
                                  .text = "select * from Msvm_SettingsDefineState"};
    const auto nested = [&] {
        host.send(TestHost::request(schema::v2_namespace, "*", wanted));
        EXPECT_EQ(host.last.status, 200) << host.last.body;
        return count_of(host.last.body, "<w:Selector Name=\"ManagedElement\"><a:EndpointReference");
    };
    EXPECT_GT(nested(), 0U) << host.last.body;
    host.engine().profile().set("reference_selectors", "text");
    EXPECT_EQ(nested(), 0U);
    EXPECT_NE(host.last.body.find("Msvm_ComputerSystem.CreationClassName="), std::string::npos)
        << host.last.body;
}

} // namespace
} // namespace watari::sim
