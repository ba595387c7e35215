#include "sim/tls.hpp"

#include "core/simulated_clock.hpp"
#include "http/client.hpp"
#include "net/memory.hpp"
#include "sim/fleet.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace watari::sim {
namespace {

using std::chrono_literals::operator""s;

struct HttpsHost : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    std::string folder =
        (std::filesystem::temp_directory_path() / "watari-sim-tls-XXXXXX").string();
    std::unique_ptr<SimulatedHost> host;
    const net::Endpoint http{.address = "10.0.0.1", .port = 5985};
    const net::Endpoint https{.address = "10.0.0.1", .port = 5986};

    HttpsHost() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
    ~HttpsHost() override { std::filesystem::remove_all(folder); }

    void start(Generation generation, std::map<std::string, std::string> switches = {})
    {
        HostOptions options{.service = {.anonymous = true}};
        options.engine.generation = generation;
        options.engine.switches = std::move(switches);
        host = std::make_unique<SimulatedHost>(loop.get_executor(), clock, std::move(options));
        host->listen(network, http);
        host->listen_tls(
            network, https,
            host_certificate(authority_in(folder, clock.now()), "HV01", "10.0.0.1", clock.now()));
    }

    /// The status of the answer to Identify's request, or the code of the failure.
    std::string outcome()
    {
        http::Client client{network,
                            clock,
                            https,
                            {.tls = net::TlsClientOptions{.ca_files = {folder + "/ca.pem"},
                                                          .server_name = "HV01"}}};
        try {
            return std::to_string(
                clock.run(client.send({.target = "/nothing"}, Deadline::after(clock, 30s))).status);
        } catch (const Error& error) {
            return error.code();
        }
    }
};

TEST_F(HttpsHost, is_reached_by_name_with_the_authority_left_in_the_folder)
{
    for (const Generation generation : {Generation::ws2012, Generation::ws2012r2}) {
        start(generation);
        EXPECT_EQ(outcome(), "404");
        EXPECT_EQ(host->tls_address(), https);
        host.reset();
    }
}

TEST_F(HttpsHost, of_2008_r2_offers_only_tls_1_0_until_its_switch_is_set)
{
    start(Generation::ws2008r2sp1);
    EXPECT_EQ(outcome(), "tls_too_old");
    host.reset();
    start(Generation::ws2008r2sp1, {{"tls12_enabled", "yes"}});
    EXPECT_EQ(outcome(), "404");
}

} // namespace
} // namespace watari::sim
