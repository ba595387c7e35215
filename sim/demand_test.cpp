#include "sim/demand.hpp"

#include "sim/testing.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::sim {
namespace {

constexpr const char* one = "11111111-AAAA-4000-8000-000000000001";
constexpr const char* two = "22222222-AAAA-4000-8000-000000000002";

/// What a WHERE clause leaves possible.
struct Read {
    explicit Read(const std::string& where)
        : query(cim::wql::parse("select * from CIM_SettingData where " + where)),
          demand(Demand::of(std::get<cim::wql::Select>(query)))
    {
    }
    std::string owners() const
    {
        if (demand.owners() == nullptr) {
            return "any";
        }
        std::string text;
        for (const Uuid& id : *demand.owners()) {
            text += (text.empty() ? "" : " ") + id.upper().substr(0, 1);
        }
        return text;
    }

    cim::wql::Query query;
    Demand demand;
};

TEST(Demand, reads_the_owners_from_equality_and_from_patterns)
{
    EXPECT_EQ(Read{fmt::format("InstanceID = 'Microsoft:{}'", one)}.owners(), "1");
    EXPECT_EQ(Read{fmt::format("InstanceID like 'microsoft:{}%'", one)}.owners(), "1");
    EXPECT_EQ(Read{fmt::format("Name = '{}' and Caption = 'x'", one)}.owners(), "1");
    EXPECT_EQ(Read{fmt::format("InstanceID like 'Microsoft:{}%' or InstanceID = '{}'", one, two)}
                  .owners(),
              "1 2");
    EXPECT_EQ(Read{"InstanceID = 'Microsoft:Definition\\\\x\\\\Default'"}.owners(), "");
}

TEST(Demand, stays_open_where_the_owner_can_be_anyone)
{
    for (const std::string& where :
         {fmt::format("InstanceID <> 'Microsoft:{}'", one), std::string{"Name = 'IDE 0'"},
          std::string{"InstanceID like '%x'"}, fmt::format("not InstanceID = 'Microsoft:{}'", one),
          fmt::format("InstanceID = 'Microsoft:{}' or Caption = 'x'", one),
          fmt::format("InstanceID like 'Microsoft:{}%'", std::string{one}.substr(0, 30)),
          fmt::format("DeviceID = 'Microsoft:{}'", one)}) {
        EXPECT_EQ(Read{where}.owners(), "any") << where;
    }
}

TEST(Demand, leaves_templates_possible_only_where_an_id_without_owner_is_named)
{
    EXPECT_FALSE(Read{fmt::format("InstanceID = 'Microsoft:{}'", one)}.demand.may_mean_ownerless());
    EXPECT_TRUE(
        Read{fmt::format("InstanceID = 'Microsoft:{}' or InstanceID = 'Microsoft:Def'", one)}
            .demand.may_mean_ownerless());
    EXPECT_TRUE(Read{"Caption = 'x'"}.demand.may_mean_ownerless());
}

class Narrowing : public testing::TestWithParam<std::string_view>
{
public:
    Narrowing()
    {
        for (const char* name : {"a", "b", "c"}) {
            vms.push_back(&host.define(name));
        }
        host.engine().create_checkpoint(*vms[1]);
        host.pass(std::chrono::minutes{1});
    }

    std::vector<cim::Instance> ask(const std::string& wql) { return host.query(wql, GetParam()); }
    /// Instances the host was charged for by the newest request.
    std::uint64_t charged() { return host.host.log().entries().back().instances; }
    std::string id(std::size_t number) const { return "Microsoft:" + vms[number]->id.upper(); }

    TestHost host{{.generation = Generation::ws2012}};
    std::vector<Vm*> vms;
};

INSTANTIATE_TEST_SUITE_P(Namespaces, Narrowing,
                         testing::Values(schema::v1_namespace, schema::v2_namespace),
                         [](const auto& ns) { return ns.param.ends_with("v2") ? "v2" : "v1"; });

TEST_P(Narrowing, finds_by_pattern_what_looking_at_everything_finds_and_charges_for_everything)
{
    std::vector<cim::Instance> expected;
    for (cim::Instance& instance : ask("select * from CIM_SettingData")) {
        if (instance["InstanceID"].string()->starts_with(id(1))) {
            expected.push_back(std::move(instance));
        }
    }
    const std::uint64_t whole = charged();
    EXPECT_GT(expected.size(), 20U);
    EXPECT_EQ(ask(fmt::format("select * from CIM_SettingData where InstanceID like '{}%'", id(1))),
              expected);
    EXPECT_EQ(charged(), whole);
}

TEST_P(Narrowing, builds_one_instance_for_one_id)
{
    EXPECT_EQ(ask(fmt::format("select * from Msvm_VirtualSystemSettingData where InstanceID = '{}'",
                              id(1)))
                  .size(),
              1U);
    EXPECT_EQ(charged(), 1U);
    EXPECT_EQ(TestHost::fault_code(
                  host.get("Msvm_VirtualSystemSettingData", {{"InstanceID", id(2)}}, GetParam())),
              0U);
    EXPECT_EQ(charged(), 1U);
    EXPECT_EQ(TestHost::fault_code(host.get(
                  "Msvm_ComputerSystem",
                  {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", vms[0]->id.upper()}},
                  GetParam())),
              0U);
    EXPECT_EQ(charged(), 1U);
}

TEST_P(Narrowing, finds_nothing_for_ids_that_nothing_has)
{
    EXPECT_TRUE(
        ask(fmt::format("select * from CIM_SettingData where InstanceID = 'Microsoft:{}'", one))
            .empty());
    EXPECT_TRUE(
        ask(fmt::format("select * from Msvm_ComputerSystem where Name = '{}'", one)).empty());
    EXPECT_TRUE(ask("select * from Msvm_ComputerSystem where Name = 'nobody'").empty());
    EXPECT_EQ(ask("select * from Msvm_ComputerSystem where Name = 'hv01'").size(), 1U);
}

TEST_P(Narrowing, finds_templates_by_their_ids)
{
    const auto all = ask(
        R"(select * from Msvm_MemorySettingData where InstanceID like 'Microsoft:Definition%')");
    ASSERT_FALSE(all.empty());
    const auto same = ask("select * from Msvm_MemorySettingData where InstanceID = " +
                          cim::wql::literal(*all.front()["InstanceID"].string()) +
                          fmt::format(" or InstanceID like '{}%'", id(0)));
    EXPECT_EQ(same.size(), 2U);
}

TEST_P(Narrowing, follows_associations_from_their_object_alone)
{
    const std::string path = fmt::format(R"(Msvm_VirtualSystemSettingData.InstanceID="{}")", id(1));
    const auto parts = ask(fmt::format("associators of {{{}}} where AssocClass = "
                                       "Msvm_VirtualSystemSettingDataComponent",
                                       path));
    EXPECT_GT(parts.size(), 10U);
    for (const cim::Instance& part : parts) {
        EXPECT_TRUE(part["InstanceID"].string()->starts_with(id(1)));
    }
    EXPECT_LT(charged(), 2 * parts.size() + 3);
}

} // namespace
} // namespace watari::sim
