#include "cim/object_path.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace watari::cim {
namespace {

TEST(ObjectPath, reads_the_forms_hosts_and_clients_write)
{
    // [C] all of these are accepted by a real host (wsman.md 5.3).
    for (const char* prefix :
         {R"(\\HOST\root\virtualization\v2:)", R"(\\host\Root\Virtualization\V2:)",
          R"(//HOST/root/virtualization/v2:)", R"(root\virtualization\v2:)",
          "root/virtualization/v2:", ""}) {
        const auto path =
            ObjectPath::parse(std::string{prefix} + R"(Msvm_X.InstanceID="Microsoft:AA\\BB\\0")");
        ASSERT_TRUE(path) << prefix;
        EXPECT_EQ(path->class_name(), "Msvm_X");
        EXPECT_EQ(path->key("instanceid"), R"(Microsoft:AA\BB\0)");
        EXPECT_EQ(path->key("Name"), std::nullopt);
    }
    const auto full = ObjectPath::parse(R"(\\HOST\Root\Virtualization\V2:A.B="c")");
    EXPECT_EQ(full->host(), "HOST");
    EXPECT_EQ(full->ns(), "Root/Virtualization/V2");
}

TEST(ObjectPath, reads_several_keys_of_every_kind)
{
    const auto path = ObjectPath::parse(R"(A.S="x, y=\"z\"",N=42,M=-7,T=TRUE,F=false,Q='it\'s')");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->keys().size(), 6U);
    EXPECT_EQ(path->key("S"), R"(x, y="z")");
    EXPECT_EQ(path->keys()[1].second, Value{42});
    EXPECT_EQ(path->keys()[2].second, Value{-7});
    EXPECT_EQ(path->keys()[3].second, Value{true});
    EXPECT_EQ(path->keys()[4].second, Value{false});
    EXPECT_EQ(path->key("Q"), "it's");
    EXPECT_TRUE(ObjectPath::parse(R"(A.B="1", C = "2")"));
}

TEST(ObjectPath, reads_singletons_and_an_only_key_without_name)
{
    const auto singleton = ObjectPath::parse(R"(\\.\root\cimv2:Win32_OperatingSystem=@)");
    ASSERT_TRUE(singleton);
    EXPECT_TRUE(singleton->keys().empty());
    EXPECT_EQ(singleton->text(), R"(\\.\root\cimv2:Win32_OperatingSystem=@)");
    const auto disk = ObjectPath::parse(R"(Win32_LogicalDisk="C:")");
    ASSERT_TRUE(disk);
    EXPECT_EQ(disk->text(), R"(Win32_LogicalDisk="C:")");
    EXPECT_TRUE(
        disk->names_same_instance(*ObjectPath::parse(R"(Win32_LogicalDisk.DeviceID="c:")")));
}

TEST(ObjectPath, refuses_what_is_not_a_path)
{
    for (const char* text : {"",
                             "A",
                             "A.",
                             "A.B",
                             "A.B=",
                             "A.B=x",
                             "A.B=\"",
                             "A.B=\"x",
                             "A.B=\"x\\",
                             "A.B=\"x\"y",
                             "A.B=\"x\",",
                             "A.B=\"x\",B=\"y\"",
                             "A.B=1,b=2",
                             "A=",
                             "A=@x",
                             "A.=1",
                             ".B=1",
                             "1A.B=1",
                             "A.1B=1",
                             "A.B=+1",
                             "A.B=--1",
                             "A.B=18446744073709551616",
                             "A.B=1.5",
                             "\\\\HOST",
                             "\\\\HOST\\",
                             "\\\\\\root:A=@",
                             "\\\\HOST\\A.B=1",
                             "root\\:A=@",
                             "root//v2:A=@",
                             ":A=@",
                             "root:",
                             "root:A",
                             "D:\\VMs\\disk.vhdx",
                             "C:\\a=b.vhd",
                             "Microsoft:GUID\\0\\0\\L",
                             R"(A.B="Microsoft:AA\BB")",
                             "x y=@",
                             "A B=@"}) {
        EXPECT_EQ(ObjectPath::parse(text), std::nullopt) << text;
    }
}

TEST(ObjectPath, prints_as_hosts_do)
{
    const ObjectPath path{"root/virtualization/v2",
                          "Msvm_X",
                          {{"InstanceID", R"(Microsoft:A\"B")"}, {"N", 5}, {"T", true}}};
    EXPECT_EQ(path.text(),
              R"(root\virtualization\v2:Msvm_X.InstanceID="Microsoft:A\\\"B\"",N=5,T=TRUE)");
    EXPECT_EQ(path.with_host("H").text(), "\\\\H\\" + path.text());
    EXPECT_EQ(path.with_ns("").with_host("H").text(),
              R"(Msvm_X.InstanceID="Microsoft:A\\\"B\"",N=5,T=TRUE)");
    EXPECT_EQ(path.with_ns(R"(root\cimv2)").ns(), "root/cimv2");
}

TEST(ObjectPath, names_the_same_instance_whatever_host_case_and_order)
{
    const auto a = *ObjectPath::parse(R"(\\HOST\root\virtualization\v2:Msvm_A.X="one",Y=2)");
    EXPECT_TRUE(a.names_same_instance(*ObjectPath::parse(R"(msvm_a.y=2,x="ONE")")));
    EXPECT_TRUE(a.names_same_instance(*ObjectPath::parse(R"(msvm_a.y="2",x="ONE")")));
    EXPECT_FALSE(a.names_same_instance(*ObjectPath::parse(R"(Msvm_A.X="one",Y=3)")));
    EXPECT_FALSE(a.names_same_instance(*ObjectPath::parse(R"(Msvm_A.X="one")")));
    EXPECT_FALSE(a.names_same_instance(*ObjectPath::parse(R"(Msvm_B.X="one",Y=2)")));
    EXPECT_FALSE(a.names_same_instance(*ObjectPath::parse(R"(Msvm_A.X="one",Z=2)")));
    EXPECT_NE(a, *ObjectPath::parse(R"(msvm_a.y=2,x="ONE")"));
}

TEST(ObjectPath, quotes_references_as_keys)
{
    const ObjectPath vm{"root/v2", "A", {{"Name", R"(x\y)"}}};
    const ObjectPath association{"root/v2", "L", {{"Antecedent", Value{vm}}, {"Dependent", "d"}}};
    EXPECT_EQ(association.text(),
              R"(root\v2:L.Antecedent="root\\v2:A.Name=\"x\\\\y\"",Dependent="d")");
    const auto read = ObjectPath::parse(association.text());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key("Antecedent"), vm.text());
    EXPECT_TRUE(read->names_same_instance(association));
    EXPECT_TRUE(association.names_same_instance(*read));
    const ObjectPath other{"root/v2", "L", {{"Antecedent", "no path"}, {"Dependent", "d"}}};
    EXPECT_FALSE(association.names_same_instance(other));
}

RC_GTEST_PROP(ObjectPath, any_key_text_comes_back,
              (const std::string& text, std::uint64_t number, std::int64_t with_sign, bool flag))
{
    const ObjectPath path{"root/virtualization/v2",
                          "Msvm_X",
                          {{"A", text}, {"B", number}, {"C", with_sign}, {"D", flag}}};
    RC_ASSERT(ObjectPath::parse(path.text()) == path);
    RC_ASSERT(ObjectPath::parse(path.with_host("HOST-1.example").text()) ==
              path.with_host("HOST-1.example"));
}

RC_GTEST_PROP(ObjectPath, what_it_reads_it_prints_and_reads_again, ())
{
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"aB1.=,:\\/\"'@ -"}));
    if (const auto path = ObjectPath::parse(text)) {
        RC_ASSERT(ObjectPath::parse(path->text()) == path);
    }
}

} // namespace
} // namespace watari::cim
