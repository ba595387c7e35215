#pragma once

#include "auth/multipart.hpp"
#include "core/simulated_clock.hpp"
#include "http/client.hpp"
#include "net/memory.hpp"
#include "sim/admission.hpp"
#include "sim/testing.hpp"
#include "sim/tls.hpp"
#include "wsman/client/guard.hpp"
#include "wsman/client/session.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// For tests: a host served on a network in memory, with real HTTP and real authentication.
namespace watari::sim {

class ServedHost : public testing::Test
{
protected:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    ServedHost() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
    ~ServedHost() override
    {
        client.reset();
        host.reset();
        std::filesystem::remove_all(folder);
    }

    void start(HostOptions options)
    {
        client.reset();
        host = std::make_unique<SimulatedHost>(loop.get_executor(), clock, std::move(options));
        host->listen(network, at);
    }

    /// As a Windows host is configured by default, and Basic besides.
    static ServiceOptions strict_service()
    {
        return {.authentication =
                    authentication({.schemes = "negotiate,basic", .accounts = {administrator()}}),
                .allow_unencrypted = false};
    }
    void start_strict(Generation generation = Generation::ws2012r2)
    {
        start({.engine = {.generation = generation}, .service = strict_service()});
    }
    void listen_tls()
    {
        host->listen_tls(
            network, at_tls,
            host_certificate(authority_in(folder, clock.now()), "HV01", at.address, clock.now()));
    }
    net::TlsClientOptions trust() const
    {
        return {.ca_files = {folder + "/ca.pem"}, .server_name = "HV01"};
    }

    static auth::Credentials administrator()
    {
        return {.user = "Administrator", .password = auth::Secret{"Pa55:wörd"}};
    }
    static auth::MakeClientScheme ntlm(const auth::Credentials& account = administrator())
    {
        return auth::negotiate_client(
            {.user = account.user, .password = account.password, .host = "hv01"});
    }
    static std::string basic(const auth::Credentials& account = administrator())
    {
        return "Basic " + auth::base64_encode(account.user + ":" + account.password.reveal());
    }

    void connect(http::ClientOptions options, net::Endpoint to)
    {
        options.connections_max = 1;
        client = std::make_unique<http::Client>(network, clock, std::move(to), std::move(options));
    }
    void connect(auth::MakeClientScheme make_scheme)
    {
        connect({.make_guard = wsman::client_guard(std::move(make_scheme))}, at);
    }
    /// Nobody authenticates: the test writes the headers.
    void connect_bare() { connect(http::ClientOptions{}, at); }

    http::Response post(std::string body, const Headers& headers = {})
    {
        http::Request request{.method = "POST", .target = "/wsman", .body = std::move(body)};
        request.headers.set("Content-Type", std::string{wsman::names::content_type});
        for (const auto& [name, value] : headers) {
            request.headers.set(name, value);
        }
        return clock.run(
            client->send(std::move(request), Deadline::after(clock, std::chrono::seconds{90})));
    }
    wsman::Response ask(const wsman::Request& request, const Headers& headers = {})
    {
        last = post(wsman::encode(request), headers);
        return wsman::decode_response(last.body, TestHost::types(request.header.resource_uri));
    }

    /// A session over the client's connections.
    std::unique_ptr<wsman::Session> session(std::uint64_t max_envelope_size = 512'000)
    {
        return std::make_unique<wsman::Session>(
            *client, clock, *random,
            wsman::SessionOptions{.max_envelope_size = max_envelope_size,
                                  .types_of = [](std::string_view ns) -> const cim::TypeSource& {
                                      return TestHost::types(wsman::resource_uri(ns, "X"));
                                  }});
    }

    static std::string identify()
    {
        wsman::Request request;
        request.body = wsman::Identify{};
        return wsman::encode(request);
    }
    /// Get of the host's own Msvm_ComputerSystem, or Win32_OperatingSystem's like where there is
    /// no v2.
    static wsman::Request get_disk()
    {
        return TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk", wsman::Get{},
                                 {{"DeviceID", "C:"}});
    }

    std::string folder = (std::filesystem::temp_directory_path() / "watari-served-XXXXXX").string();
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    std::unique_ptr<Random> random = seeded_random(11);
    std::unique_ptr<SimulatedHost> host;
    std::unique_ptr<http::Client> client;
    http::Response last;
    const net::Endpoint at{.address = "10.0.0.1", .port = 5985};
    const net::Endpoint at_tls{.address = "10.0.0.1", .port = 5986};
};

} // namespace watari::sim
