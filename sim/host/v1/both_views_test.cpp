#include "sim/host/v1/testing.hpp"
#include "sim/host/v2/namespace.hpp"

/// Server 2012 has both namespaces: one VM, two views (fresh-vm.md 2).
namespace watari::sim::host::v1 {

namespace {

constexpr std::uint64_t gib = 1ULL << 30;
constexpr const char* port_name = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE";
constexpr const char* memory_id = "4764334d-e001-4176-82ee-5594ec9b530e";

class V1AndV2 : public testing::Test
{
protected:
    V1AndV2() : test{Generation::ws2012}, v2{v2::make_repository(test.host)} {}

    static cim::ObjectPath in_v2(const std::string& class_name, const std::string& id)
    {
        return {"root/virtualization/v2", class_name, {{"InstanceID", id}}};
    }
    std::string text_v2(const std::string& class_name, const Values& values) const
    {
        cim::Instance instance{class_name};
        for (const auto& [name, value] : values) {
            instance.set(name, v2->catalogue().find(class_name)->find_property(name)->type, value);
        }
        return cim::to_cim_xml(instance);
    }
    MethodAnswer vsms_v2(const std::string& method, const Values& values)
    {
        cim::Instance input{method};
        for (const auto& [name, value] : values) {
            input.set(name, cim::Type::string, value);
        }
        const std::string service = "Msvm_VirtualSystemManagementService";
        return v2->invoke(
            {.target = {"root/virtualization/v2", service, {{"CreationClassName", service}}},
             .method = method,
             .input = input,
             .account = "tester"});
    }
    cim::ObjectPath nic_with_port(const cim::ObjectPath& system)
    {
        const auto network = test.v1->path_of(test.v1->enumerate("Msvm_VirtualSwitch").at(0));
        const auto port = test.swms("CreateSwitchPort", {{"VirtualSwitch", network},
                                                         {"Name", port_name},
                                                         {"FriendlyName", "watari"},
                                                         {"ScopeOfResidence", ""}});
        return test.added(test.add(
            system, test.text("Msvm_SyntheticEthernetPortSettingData",
                              {{"ResourceSubType", "Microsoft Synthetic Ethernet Port"},
                               {"Address", "021122334455"},
                               {"StaticMacAddress", true},
                               {"Connection",
                                cim::Value::Array{
                                    port.output["CreatedSwitchPort"].reference()->text()}}})));
    }

