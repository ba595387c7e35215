#include "wsman/codec/codec.hpp"

#include "core/error.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/test_messages.hpp"

#include <filesystem>
#include <iostream>

#include <gtest/gtest.h>

namespace watari::wsman {
namespace {

using namespace testing_support;

const std::filesystem::path folder = WATARI_SOURCE_DIR "/../shared/recorded";

/// Answers of real hosts, read in place; a checkout without them skips these tests.
class Recorded : public testing::Test
{
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(folder)) {
            std::cout << "recorded answers are missing: " << folder << "\n";
            GTEST_SKIP() << "no recorded answers in " << folder;
        }
    }

    static Response read(const std::string& file, const cim::TypeSource& types = some_types())
    {
        return decode_response(file_text((folder / file).string()), types);
    }
    static cim::Instance item(const std::string& file)
    {
        const Response response = read(file);
        const auto& items = std::get<ItemsResponse>(response.body);
        EXPECT_EQ(items.items.size(), 1U) << file;
        return items.items.at(0).instance.value();
    }
    static Fault fault(const std::string& file) { return std::get<Fault>(read(file).body); }
};

TEST_F(Recorded, enumerate_gives_a_context_and_no_items)
{
    const Response response = read("recorded_computersystem_enumerate.xml");
    const auto& items = std::get<ItemsResponse>(response.body);
    EXPECT_EQ(items.context, "uuid:00000000-0000-4000-8000-000000000003");
    EXPECT_FALSE(items.has_items);
    EXPECT_FALSE(items.end_of_sequence);
}

TEST_F(Recorded, the_last_pull_has_an_item_and_the_end_and_no_context)
{
    const Response response = read("recorded_computersystem_pull_vm_running_c_eos.xml");
    const auto& items = std::get<ItemsResponse>(response.body);
    EXPECT_TRUE(items.end_of_sequence);
    EXPECT_EQ(items.context, "");
    EXPECT_EQ(items.items.size(), 1U);
}

TEST_F(Recorded, numbers_beyond_32_bits_arrays_and_nulls_are_read)
{
    const cim::Instance vm = item("recorded_computersystem_pull_vm_running_a.xml");
    EXPECT_EQ(vm.class_name(), "Msvm_ComputerSystem");
    EXPECT_EQ(vm["OnTimeInMilliseconds"].unsigned_integer(), 6138294371U);
    EXPECT_EQ(vm["EnabledState"].unsigned_integer(), 2U);
    EXPECT_EQ(vm["OperationalStatus"], (cim::Value{cim::Value::Array{cim::Value{2}}}));
    EXPECT_TRUE(vm["InstanceID"].is_null());
    EXPECT_NE(vm.find("InstanceID"), nullptr);
    EXPECT_EQ(vm.find("Roles"), nullptr); // an array without a value is absent
}

TEST_F(Recorded, datetimes_keep_their_fraction_and_never_is_1601)
{
    const cim::Instance vm = item("recorded_computersystem_pull_vm_running_c_eos.xml");
    ASSERT_NE(vm["InstallDate"].datetime(), nullptr);
    EXPECT_EQ(vm["InstallDate"].datetime()->xs(), "2025-12-17T09:55:22.702341Z");
    EXPECT_EQ(vm["LastReplicationTime"].datetime()->xs(), "1601-01-01T00:00:00Z");
    const cim::Instance off = item("recorded_computersystem_pull_vm_off.xml");
    EXPECT_TRUE(off["TimeOfLastStateChange"].datetime()->xs().ends_with("Z"));
}

TEST_F(Recorded, references_are_object_paths)
{
    const cim::Instance link = item("recorded_affectedjobelement_pull_created.xml");
    const auto* element = link["AffectedElement"].reference();
    const auto* job = link["AffectingElement"].reference();
    ASSERT_TRUE(element != nullptr && job != nullptr);
    EXPECT_EQ(element->ns(), "root/virtualization/v2");
    EXPECT_EQ(element->class_name(), "Msvm_VirtualSystemSettingData");
    EXPECT_EQ(element->key("InstanceID"), "Microsoft:00000000-0000-4000-8000-000000000083");
    EXPECT_EQ(job->class_name(), "Msvm_ConcreteJob");
}

TEST_F(Recorded, instances_are_printed_again_with_the_same_elements_in_the_same_order)
{
    int checked = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        const std::string name = entry.path().filename().string();
        if (!name.contains("pull") || !name.ends_with(".xml")) {
            continue;
        }
        SCOPED_TRACE(name);
        const auto document = xml::Document::parse(file_text(entry.path().string()));
        const auto* body = document.root().child(names::soap, "Body");
        const auto* items = body->first_child()->child(names::enumeration, "Items");
        ASSERT_NE(items, nullptr);
        for (const xml::Element& element : items->children()) {
            for (const cim::TypeSource* types : {&some_types(), &cim::untyped()}) {
                const std::string printed =
                    encode_instance(decode_instance(element, *types), "root/virtualization/v2");
                EXPECT_EQ(canonical(printed), canonical(element));
            }
            ++checked;
        }
    }
    EXPECT_EQ(checked, 8);
}

TEST_F(Recorded, invalid_selectors_fault)
{
    const Fault found = fault("fault_invalid_selectors.xml");
    EXPECT_TRUE(found.is_sender);
    EXPECT_EQ(found.subcode, "wsman:InvalidSelectors");
    EXPECT_EQ(found.detail_uri, "UnexpectedSelectors");
    EXPECT_EQ(found.code, 2150858843U);
    EXPECT_EQ(found.machine, "192.168.56.15");
    EXPECT_TRUE(found.message.starts_with("The Windows Remote Shell received"));
}

TEST_F(Recorded, invalid_parameter_fault_has_its_text_in_the_provider_fault)
{
    const Fault found = fault("fault_invalid_parameter.xml");
    EXPECT_EQ(found.subcode, "wsman:InvalidParameter");
    EXPECT_EQ(found.code, 87U);
    EXPECT_EQ(found.message, "The parameter is incorrect.");
}

TEST_F(Recorded, timed_out_fault_is_the_receivers)
{
    const Fault found = fault("fault_timed_out.xml");
    EXPECT_FALSE(found.is_sender);
    EXPECT_EQ(found.subcode, "wsman:TimedOut");
    EXPECT_EQ(found.code, 2150858793U);
}

TEST_F(Recorded, nested_fault_gives_the_innermost_text)
{
    const Fault found = fault("soap_fault_v2.xml");
    EXPECT_EQ(found.subcode, "wsen:CannotProcessFilter");
    EXPECT_EQ(found.code, 2150858778U);
    EXPECT_EQ(found.wmi_code, 0U);
    EXPECT_EQ(found.message, "The specified class does not exist in the given namespace.");
}

TEST_F(Recorded, wmi_error_in_place_of_a_wsman_fault)
{
    const Response response = read("wmi_error_v2.xml");
    const auto& found = std::get<Fault>(response.body);
    EXPECT_EQ(response.relates_to, "");
    EXPECT_EQ(found.subcode, "wsman:QuotaLimit");
    EXPECT_TRUE(found.as_wmi_error);
    EXPECT_EQ(found.code, 2150859173U);
    EXPECT_EQ(found.cim_status, 27U);
    EXPECT_TRUE(found.message.contains("maximum number of 30 concurrent shells"));
}

} // namespace
} // namespace watari::wsman
