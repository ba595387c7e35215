#include "tests/driver/world.hpp"

#include "net/memory.hpp"

#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

/// What it ends with when a host at `address` is reached by Basic over plain HTTP.
std::optional<Error> failure_at(const std::string& address)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    const auto random = seeded_random(1);
    sim::HostOptions options;
    options.service.accounts = {{.user = "Administrator", .password = auth::Secret{"watari-sim"}}};
    sim::SimulatedHost host{loop.get_executor(), clock, options};
    host.listen(network, {address, 5985});
    const auto connector = make_connector(network, clock, *random);
    try {
        clock.run(connector->open(
            {.endpoint = {address, 5985}, .user = "Administrator", .password = "watari-sim"}, {},
            Deadline::after(clock, std::chrono::minutes{1})));
    } catch (const Error& error) {
        EXPECT_EQ(host.log().total(), 0U) << "nothing was sent";
        return error;
    }
    return std::nullopt;
}

TEST(Connecting, sends_no_password_in_the_clear_beyond_this_machine)
{
    const auto refused = failure_at("10.0.0.1");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), "basic_needs_encryption");
    const auto failure = failure_at("127.42.0.1");
    EXPECT_FALSE(failure) << failure->code();
}

} // namespace
} // namespace watari::hyperv
