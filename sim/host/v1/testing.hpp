#pragma once

#include "cim/cim_xml.hpp"
#include "core/simulated_clock.hpp"
#include "sim/host/v1/namespace.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// A host with its v1 namespace, without the wire.
namespace watari::sim::host::v1 {

using Values = std::vector<std::pair<std::string, cim::Value>>;

class TestHost
{
public:
    explicit TestHost(Generation generation = Generation::ws2008r2sp1,
                      std::map<std::string, std::string> switches = {})
        : clock{loop},
          random{seeded_random(1)},
          host{clock, *random, {.generation = generation, .switches = std::move(switches)}},
          v1{make_repository(host)}
    {
    }

    /// Calls a method of the service, addressed as clients do, by CreationClassName alone.
    MethodAnswer call(const std::string& service, const std::string& method, const Values& values)
    {
        return call_on({"root/virtualization", service, {{"CreationClassName", service}}}, method,
                       values);
    }
    MethodAnswer call_on(const cim::ObjectPath& target, const std::string& method,
                         const Values& values)
    {
        cim::Instance input{method};
        for (const auto& [name, value] : values) {
            input.set(name, cim::Type::string, value);
        }
        return v1->invoke(
            {.target = target, .method = method, .input = input, .account = "tester"});
    }
    MethodAnswer vsms(const std::string& method, const Values& values)
    {
        return call("Msvm_VirtualSystemManagementService", method, values);
    }
    MethodAnswer ims(const std::string& method, const Values& values)
    {
        return call("Msvm_ImageManagementService", method, values);
    }
    MethodAnswer swms(const std::string& method, const Values& values)
    {
        return call("Msvm_VirtualSwitchManagementService", method, values);
    }

    /// An embedded instance; each property has its declared type, an undeclared one is a string.
    std::string text(const std::string& class_name, const Values& values) const
    {
        cim::Instance instance{class_name};
        const schema::ClassInfo* info = v1->catalogue().find(class_name);
        for (const auto& [name, value] : values) {
            const schema::PropertyInfo* property =
                info == nullptr ? nullptr : info->find_property(name);
            instance.set(name, property == nullptr ? cim::Type::string : property->type, value);
        }
        return cim::to_cim_xml(instance);
    }

    cim::ObjectPath define(const std::string& name)
    {
        const MethodAnswer answer =
            vsms("DefineVirtualSystem",
                 {{"SystemSettingData",
                   text("Msvm_VirtualSystemGlobalSettingData", {{"ElementName", name}})}});
        EXPECT_EQ(answer.return_value, 0U);
        return *answer.output["DefinedSystem"].reference();
    }
    Vm& vm(const cim::ObjectPath& system)
    {
        return *host.find_vm(*Uuid::parse(*system.key("Name")));
    }
    std::string id(const cim::ObjectPath& system, const std::string& rest = {}) const
    {
        return "Microsoft:" + *system.key("Name") + (rest.empty() ? "" : "\\" + rest);
    }
    cim::Instance get(const std::string& class_name, const std::string& instance_id)
    {
        return v1->get({"root/virtualization", class_name, {{"InstanceID", instance_id}}});
    }
    cim::ObjectPath path(const std::string& class_name, const std::string& instance_id) const
    {
        return cim::ObjectPath{"root/virtualization", class_name, {{"InstanceID", instance_id}}}
            .with_host(host.name());
    }

    MethodAnswer add(const cim::ObjectPath& system, const std::string& resource)
    {
        return vsms(
            "AddVirtualSystemResources",
            {{"TargetSystem", system}, {"ResourceSettingData", cim::Value::Array{resource}}});
    }
    MethodAnswer modify(const cim::ObjectPath& system, const std::string& resource)
    {
        return vsms(
            "ModifyVirtualSystemResources",
            {{"ComputerSystem", system}, {"ResourceSettingData", cim::Value::Array{resource}}});
    }
    static cim::ObjectPath added(const MethodAnswer& answer)
    {
        EXPECT_EQ(answer.return_value, 0U);
        const auto* array = answer.output["NewResources"].array();
        return array == nullptr || array->empty() ? cim::ObjectPath{} : *array->front().reference();
    }
    std::string drive(const cim::ObjectPath& system, const std::string& slot)
    {
        return text("Msvm_ResourceAllocationSettingData",
                    {{"ResourceType", 22},
                     {"ResourceSubType", "Microsoft Synthetic Disk Drive"},
                     {"Parent", path("Msvm_ResourceAllocationSettingData",
                                     id(system, "83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0"))
                                    .text()},
                     {"Address", slot}});
    }
    std::string disk(const cim::ObjectPath& parent, const std::string& file) const
    {
        return text("Msvm_ResourceAllocationSettingData",
                    {{"ResourceType", 21},
                     {"ResourceSubType", "Microsoft Virtual Hard Disk"},
                     {"Parent", parent.text()},
                     {"Connection", cim::Value::Array{file}}});
    }

    std::uint32_t request_state(const cim::ObjectPath& system, int state)
    {
        return call_on(system, "RequestStateChange", {{"RequestedState", state}}).return_value;
    }
    /// Runs the host job to its end and gives its instance.
    cim::Instance finish(const MethodAnswer& answer)
    {
        EXPECT_EQ(answer.return_value, 4096U);
        const cim::ObjectPath job = *answer.output["Job"].reference();
        clock.advance(std::chrono::seconds{60});
        return v1->get(job);
    }
    void make_disk(const std::string& path, std::uint64_t size)
    {
        EXPECT_EQ(finish(ims("CreateDynamicVirtualHardDisk",
                             {{"Path", path}, {"MaxInternalSize", size}}))["JobState"],
                  cim::Value{7});
    }
    void start(const cim::ObjectPath& system)
    {
        EXPECT_EQ(request_state(system, 2), 4096U);
        clock.advance(std::chrono::seconds{30});
    }
    std::size_t count(const std::string& wql) { return v1->query(wql).size(); }

    boost::asio::io_context loop;
    SimulatedClock clock;
    std::unique_ptr<Random> random;
    Host host;
    std::unique_ptr<Repository> v1;
};

/// The fault `act` ends in; nullopt: none.
inline std::optional<FaultKind> fault_of(const std::function<void()>& act)
{
    try {
        act();
    } catch (const RepositoryFault& fault) {
        return fault.kind();
    }
    return std::nullopt;
}

} // namespace watari::sim::host::v1
