#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/task.hpp"
#include "net/certificates.hpp"
#include "net/network.hpp"
#include "sim/service.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::sim {

struct HostOptions {
    EngineOptions engine = {};
    ServiceOptions service = {};
    std::uint64_t seed = 1;
};

/// A simulated host that listens: engine, service and HTTP server.
class SimulatedHost
{
public:
    /// `wire`: the network's clock when the host's own runs faster (ScaledClock).
    SimulatedHost(Executor executor, Clock& clock, HostOptions options, Clock* wire = nullptr);
    ~SimulatedHost();

    /// Throws conflict (port in use).
    void listen(net::Network& network, const net::Endpoint& at);
    net::Endpoint address() const;
    /// HTTPS beside it, in the versions of TLS its generation speaks (see tls_of).
    void listen_tls(net::Network& network, const net::Endpoint& at, net::KeyPair pair);
    std::optional<net::Endpoint> tls_address() const;

    Host& engine() noexcept { return *host_; }
    Service& service() noexcept { return *service_; }
    Faults& faults() noexcept { return service_->faults(); }
    RequestLog& log() noexcept { return service_->log(); }

    struct Door;

private:
    std::unique_ptr<Random> random_;
    std::unique_ptr<Host> host_;
    std::unique_ptr<Service> service_;
    std::shared_ptr<Door> door_;
};

/// "ws2012r2*3,ws2008r2sp1" → generations in order. Throws invalid (message::hvsim_bad_hosts).
std::vector<Generation> generations_from(std::string_view hosts);

/// Several hosts in one process.
class SimulatedFleet
{
public:
    SimulatedFleet(Executor executor, Clock& clock, Clock* wire = nullptr)
        : executor_(std::move(executor)), clock_(clock), wire_(wire)
    {
    }

    SimulatedHost& add(HostOptions options);
    std::vector<std::unique_ptr<SimulatedHost>>& hosts() noexcept { return hosts_; }
    /// `127.42.(1 + i/250).(1 + i%250)`
    static std::string default_address(std::size_t index);

private:
    Executor executor_;
    Clock& clock_;
    Clock* wire_;
    std::vector<std::unique_ptr<SimulatedHost>> hosts_;
};

} // namespace watari::sim