    TestHost test;
    std::unique_ptr<Repository> v2;
};

TEST_F(V1AndV2, a_vm_defined_in_v1_is_there_in_v2_with_the_same_ids)
{
    const auto system = test.define("web-1");
    const auto settings = v2->get(in_v2("Msvm_VirtualSystemSettingData", test.id(system)));
    EXPECT_EQ(settings["ElementName"], cim::Value{"web-1"});
    EXPECT_EQ(settings["AutomaticStartupAction"], cim::Value{3}) << "1 in v1";
    EXPECT_EQ(test.modify(system, test.text("Msvm_MemorySettingData",
                                            {{"InstanceID", test.id(system, memory_id)},
                                             {"VirtualQuantity", 1024}}))
                  .return_value,
              0U);
    EXPECT_EQ(
        v2->get(in_v2("Msvm_MemorySettingData", test.id(system, memory_id)))["VirtualQuantity"],
        cim::Value{1024});
    const auto state = [&](Repository& view) {
        return view.query("SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'web-1'")
            .at(0)["EnabledState"];
    };
    test.start(system);
    EXPECT_EQ(test.request_state(system, 32768), 4096U);
    test.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(state(*test.v1), cim::Value{32768});
    EXPECT_EQ(state(*v2), cim::Value{9});
}

TEST_F(V1AndV2, a_vm_defined_in_v2_is_there_in_v1)
{
    const auto answer =
        vsms_v2("DefineSystem",
                {{"SystemSettings",
                  text_v2("Msvm_VirtualSystemSettingData",
                          {{"ElementName", "web-2"}, {"Notes", cim::Value::Array{"mark"}}})}});
    ASSERT_EQ(answer.return_value, 0U);
    const auto system = *answer.output["ResultingSystem"].reference();
    EXPECT_EQ(test.get("Msvm_VirtualSystemSettingData", test.id(system))["Notes"],
              cim::Value{"mark"});
    EXPECT_EQ(
        test.get("Msvm_VirtualSystemGlobalSettingData", test.id(system, "Global"))["ElementName"],
        cim::Value{"web-2"});
}

TEST_F(V1AndV2, disks_and_adapters_of_v1_show_in_v2_words)
{
    const auto system = test.define("web-1");
    test.make_disk("D:\\VMs\\a.vhd", gib);
    const auto drive = test.added(test.add(system, test.drive(system, "0")));
    const auto disk = test.added(test.add(system, test.disk(drive, "D:\\VMs\\a.vhd")));
    const auto medium =
        v2->get(in_v2("Msvm_StorageAllocationSettingData", *disk.key("InstanceID")));
    EXPECT_EQ(medium["ResourceType"], cim::Value{31});
    EXPECT_EQ(medium["HostResource"], (cim::Value{cim::Value::Array{"D:\\VMs\\a.vhd"}}));
    EXPECT_EQ(v2->get(in_v2("Msvm_ResourceAllocationSettingData",
                            *drive.key("InstanceID")))["AddressOnParent"],
              cim::Value{"0"});

    const auto nic = nic_with_port(system);
    EXPECT_EQ(
        v2->get(in_v2("Msvm_SyntheticEthernetPortSettingData", *nic.key("InstanceID")))["Address"],
        cim::Value{"021122334455"});
    const auto connection =
        v2->get(in_v2("Msvm_EthernetPortAllocationSettingData", *nic.key("InstanceID") + "\\C"));
    EXPECT_EQ(connection["HostResource"].array()->size(), 1U);
    cim::Instance vlan{"Msvm_VLANEndpointSettingData"};
    vlan.set("AccessVLAN", cim::Type::uint16, 42);
    test.v1->put({"root/virtualization",
                  "Msvm_VLANEndpointSettingData",
                  {{"InstanceID", std::string{"Microsoft:"} + port_name + "\\Root"}}},
                 vlan);
    EXPECT_EQ(
        v2->query("SELECT * FROM Msvm_EthernetSwitchPortVlanSettingData WHERE AccessVlanId = 42")
            .size(),
        1U)
        << "2012 needs no trunk list";
}

TEST_F(V1AndV2, a_connection_taken_away_in_v2_frees_the_port_of_v1)
{
    const auto system = test.define("web-1");
    const auto nic = nic_with_port(system);
    const auto removed = vsms_v2(
        "RemoveResourceSettings",
        {{"ResourceSettings", cim::Value::Array{in_v2("Msvm_EthernetPortAllocationSettingData",
                                                      *nic.key("InstanceID") + "\\C")}}});
    EXPECT_EQ(removed.return_value, 0U);
    EXPECT_EQ(test.v1->get(nic)["Connection"], (cim::Value{cim::Value::Array{""}}));
    EXPECT_EQ(
        test.count(std::string{"SELECT * FROM Msvm_SwitchPort WHERE Name = '"} + port_name + "'"),
        1U)
        << "the client made it";
}

TEST_F(V1AndV2, an_adapter_connected_in_v2_has_a_port_in_v1)
{
    const auto system = test.define("web-1");
    const std::string settings =
        v2->path_text(v2->get(in_v2("Msvm_VirtualSystemSettingData", test.id(system))));
    const auto affected = *cim::ObjectPath::parse(settings);
    const auto add = [&](const std::string& xml) {
        const auto answer =
            vsms_v2("AddResourceSettings", {{"AffectedConfiguration", affected},
                                            {"ResourceSettings", cim::Value::Array{xml}}});
        EXPECT_EQ(answer.return_value, 0U);
        const auto* array = answer.output["ResultingResourceSettings"].array();
        return array == nullptr ? cim::ObjectPath{} : *array->front().reference();
    };
    const auto nic = add(text_v2(
        "Msvm_SyntheticEthernetPortSettingData",
        {{"ResourceType", 10}, {"ResourceSubType", "Microsoft:Hyper-V:Synthetic Ethernet Port"}}));
    const std::string network = v2->path_text(v2->enumerate("Msvm_VirtualEthernetSwitch").at(0));
    add(text_v2("Msvm_EthernetPortAllocationSettingData",
                {{"ResourceType", 33},
                 {"ResourceSubType", "Microsoft:Hyper-V:Ethernet Connection"},
                 {"Parent", nic.with_host("HV01").text()},
                 {"HostResource", cim::Value::Array{network}}}));
    const auto row = test.get("Msvm_SyntheticEthernetPortSettingData", *nic.key("InstanceID"));
    const auto port = cim::ObjectPath::parse(*row["Connection"].array()->front().string());
    ASSERT_TRUE(port.has_value());
    EXPECT_NO_THROW(test.v1->get(*port));
    const auto again = test.get("Msvm_SyntheticEthernetPortSettingData", *nic.key("InstanceID"));
    EXPECT_EQ(again["Connection"], row["Connection"]) << "the port stays the same";
}

} // namespace

} // namespace watari::sim::host::v1
