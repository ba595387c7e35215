#include "tests/driver/world.hpp"

#include "net/memory.hpp"

#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

/// A host at `address`, and what reaches it by Basic over plain HTTP.
class Reached
{
public:
    explicit Reached(const std::string& address) : endpoint_{address, 5985}
    {
        host_.listen(network_, endpoint_);
    }

    std::unique_ptr<Connection> open()
    {
        return clock_.run(connector_->open(
            {.endpoint = endpoint_, .user = "Administrator", .password = "watari-sim"}, {},
            Deadline::after(clock_, std::chrono::minutes{1})));
    }
    sim::SimulatedHost& host() { return host_; }
    /// Somebody's machine: settings to look at.
    void add_vm()
    {
        const auto connection = open();
        clock_.run(connection->driver().define_vm(
            {.mark = {SiteId{Uuid::random(*random_)}, VmId{Uuid::random(*random_)}},
             .name = "desk",
             .folder = "D:\\desk",
             .processors = 1,
             .memory = ByteSize::mib(1024)},
            std::nullopt, {.deadline = Deadline::after(clock_, std::chrono::minutes{1})}));
    }

private:
    static sim::HostOptions options()
    {
        sim::HostOptions options;
        options.service.accounts = {
            {.user = "Administrator", .password = auth::Secret{"watari-sim"}}};
        return options;
    }

    net::Endpoint endpoint_;
    boost::asio::io_context loop_;
    SimulatedClock clock_{loop_};
    net::MemoryNetwork network_{loop_.get_executor(), clock_};
    std::unique_ptr<Random> random_ = seeded_random(1);
    sim::SimulatedHost host_{loop_.get_executor(), clock_, options()};
    std::unique_ptr<Connector> connector_ = make_connector(network_, clock_, *random_);
};

/// What it ends with; nullopt: well.
std::optional<Error> failure_at(const std::string& address)
{
    Reached reached{address};
    try {
        reached.open();
    } catch (const Error& error) {
        EXPECT_EQ(reached.host().log().total(), 0U) << "nothing was sent";
        return error;
    }
    return std::nullopt;
}

void expect_capabilities_of_2012_r2(const Probe& probe, std::string_view evidence)
{
    for (const auto& [capability, is_there] :
         {std::pair{Capability::vhdx, true}, std::pair{Capability::vm_generation_2, true},
          std::pair{Capability::grow_online, true}, std::pair{Capability::runtime_memory, false},
          std::pair{Capability::class_metadata, true}}) {
        EXPECT_EQ(probe.capabilities.has(capability), is_there) << static_cast<int>(capability);
    }
    EXPECT_NE(probe.capabilities.all().at(Capability::vm_generation_2).by.find(evidence),
              std::string::npos)
        << probe.capabilities.all().at(Capability::vm_generation_2).by;
}

TEST(Connecting, sends_no_password_in_the_clear_beyond_this_machine)
{
    const auto refused = failure_at("10.0.0.1");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), "basic_needs_encryption");
    const auto failure = failure_at("127.42.0.1");
    EXPECT_FALSE(failure) << failure->code();
}

TEST(Connecting, asks_the_class_of_settings_what_the_host_can_do_and_builds_none_of_them)
{
    Reached reached{"127.42.0.1"};
    const auto connection = reached.open();
    EXPECT_EQ(connection->requests(), 3U);
    expect_capabilities_of_2012_r2(connection->probe(), "the class Msvm_VirtualSystemSettingData");
}

TEST(Connecting, looks_at_settings_where_the_host_describes_no_class)
{
    Reached reached{"127.42.0.1"};
    reached.add_vm();
    reached.host().faults().add({.operation = "Get",
                                 .times = 1,
                                 .effect = sim::FaultEffect::fault,
                                 .number = 2150858752,
                                 .subcode = "wsa:DestinationUnreachable"});
    const auto connection = reached.open();
    EXPECT_GT(connection->requests(), 3U);
    expect_capabilities_of_2012_r2(connection->probe(), "Msvm_VirtualSystemSettingData carries");
}

} // namespace
} // namespace watari::hyperv
