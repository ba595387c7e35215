#include "hyperv/connect/connect.hpp"

#include "hyperv/connect/connection.hpp"
#include "hyperv/connect/doctor.hpp"
#include "hyperv/connect/probe.hpp"
#include "hyperv/v1/driver.hpp"
#include "hyperv/v2/driver.hpp"

#include <utility>

namespace watari::hyperv {

std::optional<NamespaceChoice> namespace_choice_from(std::string_view name) noexcept
{
    if (name == "auto") {
        return NamespaceChoice::automatic;
    }
    if (name == "v1") {
        return NamespaceChoice::v1;
    }
    return name == "v2" ? std::optional{NamespaceChoice::v2} : std::nullopt;
}

std::string_view to_string(NamespaceChoice choice) noexcept
{
    switch (choice) {
    case NamespaceChoice::automatic:
        return "auto";
    case NamespaceChoice::v1:
        return "v1";
    case NamespaceChoice::v2:
        return "v2";
    }
    return "auto";
}

LiveConnection::LiveConnection(net::Network& network, Clock& clock, Random& random,
                               const HostAddress& address, Logons& logons, Probe probe,
                               OnRequest on_request)
    : requests_(std::make_shared<std::uint64_t>(0)),
      probe_(std::move(probe)),
      client_(std::make_unique<http::Client>(network, clock, address.endpoint,
                                             logons.client_options(address, probe_.stack)))
{
    auto count = [requests = requests_,
                  on_request = std::move(on_request)](const wsman::RequestRecord& record) {
        ++*requests;
        if (on_request) {
            on_request(record);
        }
    };
    wmi::Surroundings around{.client = *client_,
                             .clock = clock,
                             .random = random,
                             .capabilities = probe_.capabilities,
                             .host_name = probe_.computer_name.empty() ? address.endpoint.text()
                                                                       : probe_.computer_name,
                             .on_request = std::move(count),
                             .observation = address.observation,
                             .quota = logons.quota_of(address)};
    driver_ = probe_.ns == Namespace::v1 ? v1::make_driver(std::move(around))
                                         : v2::make_driver(std::move(around));
}

void LiveConnection::count_probe(std::uint64_t requests)
{
    *requests_ += requests;
}

namespace {

class WsmanConnector final : public Connector
{
public:
    WsmanConnector(net::Network& network, Clock& clock, Random& random, Pool* blocking)
        : network_(network), clock_(clock), random_(random), logons_(clock, blocking)
    {
    }

    Task<std::unique_ptr<Connection>> open(HostAddress address, OnRequest on_request,
                                           Deadline deadline) override;
    std::unique_ptr<Connection> reopen(HostAddress address, Probe known,
                                       OnRequest on_request) override
    {
        return std::make_unique<LiveConnection>(network_, clock_, random_, address, logons_,
                                                std::move(known), std::move(on_request));
    }
    Task<Diagnosis> diagnose(HostAddress address, Deadline deadline) override
    {
        return hyperv::diagnose(network_, clock_, random_, std::move(address), logons_, deadline);
    }

private:
    net::Network& network_;
    Clock& clock_;
    Random& random_;
    Logons logons_;
};

Task<std::unique_ptr<Connection>> WsmanConnector::open(HostAddress address, OnRequest on_request,
                                                       Deadline deadline)
{
    std::uint64_t requests = 0;
    Probe probe;
    {
        // Its connections are closed before the driver's are opened: Stack 2.0 admits few.
        http::Client client{network_, clock_, address.endpoint,
                            logons_.client_options(address, "2.0")};
        const OnRequest count = [&requests, &on_request](const wsman::RequestRecord& record) {
            ++requests;
            if (on_request) {
                on_request(record);
            }
        };
        probe = co_await probe_host(client, clock_, random_, address, count, deadline);
    }
    auto connection = std::make_unique<LiveConnection>(network_, clock_, random_, address, logons_,
                                                       std::move(probe), std::move(on_request));
    connection->count_probe(requests);
    co_return connection;
}

} // namespace

std::unique_ptr<Connector> make_connector(net::Network& network, Clock& clock, Random& random,
                                          Pool* blocking)
{
    return std::make_unique<WsmanConnector>(network, clock, random, blocking);
}

} // namespace watari::hyperv
