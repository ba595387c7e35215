#include "cim/class_xml.hpp"

#include "cim/declared_types.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

namespace watari::cim {
namespace {

/// As a host might print it: elements it adds, both spellings of an embedded object, a wildcard
/// default.
constexpr std::string_view computer_system =
    R"(<CLASS NAME="Msvm_ComputerSystem" SUPERCLASS="CIM_ComputerSystem">
<QUALIFIER NAME="dynamic" PROPAGATED="false" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>
<QUALIFIER NAME="provider" TYPE="string"><VALUE>VmmsProvider</VALUE></QUALIFIER>
<PROPERTY NAME="Name" CLASSORIGIN="CIM_ManagedSystemElement" PROPAGATED="true" TYPE="string">
<QUALIFIER NAME="Key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>
<QUALIFIER NAME="MaxLen" TYPE="uint32"><VALUE>256</VALUE></QUALIFIER></PROPERTY>
<PROPERTY.ARRAY NAME="OperationalStatus" TYPE="uint16">
<QUALIFIER NAME="ValueMap" TYPE="string"><VALUE.ARRAY><VALUE>0</VALUE><VALUE>1</VALUE></VALUE.ARRAY></QUALIFIER>
<VALUE.ARRAY><VALUE>2</VALUE><VALUE>17</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>
<PROPERTY NAME="Enabled" TYPE="boolean"><VALUE>TRUE</VALUE></PROPERTY>
<PROPERTY NAME="Since" TYPE="datetime"><VALUE>2001****</VALUE></PROPERTY>
<PROPERTY.REFERENCE NAME="Host" REFERENCECLASS="CIM_System"/>
<SOMETHING.NEW/>
<METHOD NAME="RequestStateChange" TYPE="uint32">
<PARAMETER NAME="RequestedState" TYPE="uint16"><QUALIFIER NAME="In" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PARAMETER>
<PARAMETER.REFERENCE NAME="Job" REFERENCECLASS="CIM_ConcreteJob"><QUALIFIER NAME="out" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PARAMETER.REFERENCE>
<PARAMETER.ARRAY NAME="Options" TYPE="string" EmbeddedObject="object"/>
<PARAMETER.REFARRAY NAME="Others" REFERENCECLASS="CIM_System"/>
</METHOD>
<METHOD NAME="Forget"/>
</CLASS>)";

TEST(ClassXml, reads_what_a_host_says_of_a_class)
{
    const ClassDeclaration read = class_from_xml(computer_system);
    EXPECT_EQ(read.name, "Msvm_ComputerSystem");
    EXPECT_EQ(read.superclass, "CIM_ComputerSystem");
    EXPECT_TRUE(read.is("dynamic"));
    EXPECT_FALSE(read.is("abstract"));
    EXPECT_EQ(read.keys(), std::vector<std::string>{"Name"});
    const auto* status = read.find_property("operationalstatus");
    ASSERT_NE(status, nullptr);
    EXPECT_TRUE(status->is_array);
    EXPECT_EQ(status->default_value, (Value{Value::Array{std::uint16_t{2}, std::uint16_t{17}}}));
    EXPECT_TRUE(status->find_qualifier("ValueMap")->is_array);
    EXPECT_EQ(read.find_property("Name")->class_origin, "CIM_ManagedSystemElement");
    EXPECT_EQ(read.find_property("Since")->default_value, Value{"2001****"});
    EXPECT_EQ(read.find_property("Host")->type, Type::reference);
    EXPECT_EQ(read.find_property("Host")->reference_class, "CIM_System");
    const auto* change = read.find_method("RequestStateChange");
    ASSERT_NE(change, nullptr);
    EXPECT_EQ(change->returns, Type::uint32);
    EXPECT_TRUE(change->find("RequestedState")->is("in"));
    EXPECT_TRUE(change->find("Job")->is("Out"));
    EXPECT_EQ(change->find("Options")->type, Type::object);
    EXPECT_TRUE(change->find("Others")->is_array);
    EXPECT_EQ(read.find_method("Forget")->returns, std::nullopt);
}

TEST(ClassXml, what_is_written_reads_back_the_same)
{
    const ClassDeclaration read = class_from_xml(computer_system);
    EXPECT_EQ(class_from_xml(to_class_xml(read)), read);
}

TEST(ClassXml, stands_on_one_line)
{
    ClassDeclaration declaration{.name = "X"};
    declaration.qualifiers.push_back(
        {.name = "Description", .type = Type::string, .value = "a\nb"});
    const std::string text = to_class_xml(declaration);
    EXPECT_FALSE(text.contains('\n'));
    EXPECT_EQ(class_from_xml(text), declaration);
}

TEST(ClassXml, refuses_what_is_no_class)
{
    for (const std::string_view text :
         {"", "no xml", "<INSTANCE CLASSNAME='X'/>", "<CLASS/>",
          "<CLASS NAME='X'><PROPERTY/></CLASS>", "<CLASS NAME='X'><PROPERTY NAME='a'/></CLASS>",
          "<CLASS NAME='X'><PROPERTY NAME='a' TYPE='thing'/></CLASS>",
          "<CLASS NAME='X'><PROPERTY.ODD NAME='a' TYPE='string'/></CLASS>",
          "<CLASS NAME='X'><METHOD/></CLASS>",
          "<CLASS NAME='X'><METHOD NAME='m'><PARAMETER/></METHOD></CLASS>",
          "<CLASS NAME='X'><QUALIFIER NAME='q'/></CLASS>"}) {
        SCOPED_TRACE(text);
        try {
            class_from_xml(text);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::invalid);
            EXPECT_EQ(error.code(), "cim_xml_malformed");
        }
    }
}

TEST(ClassXml, bounds_what_it_builds)
{
    std::string text = "<CLASS NAME='X'>";
    for (int i = 0; i < 6'000; ++i) {
        text += "<PROPERTY NAME='p" + std::to_string(i) + "' TYPE='string'/>";
    }
    EXPECT_THROW(class_from_xml(text + "</CLASS>"), Error);
}

TEST(DeclaredTypes, know_properties_parameters_and_return_values)
{
    DeclaredTypes types;
    types.add(std::make_shared<const ClassDeclaration>(class_from_xml(computer_system)));
    EXPECT_EQ(types.property_type("msvm_computersystem", "enabled")->type, Type::boolean);
    EXPECT_TRUE(types.property_type("Msvm_ComputerSystem", "OperationalStatus")->is_array);
    EXPECT_FALSE(types.property_type("Msvm_ComputerSystem", "Other"));
    EXPECT_FALSE(types.property_type("Other", "Name"));
    EXPECT_EQ(types.parameter_type("Msvm_ComputerSystem", "RequestStateChange", "Job")->type,
              Type::reference);
    EXPECT_EQ(
        types.parameter_type("Msvm_ComputerSystem", "RequestStateChange", "ReturnValue")->type,
        Type::uint32);
    EXPECT_FALSE(types.parameter_type("Msvm_ComputerSystem", "Forget", "ReturnValue"));
    EXPECT_FALSE(types.parameter_type("Msvm_ComputerSystem", "Other", "Job"));
}

} // namespace
} // namespace watari::cim
