#include "wsman/codec/codec.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

/// What nobody has recorded of a host's answers: printed as the form says, read all the same.
namespace watari::wsman {
namespace {

const std::string uri = resource_uri("root/virtualization/v2", "C");

/// Octets are uint8, Names strings: both arrays; Text is a string.
class Types final : public cim::TypeSource
{
public:
    std::optional<cim::PropertyType> property_type(std::string_view,
                                                   std::string_view property) const override
    {
        if (property == "Octets") {
            return cim::PropertyType{.type = cim::Type::uint8, .is_array = true};
        }
        return cim::PropertyType{.type = cim::Type::string, .is_array = property == "Names"};
    }
    std::optional<cim::PropertyType> parameter_type(std::string_view, std::string_view,
                                                    std::string_view parameter) const override
    {
        return property_type({}, parameter);
    }
};

std::string printed(ResponseBody body, WireForm form)
{
    Response response{.action = uri + "/GetResponse",
                      .message_id = "uuid:1",
                      .relates_to = "uuid:2",
                      .body = std::move(body)};
    return encode(response, {.resource_uri = uri, .form = form});
}

cim::Instance read(const std::string& bytes)
{
    return *std::get<InstanceResponse>(decode_response(bytes, Types{}).body).instance;
}

cim::Property array(std::string name, cim::Type type, cim::Value value)
{
    return {.name = std::move(name), .type = type, .is_array = true, .value = std::move(value)};
}

TEST(WireForms, print_arrays_without_value_as_nothing_or_as_nil)
{
    cim::Instance instance{"C"};
    instance.set(array("Names", cim::Type::string, cim::Value::Array{}));
    instance.set(array("Octets", cim::Type::uint8, {}));
    const std::string bare = printed(InstanceResponse{instance}, {});
    EXPECT_EQ(bare.find("<p:Names"), std::string::npos);
    EXPECT_EQ(bare.find("<p:Octets"), std::string::npos);
    const std::string nil = printed(InstanceResponse{instance}, {.nil_arrays = true});
    EXPECT_NE(nil.find("<p:Names xsi:nil=\"true\""), std::string::npos) << nil;
    EXPECT_NE(nil.find("<p:Octets xsi:nil=\"true\""), std::string::npos) << nil;
    EXPECT_TRUE(read(nil)["Names"].is_null());
    EXPECT_TRUE(read(nil)["Octets"].is_null());
}

TEST(WireForms, print_octets_as_numbers_or_as_base64)
{
    for (const cim::Value::Array& octets :
         {cim::Value::Array{cim::Value{0}, cim::Value{77}, cim::Value{255}},
          cim::Value::Array{cim::Value{5}}}) {
        cim::Instance instance{"C"};
        instance.set(array("Octets", cim::Type::uint8, octets));
        EXPECT_EQ(read(printed(InstanceResponse{instance}, {}))["Octets"], cim::Value{octets});
        const std::string text = printed(InstanceResponse{instance}, {.octets_as_base64 = true});
        EXPECT_NE(text.find(octets.size() == 3 ? "<p:Octets>AE3/</p:Octets>"
                                               : "<p:Octets>BQ==</p:Octets>"),
                  std::string::npos)
            << text;
        EXPECT_EQ(read(text)["Octets"], cim::Value{octets});
    }
}

TEST(WireForms, leave_null_scalars_out_or_print_them_as_nil)
{
    cim::Instance instance{"C"};
    instance.set("Text", cim::Type::string, {});
    EXPECT_NE(printed(InstanceResponse{instance}, {}).find("<p:Text xsi:nil"), std::string::npos);
    const std::string bare = printed(InstanceResponse{instance}, {.nulls_left_out = true});
    EXPECT_EQ(bare.find("<p:Text"), std::string::npos);
    EXPECT_TRUE(read(bare)["Text"].is_null());
}

TEST(WireForms, print_keys_that_are_references_as_references_or_as_text)
{
    const cim::ObjectPath inner{"root/virtualization/v2", "Msvm_A", {{"Id", "a"}}};
    const cim::ObjectPath outer{"root/virtualization/v2", "Msvm_B", {{"Antecedent", inner}}};
    ItemsResponse items{.is_pull = true, .has_items = true, .end_of_sequence = true};
    items.items.push_back({.path = outer});
    const auto key_of = [](const std::string& bytes) {
        const auto read = decode_response(bytes, Types{});
        return std::get<ItemsResponse>(read.body).items.front().path->keys().front().second;
    };
    EXPECT_EQ(*key_of(printed(items, {})).reference(), inner);
    const cim::Value text = key_of(printed(items, {.references_as_text = true}));
    ASSERT_NE(text.string(), nullptr);
    EXPECT_EQ(cim::ObjectPath::parse(*text.string()), inner);
}

TEST(WireForms, print_output_parameters_alphabetically_or_as_given)
{
    InvokeResponse answer{.method = "M"};
    answer.output.set("Zeta", cim::Type::string, "1");
    answer.output.set("Alpha", cim::Type::string, "2");
    const auto is_sorted = [](const std::string& bytes) {
        return bytes.find("<p:Alpha>") < bytes.find("<p:Zeta>");
    };
    EXPECT_TRUE(is_sorted(printed(answer, {})));
    EXPECT_FALSE(is_sorted(printed(answer, {.outputs_as_given = true})));
}

} // namespace
} // namespace watari::wsman
