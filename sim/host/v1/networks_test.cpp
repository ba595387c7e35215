#include "sim/host/v1/ports.hpp"
#include "sim/host/v1/testing.hpp"

namespace watari::sim::host::v1 {

namespace {

constexpr const char* port_name = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE";
constexpr const char* channel = "{11111111-2222-3333-4444-555555555555}";

class V1Networks : public testing::Test
{
protected:
    cim::ObjectPath network()
    {
        return test.v1->path_of(test.v1->enumerate("Msvm_VirtualSwitch").at(0));
    }
    MethodAnswer create_port(const std::string& name)
    {
        return test.swms("CreateSwitchPort", {{"VirtualSwitch", network()},
                                              {"Name", name},
                                              {"FriendlyName", "watari"},
                                              {"ScopeOfResidence", ""}});
    }
    cim::ObjectPath new_port(const std::string& name = port_name)
    {
        const auto answer = create_port(name);
        EXPECT_EQ(answer.return_value, 0U);
        return *answer.output["CreatedSwitchPort"].reference();
    }
    std::string nic(const cim::ObjectPath& port, cim::Value mac = "021122334455")
    {
        return test.text("Msvm_SyntheticEthernetPortSettingData",
                         {{"ResourceType", 10},
                          {"ResourceSubType", "Microsoft Synthetic Ethernet Port"},
                          {"ElementName", "nic"},
                          {"Address", std::move(mac)},
                          {"StaticMacAddress", true},
                          {"VirtualSystemIdentifiers", cim::Value::Array{channel}},
                          {"Connection", cim::Value::Array{port.text()}}});
    }
    cim::Instance vlan_settings(const cim::ObjectPath& port)
    {
        const auto endpoint = related(port, "Msvm_BindsTo", "Msvm_VLANEndpoint");
        EXPECT_EQ(endpoint.size(), 1U);
        const auto settings =
            related(test.v1->path_of(endpoint.at(0)), "Msvm_NetworkElementSettingData",
                    "Msvm_VLANEndpointSettingData");
        EXPECT_EQ(settings.size(), 1U);
        return settings.at(0);
    }
    std::vector<cim::Instance> related(const cim::ObjectPath& of, const std::string& by,
                                       const std::string& result)
    {
        return test.v1->query("ASSOCIATORS OF {" + of.with_host({}).with_ns({}).text() +
                              "} WHERE AssocClass=" + by + " ResultClass=" + result);
    }
    void put_vlan(const cim::ObjectPath& port, int vlan)
    {
        cim::Instance given{"Msvm_VLANEndpointSettingData"};
        given.set("AccessVLAN", cim::Type::uint16, vlan);
        test.v1->put(test.v1->path_of(vlan_settings(port)), given);
    }
    cim::ObjectPath uplink_port()
    {
        for (const auto& row : test.v1->enumerate("Msvm_ActiveConnection")) {
            const auto end = *row["Dependent"].reference();
            if (end.class_name() == "Msvm_SwitchLANEndpoint" &&
                !related(end, "Msvm_GlobalEthernetPortSAPImplementation",
                         "Msvm_ExternalEthernetPort")
                     .empty()) {
                return *row["Antecedent"].reference();
            }
        }
        return {};
    }

