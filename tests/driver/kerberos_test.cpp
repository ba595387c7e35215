#include "auth/test_kdc.hpp"
#include "hyperv/connect/connect.hpp"
#include "net/memory.hpp"
#include "sim/authentication.hpp"
#include "sim/fleet.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

using auth::testing_support::TestKdc;
using namespace std::chrono_literals;

/// Hosts of several realms on real time, because a KDC that hangs holds a thread and no clock.
class Realms : public testing::Test
{
protected:
    Realms()
    {
        sim::HostOptions options;
        options.service.authentication =
            sim::authentication({.schemes = "kerberos", .keytab = kdc.service_keytab()});
        for (int i = 1; i <= hosts_of_each + 1; ++i) {
            hosts.add(options).listen(network, {"10.0.0." + std::to_string(i), 5985});
        }
    }

    HostAddress address(int host, const std::string& realm) const
    {
        return {.endpoint = {"10.0.0." + std::to_string(host), 5985},
                .user = "operator@" + realm,
                .password = "secret",
                .scheme = LogonScheme::kerberos,
                .name = TestKdc::host};
    }

    static constexpr int hosts_of_each = 3; ///< more than may wait for one realm at a time

    TestKdc kdc;
    boost::asio::io_context loop;
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    net::MemoryNetwork network{loop.get_executor(), *clock};
    sim::SimulatedFleet hosts{loop.get_executor(), *clock};
    std::unique_ptr<Random> random = seeded_random(1);
    std::unique_ptr<Pool> threads = thread_pool(8);
    std::unique_ptr<Connector> connector = make_connector(network, *clock, *random, threads.get());
    std::vector<std::string> ends; ///< how the logons in the mute realm ended
};

Task<> log_on(Connector& connector, HostAddress address, Deadline deadline,
              std::vector<std::string>& ends)
{
    std::string end = "ok";
    try {
        co_await connector.open(std::move(address), {}, deadline);
    } catch (const Error& error) {
        end = error.kind() == ErrorKind::unavailable ? "unavailable" : error.code();
    }
    ends.push_back(std::move(end));
}

TEST_F(Realms, a_kdc_that_hangs_slows_no_host_of_another_realm)
{
    const Deadline deadline = Deadline::after(*clock, 5min);
    for (int host = 1; host <= hosts_of_each; ++host) {
        spawn(loop.get_executor(),
              log_on(*connector, address(host, TestKdc::mute_realm), deadline, ends), "mute");
    }
    std::vector<std::string> of_others;
    for (int i = 0; i < 3; ++i) {
        spawn(loop.get_executor(),
              log_on(*connector, address(hosts_of_each + 1, TestKdc::realm), deadline, of_others),
              "other");
        while (of_others.size() <= static_cast<std::size_t>(i)) {
            loop.run_one();
        }
    }
    EXPECT_EQ(of_others, (std::vector<std::string>(3, "ok")));
    EXPECT_TRUE(ends.empty()) << "the others still wait for their KDC";
    kdc.end_mute();
    while (ends.size() < hosts_of_each) {
        loop.run_one();
    }
    EXPECT_EQ(ends, (std::vector<std::string>(hosts_of_each, "unavailable")));
}

} // namespace
} // namespace watari::hyperv
