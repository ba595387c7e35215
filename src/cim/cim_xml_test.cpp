#include "cim/cim_xml.hpp"

#include "cim/object_path.hpp"
#include "core/error.hpp"
#include "xml/reader.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace watari::cim {
namespace {

std::string content(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string shown(const Value& value)
{
    if (value.is_null()) {
        return "null";
    }
    if (value.reference() != nullptr) {
        return value.reference()->text();
    }
    if (value.embedded() != nullptr) {
        return to_cim_xml(*value.embedded());
    }
    std::string out;
    for (const char c : value.text()) {
        out += c == '\n' ? "\\n" : std::string{c};
    }
    return out;
}

/// The form of the .txt files.
std::string shown(const Instance& instance)
{
    std::string out = "class " + instance.class_name() + "\n";
    for (const Property& property : instance.properties()) {
        out += property.name + " " + std::string{to_string(property.type)} +
               (property.is_array ? "[]" : "");
        if (property.value.is_null()) {
            out += " null\n";
            continue;
        }
        std::string values;
        if (const auto* array = property.value.array()) {
            for (const Value& value : *array) {
                values += (values.empty() ? "" : " | ") + shown(value);
            }
        } else {
            values = shown(property.value);
        }
        out += values.empty() ? " =\n" : " = " + values + "\n";
    }
    return out;
}

std::string shown_or_error(std::string_view text, CimXmlReading reading)
{
    try {
        return shown(from_cim_xml(text, reading));
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        const auto code = error.peer().code ? " " + std::to_string(*error.peer().code) : "";
        return "error " + error.code() + code + "\n";
    }
}

TEST(CimXml, reads_every_pair_in_testdata_as_written_there)
{
    int count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator{WATARI_SOURCE_DIR "/src/cim/testdata"}) {
        auto path = entry.path();
        if (path.extension() != ".xml") {
            continue;
        }
        const bool strict = path.filename().string().starts_with("strict_");
        const auto text = content(path);
        const auto expected = content(path.replace_extension(".txt"));
        EXPECT_EQ(
            shown_or_error(text, strict ? CimXmlReading::strict_values : CimXmlReading::lenient),
            expected)
            << path;
        ++count;
    }
    EXPECT_GT(count, 30);
}

TEST(CimXml, writes_what_hyper_v_takes)
{
    Instance instance{"Msvm_X"};
    instance.set("ElementName", Type::string, "a & b <c> \"d\"\r\n\t\x01渡\xFF");
    instance.set("Null", Type::string, Value{});
    instance.set("Flag", Type::boolean, true);
    instance.set("Delay", Type::datetime, DateTime::interval(std::chrono::minutes{30}));
    instance.set("HostResource", Type::string, Value::Array{R"(D:\VMs\disk.vhdx)"});
    EXPECT_EQ(to_cim_xml(instance),
              "<INSTANCE CLASSNAME=\"Msvm_X\">"
              "<PROPERTY NAME=\"ElementName\" TYPE=\"string\"><VALUE>"
              "a &#38; b &#60;c&#62; &#34;d&#34;&#xD;&#xA;&#x9;渡?</VALUE></PROPERTY>"
              "<PROPERTY NAME=\"Flag\" TYPE=\"boolean\"><VALUE>true</VALUE></PROPERTY>"
              "<PROPERTY NAME=\"Delay\" "
              "TYPE=\"datetime\"><VALUE>00000000003000.000000:000</VALUE></PROPERTY>"
              "<PROPERTY.ARRAY NAME=\"HostResource\" "
              "TYPE=\"string\"><VALUE.ARRAY><VALUE>D:\\VMs\\disk.vhdx</VALUE>"
              "</VALUE.ARRAY></PROPERTY.ARRAY></INSTANCE>");
    EXPECT_TRUE(
        to_cim_xml_with_nulls(instance).contains(R"(<PROPERTY NAME="Null" TYPE="string"/>)"));
}

TEST(CimXml, writes_an_array_for_a_scalar_in_an_array_property_and_text_for_references_in_one)
{
    const ObjectPath path{"root", "A", {{"K", "v"}}};
    Instance instance{"A"};
    instance.set(Property{.name = "One", .type = Type::uint8, .is_array = true, .value = 1});
    instance.set("Paths", Type::reference, Value::Array{Value{path}});
    instance.set("Path", Type::string, Value{path});
    const auto read = from_cim_xml(to_cim_xml(instance));
    EXPECT_EQ(read["One"], (Value{Value::Array{1}}));
    EXPECT_EQ(read["Paths"], (Value{Value::Array{path.text()}}));
    EXPECT_EQ(read["Path"], Value{path.text()});
}

Instance sample()
{
    const ObjectPath inner{"root/cimv2", "I", {{"N", std::uint64_t{7}}}};
    const ObjectPath full =
        ObjectPath{"root/v2", "R", {{"S", "a\\\"b"}, {"B", true}, {"I", Value{inner}}}}.with_host(
            "H");
    Instance nested{"N"};
    nested.set("Text", Type::string, "<&\">");
    Instance middle{"M"};
    middle.set("Nested", Type::object, Value{nested});
    Instance instance{"A"};
    instance.set("Null", Type::uint32, Value{});
    instance.set(Property{.name = "NullArray", .type = Type::string, .is_array = true});
    instance.set("NullReference", Type::reference, Value{});
    instance.set("NullObject", Type::object, Value{});
    instance.set("Reference", Type::reference, Value{full});
    instance.set("Local", Type::reference, Value{inner});
    instance.set("OnlyKey", Type::reference, Value{ObjectPath{"root", "U", {{"", "k"}}}});
    instance.set("Bare", Type::reference, Value{ObjectPath{"", "S", {}}});
    instance.set("Object", Type::object, Value{middle});
    instance.set("Objects", Type::object, Value::Array{Value{nested}, Value{}});
    instance.set("Moment", Type::datetime,
                 DateTime::moment(WallTime{std::chrono::seconds{1'700'000'000}}));
    instance.set("Real", Type::real64, 0.1);
    instance.set("Char", Type::char16, "渡");
    return instance;
}

TEST(CimXml, everything_comes_back)
{
    EXPECT_EQ(from_cim_xml(to_cim_xml_with_nulls(sample())), sample());
    EXPECT_EQ(from_cim_xml(to_cim_xml_with_nulls(sample()), CimXmlReading::strict_values),
              sample());
}

TEST(CimXml, refuses_what_is_too_much)
{
    Instance instance{"A"};
    for (int i = 0; i < 10; ++i) {
        Instance outer{"A"};
        outer.set("Inner", Type::object, Value{instance});
        instance = std::move(outer);
    }
    EXPECT_EQ(shown_or_error(to_cim_xml(instance), CimXmlReading::lenient),
              "error cim_xml_malformed\n");

    std::string many = "<INSTANCE CLASSNAME=\"A\">";
    for (int i = 0; i < 2'001; ++i) {
        many += "<PROPERTY NAME=\"P" + std::to_string(i) + "\" TYPE=\"string\"/>";
    }
    EXPECT_EQ(shown_or_error(many + "</INSTANCE>", CimXmlReading::lenient),
              "error cim_xml_malformed\n");

    std::string deep;
    for (int i = 0; i < 10'000; ++i) {
        deep += "<INSTANCE CLASSNAME=\"A\">";
    }
    EXPECT_EQ(shown_or_error(deep, CimXmlReading::lenient), "error cim_xml_malformed\n");
}

RC_GTEST_PROP(CimXml, any_text_without_control_characters_comes_back,
              (const std::vector<std::string>& texts))
{
    Instance instance{"A"};
    Value::Array values;
    for (const std::string& text : texts) {
        std::string clean;
        for (const char c : text) {
            clean += c == '\n' || c == '\t' || c == '\r' || (c >= 0x20 && c < 0x7F) ? c : '&';
        }
        values.emplace_back(clean);
    }
    instance.set("V", Type::string, values);
    RC_ASSERT(from_cim_xml(to_cim_xml(instance), CimXmlReading::strict_values) == instance);
}

RC_GTEST_PROP(CimXml, what_it_writes_is_well_formed_whatever_the_bytes,
              (const std::string& name, const std::string& text))
{
    Instance instance{name};
    instance.set(name, Type::string, text);
    RC_ASSERT(xml::Document::parse(to_cim_xml(instance)).root().name() == "INSTANCE");
}

} // namespace
} // namespace watari::cim