    TestHost test;
};

TEST_F(V1Networks, a_nic_is_connected_through_a_port_the_client_made)
{
    const auto system = test.define("web-1");
    const auto port = new_port();
    EXPECT_EQ(port.key("Name"), port_name);
    const auto added = test.added(test.add(system, nic(port)));
    const auto row = test.v1->get(added);
    EXPECT_EQ(row["Address"], cim::Value{"021122334455"});
    EXPECT_EQ(row["VirtualSystemIdentifiers"], (cim::Value{cim::Value::Array{channel}}));
    EXPECT_TRUE(cim::ObjectPath::parse(*row["Connection"].array()->front().string())
                    ->names_same_instance(port));
    EXPECT_TRUE(related(port, "Msvm_ActiveConnection", "Msvm_VmLANEndpoint").empty())
        << "the VM is off";
    test.start(system);
    const auto endpoint = related(port, "Msvm_ActiveConnection", "Msvm_VmLANEndpoint");
    ASSERT_EQ(endpoint.size(), 1U);
    EXPECT_EQ(endpoint[0]["MACAddress"], cim::Value{"021122334455"});
    EXPECT_EQ(related(test.v1->path_of(endpoint[0]), "Msvm_DeviceSAPImplementation",
                      "Msvm_SyntheticEthernetPort")
                  .size(),
              1U);
}

TEST_F(V1Networks, wrong_nics_are_refused_as_a_whole)
{
    const auto system = test.define("web-1");
    const auto port = new_port();
    EXPECT_EQ(test.add(system, nic(port, "nonsense")).return_value, 32773U);
    auto unknown = cim::ObjectPath{"root/virtualization",
                                   "Msvm_SwitchPort",
                                   {{"CreationClassName", "Msvm_SwitchPort"}, {"Name", "none"}}};
    EXPECT_EQ(test.add(system, nic(unknown)).return_value, 32773U);
    EXPECT_EQ(test.add(system, nic(system)).return_value, 32773U);
    const auto first = test.added(test.add(system, nic(port)));
    EXPECT_EQ(test.add(system, nic(port)).return_value, 32774U)
        << "the port serves another adapter";
    EXPECT_EQ(
        test.count("SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE InstanceID LIKE '" +
                   test.id(system) + "%'"),
        1U);
}

TEST_F(V1Networks, ports_need_a_switch_and_a_name_of_their_own)
{
    EXPECT_EQ(create_port("").return_value, 32773U);
    new_port();
    EXPECT_EQ(create_port(port_name).return_value, 32773U);
    EXPECT_EQ(test.swms("CreateSwitchPort",
                        {{"VirtualSwitch",
                          test.v1->path_of(test.v1->enumerate("Msvm_ComputerSystem").at(0))},
                         {"Name", "x"},
                         {"FriendlyName", "x"}})
                  .return_value,
              32773U);
    EXPECT_EQ(test.swms("DeleteSwitchPort", {{"SwitchPort", uplink_port()}}).return_value, 32774U);
    EXPECT_EQ(test.swms("DeleteSwitchPort", {}).return_value, 32773U);
}

TEST_F(V1Networks, the_vlan_of_a_port_must_be_trunked_by_the_uplink_on_2008_r2)
{
    const auto system = test.define("web-1");
    const auto port = new_port();
    const auto added = test.added(test.add(system, nic(port)));
    EXPECT_EQ(fault_of([&] { put_vlan(port, 42); }), FaultKind::provider_failure);
    const auto uplink = uplink_port();
    cim::Instance list{"Msvm_VLANEndpointSettingData"};
    list.set("TrunkedVLANList", cim::Type::uint16, cim::Value{cim::Value::Array{42, 43}});
    test.v1->put(test.v1->path_of(vlan_settings(uplink)), list);
    EXPECT_EQ(fault_of([&] { put_vlan(port, 42); }), FaultKind::provider_failure)
        << "still in access mode";
    const auto endpoint = related(uplink, "Msvm_BindsTo", "Msvm_VLANEndpoint").at(0);
    EXPECT_EQ(endpoint["SupportedEndpointModes"], (cim::Value{cim::Value::Array{2, 5}}));
    cim::Instance mode{"Msvm_VLANEndpoint"};
    mode.set("DesiredEndpointMode", cim::Type::uint16, 5);
    test.v1->put(test.v1->path_of(endpoint), mode);
    put_vlan(port, 42);
    EXPECT_EQ(vlan_settings(port)["AccessVLAN"], cim::Value{42});
    EXPECT_EQ(vlan_of(*test.vm(system).settings.first(DeviceKind::connection)), 42);
    EXPECT_EQ(fault_of([&] { put_vlan(port, 5000); }), FaultKind::provider_failure);
    put_vlan(port, 0);
    EXPECT_EQ(vlan_of(*test.vm(system).settings.first(DeviceKind::connection)), std::nullopt);
}

TEST_F(V1Networks, a_port_keeps_its_vlan_before_and_after_its_nic)
{
    test.host.profile().set("v1_vlan_not_trunked", "accepted");
    const auto system = test.define("web-1");
    const auto port = new_port();
    put_vlan(port, 7);
    const auto added = test.added(test.add(system, nic(port)));
    EXPECT_EQ(vlan_of(*test.vm(system).settings.first(DeviceKind::connection)), 7);
    EXPECT_EQ(test.swms("DisconnectSwitchPort", {{"SwitchPort", port}}).return_value, 0U);
    EXPECT_EQ(test.v1->get(added)["Connection"], (cim::Value{cim::Value::Array{""}}));
    EXPECT_EQ(vlan_settings(port)["AccessVLAN"], cim::Value{7});
    EXPECT_EQ(test.swms("DeleteSwitchPort", {{"SwitchPort", port}}).return_value, 0U);
    EXPECT_EQ(test.swms("DeleteSwitchPort", {{"SwitchPort", port}}).return_value, 32773U);
}

TEST_F(V1Networks, put_is_for_network_classes_only)
{
    const auto system = test.define("web-1");
    cim::Instance given{"Msvm_VirtualSystemSettingData"};
    given.set("Notes", cim::Type::string, "x");
    EXPECT_EQ(fault_of([&] {
                  test.v1->put(test.path("Msvm_VirtualSystemSettingData", test.id(system)), given);
              }),
              FaultKind::not_supported);
    cim::Instance name{"Msvm_VirtualSwitch"};
    name.set("ElementName", cim::Type::string, "renamed");
    test.v1->put(network(), name);
    EXPECT_EQ(test.host.networks().front().name, "renamed");
    const auto port = new_port();
    cim::Instance spoofing{"Msvm_SwitchPort"};
    spoofing.set("AllowMacSpoofing", cim::Type::boolean, true);
    test.v1->put(port, spoofing);
    EXPECT_EQ(test.v1->get(port)["AllowMacSpoofing"], cim::Value{true});
}

TEST_F(V1Networks, a_put_that_leaves_properties_out_may_be_refused)
{
    test.host.profile().set("put_omitted_properties", "refused");
    test.host.profile().set("v1_vlan_not_trunked", "accepted");
    const auto port = new_port();
    EXPECT_EQ(fault_of([&] { put_vlan(port, 7); }), FaultKind::schema_violation);
    cim::Instance whole = vlan_settings(port);
    whole.set("AccessVLAN", cim::Type::uint16, 7);
    whole.set("NativeVLAN", cim::Type::uint16, 3);
    test.v1->put(test.v1->path_of(whole), whole);
    EXPECT_EQ(vlan_settings(port)["AccessVLAN"], cim::Value{7});
    EXPECT_EQ(vlan_settings(port)["NativeVLAN"], cim::Value{3});
    whole.set("AccessVLAN", cim::Type::string, "seven");
    EXPECT_EQ(fault_of([&] { test.v1->put(test.v1->path_of(whole), whole); }),
              FaultKind::schema_violation);
}

TEST_F(V1Networks, changing_the_connection_moves_the_nic_to_another_port)
{
    const auto system = test.define("web-1");
    const auto first = new_port();
    const auto second = new_port("BBBBBBBB-BBBB-CCCC-DDDD-EEEEEEEEEEEE");
    const auto added = test.added(test.add(system, nic(first)));
    const auto reconnect = [&](const std::string& connection) {
        return test
            .modify(system, test.text("Msvm_SyntheticEthernetPortSettingData",
                                      {{"InstanceID", *added.key("InstanceID")},
                                       {"Connection", cim::Value::Array{connection}}}))
            .return_value;
    };
    EXPECT_EQ(reconnect(second.text()), 0U);
    EXPECT_TRUE(cim::ObjectPath::parse(*test.v1->get(added)["Connection"].array()->front().string())
                    ->names_same_instance(second));
    EXPECT_FALSE(find_port(test.host, port_name)->port->vm.has_value());
    EXPECT_EQ(reconnect(""), 0U);
    EXPECT_EQ(test.v1->get(added)["Connection"], (cim::Value{cim::Value::Array{""}}));
}

TEST_F(V1Networks, removing_the_vm_leaves_the_clients_port)
{
    const auto system = test.define("web-1");
    const auto port = new_port();
    test.added(test.add(system, nic(port)));
    EXPECT_EQ(
        test.finish(test.vsms("DestroyVirtualSystem", {{"ComputerSystem", system}}))["JobState"],
        cim::Value{7});
    EXPECT_EQ(test.swms("DisconnectSwitchPort", {{"SwitchPort", port}}).return_value, 0U);
    EXPECT_EQ(test.swms("DeleteSwitchPort", {{"SwitchPort", port}}).return_value, 0U);
}

TEST_F(V1Networks, a_running_nic_moves_by_connecting_its_endpoint_to_a_port)
{
    const auto system = test.define("web-1");
    const auto first = new_port();
    const auto second = new_port("BBBBBBBB-BBBB-CCCC-DDDD-EEEEEEEEEEEE");
    test.added(test.add(system, nic(first)));
    test.start(system);
    EXPECT_EQ(test.swms("DeleteSwitchPort", {{"SwitchPort", first}}).return_value, 32774U)
        << "connected";
    const auto endpoint =
        test.v1->path_of(related(first, "Msvm_ActiveConnection", "Msvm_VmLANEndpoint").at(0));
    const auto answer =
        test.swms("ConnectSwitchPort", {{"SwitchPort", second}, {"LANEndpoint", endpoint}});
    EXPECT_EQ(answer.return_value, 0U);
    EXPECT_NO_THROW(test.v1->get(*answer.output["ActiveConnection"].reference()));
    EXPECT_EQ(related(second, "Msvm_ActiveConnection", "Msvm_VmLANEndpoint").size(), 1U);
    EXPECT_EQ(test.swms("ConnectSwitchPort", {{"SwitchPort", first}}).return_value, 32773U);
}

TEST_F(V1Networks, switches_are_made_and_deleted_when_empty)
{
    const std::string id = "CCCCCCCC-BBBB-CCCC-DDDD-EEEEEEEEEEEE";
    const auto made = test.swms("CreateSwitch", {{"Name", id},
                                                 {"FriendlyName", "inner"},
                                                 {"NumLearnableAddresses", 1024},
                                                 {"ScopeOfResidence", ""}});
    ASSERT_EQ(made.return_value, 0U);
    const auto path = *made.output["CreatedVirtualSwitch"].reference();
    EXPECT_EQ(test.v1->get(path)["ElementName"], cim::Value{"inner"});
    EXPECT_EQ(test.swms("CreateSwitch", {{"Name", id}, {"FriendlyName", "again"}}).return_value,
              32773U);
    EXPECT_EQ(test.swms("DeleteSwitch", {{"VirtualSwitch", path}}).return_value, 0U);
    EXPECT_EQ(test.swms("DeleteSwitch", {{"VirtualSwitch", network()}}).return_value, 32774U);
}

} // namespace

} // namespace watari::sim::host::v1
