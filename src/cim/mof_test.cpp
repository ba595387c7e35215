#include "cim/mof.hpp"

#include "cim/object_path.hpp"

#include <gtest/gtest.h>

namespace watari::cim {
namespace {

Qualifier flag(std::string name)
{
    return {.name = std::move(name), .value = true};
}

TEST(Mof, prints_a_class_with_everything)
{
    ClassDeclaration declaration{.name = "Msvm_ComputerSystem", .superclass = "CIM_ComputerSystem"};
    declaration.qualifiers = {
        flag("dynamic"),
        {.name = "provider", .type = Type::string, .value = "Vmms"},
        {.name = "Description", .type = Type::string, .value = "A \"virtual\" one.\n"}};
    declaration.properties = {
        {.name = "Name", .qualifiers = {flag("Key"), flag("read")}},
        {.name = "OperationalStatus",
         .type = Type::uint16,
         .is_array = true,
         .qualifiers = {{.name = "ValueMap",
                         .type = Type::string,
                         .is_array = true,
                         .value = Value::Array{"0", "1"}}}},
        {.name = "Host", .type = Type::reference, .reference_class = "CIM_System"},
        {.name = "Ratio", .type = Type::uint32, .default_value = std::uint32_t{7}},
    };
    declaration.methods = {
        {.name = "RequestStateChange",
         .parameters = {{.name = "RequestedState",
                         .type = Type::uint16,
                         .qualifiers = {flag("in")}},
                        {.name = "Job",
                         .type = Type::reference,
                         .reference_class = "CIM_ConcreteJob",
                         .qualifiers = {flag("out")}}}},
        {.name = "Forget", .returns = std::nullopt},
    };
    EXPECT_EQ(to_mof(declaration), R"([dynamic, provider("Vmms")]
class Msvm_ComputerSystem : CIM_ComputerSystem
{
    [Key, read] string Name;
    [ValueMap{"0", "1"}] uint16 OperationalStatus[];
    CIM_System REF Host;
    uint32 Ratio = 7;

    uint32 RequestStateChange(
        [in] uint16 RequestedState,
        [out] CIM_ConcreteJob REF Job);
    void Forget();
};
)");
    EXPECT_TRUE(to_mof(declaration, {.with_descriptions = true})
                    .contains(R"(Description("A \"virtual\" one.\n"))"));
}

TEST(Mof, prints_an_empty_class)
{
    EXPECT_EQ(to_mof({.name = "X"}), "class X\n{\n};\n");
}

TEST(Mof, prints_values_as_mof_writes_them)
{
    EXPECT_EQ(mof_value({}), "NULL");
    EXPECT_EQ(mof_value(false), "FALSE");
    EXPECT_EQ(mof_value(std::uint64_t{18446744073709551615U}), "18446744073709551615");
    EXPECT_EQ(mof_value("D:\\a\tb"), R"("D:\\a\tb")");
    EXPECT_EQ(mof_value(Value::Array{}), "{}");
    EXPECT_EQ(mof_value(Value::Array{1, {}, "x"}), "{1, NULL, \"x\"}");
    EXPECT_EQ(mof_value(DateTime::interval(std::chrono::seconds{90})),
              "\"00000000000130.000000:000\"");
    EXPECT_EQ(mof_value(ObjectPath{{}, "X", {{"K", "v"}}}), R"("X.K=\"v\"")");
}

TEST(Mof, shows_a_false_flag_as_such)
{
    ClassDeclaration declaration{.name = "X"};
    declaration.qualifiers = {{.name = "Abstract", .value = false}};
    EXPECT_TRUE(to_mof(declaration).contains("[Abstract(FALSE)]"));
}

} // namespace
} // namespace watari::cim
