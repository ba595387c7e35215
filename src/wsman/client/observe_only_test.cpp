#include "wsman/client/observe_only.hpp"

#include "core/catalogue.hpp"
#include "wsman/client/stub_host.hpp"

#include <array>

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

constexpr std::string_view machines = "Msvm_VirtualSystemManagementService";
constexpr std::string_view disks = "Msvm_ImageManagementService";

/// Every kind of request, so that one that is added is judged here, too.
std::vector<std::pair<RequestBody, bool>> all_kinds()
{
    std::vector<std::pair<RequestBody, bool>> all{
        {Identify{}, true},   {Get{}, true},          {Put{}, false},
        {Create{}, false},    {Delete{}, false},      {Enumerate{}, true},
        {Pull{}, true},       {Release{}, true},      {Invoke{.method = "DefineSystem"}, false},
        {Subscribe{}, false}, {Unsubscribe{}, false}, {Renew{}, false},
    };
    return all;
}

TEST(ObserveOnly, every_kind_of_request_is_judged)
{
    const auto all = all_kinds();
    ASSERT_EQ(all.size(), std::variant_size_v<RequestBody>);
    for (std::size_t index = 0; index < all.size(); ++index) {
        EXPECT_EQ(all[index].first.index(), index) << "each once";
        EXPECT_EQ(may_send(all[index].first, machines), all[index].second) << index;
    }
}

TEST(ObserveOnly, of_methods_only_those_known_to_read_are_sent)
{
    const auto may_invoke = [](std::string_view class_name, std::string method) {
        return may_send(Invoke{.method = std::move(method)}, class_name);
    };
    EXPECT_TRUE(may_invoke(machines, "GetSummaryInformation"));
    EXPECT_TRUE(may_invoke("msvm_virtualsystemmanagementservice", "GetSummaryInformation"))
        << "names of classes know no case";
    EXPECT_TRUE(may_invoke(disks, "GetVirtualHardDiskInfo"));
    EXPECT_TRUE(may_invoke(disks, "GetVirtualHardDiskSettingData"));
    EXPECT_TRUE(may_invoke(disks, "GetVirtualHardDiskState"));
    EXPECT_TRUE(may_invoke("Msvm_StorageJob", "GetErrorEx"));
    for (const std::string_view method :
         {"GetSummaryInformationAndDestroy", "getsummaryinformation", "Get", "", "DestroySystem",
          "ModifySystemSettings", "ValidateVirtualHardDisk", "GetVirtualHardDiskInfo"}) {
        EXPECT_FALSE(may_invoke(machines, std::string{method})) << method;
    }
    EXPECT_FALSE(may_invoke("Msvm_ComputerSystem", "RequestStateChange"));
    EXPECT_FALSE(may_invoke("CIM_DataFile", "Delete"));
    EXPECT_FALSE(may_invoke("", "GetSummaryInformation"));
}

class ObserveOnlySession : public StubHost
{
protected:
    std::shared_ptr<Observation> observation =
        std::make_shared<Observation>(Observation{.host = "hv1"});

    ObserveOnlySession()
    {
        answer = [](const Request& request) {
            return std::holds_alternative<Get>(request.body)
                       ? soap(request, InstanceResponse{cim::Instance{"Msvm_ComputerSystem"}})
                       : soap(request, InvokeResponse{});
        };
        start({.observation = observation});
    }

    Failure change()
    {
        return failure_of(
            session->invoke(vm(), "RequestStateChange", {}, Effect::changes, in(60s)));
    }
};

TEST_F(ObserveOnlySession, sends_no_change_and_says_how_to_allow_it)
{
    EXPECT_EQ(change(), (Failure{ErrorKind::conflict, "host_is_observed"}));
    EXPECT_EQ(failure_of(session->put(vm(), {}, in(60s))).second, "host_is_observed");
    EXPECT_EQ(
        failure_of(session->invoke(vm(), "RequestStateChange", {}, Effect::reads, in(60s))).second,
        "host_is_observed")
        << "whatever the caller takes it for";
    EXPECT_TRUE(received.empty());
    EXPECT_TRUE(records.empty()) << "what was not sent is counted nowhere";
    clock.run(session->get(vm(), in(60s)));
    EXPECT_EQ(received.size(), 1U);
    try {
        require_may_send(observation.get(), Put{}, "X");
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_NE(render(error, Language::en).find("watari host allow-changes hv1"),
                  std::string::npos);
    }
}

TEST_F(ObserveOnlySession, hears_of_the_switch_before_its_next_request)
{
    observation->is_on = false;
    clock.run(session->invoke(vm(), "RequestStateChange", {}, Effect::changes, in(60s)));
    observation->is_on = true;
    EXPECT_EQ(change().second, "host_is_observed");
    EXPECT_EQ(received.size(), 1U);
}

} // namespace
} // namespace watari::wsman
