#pragma once

#include "http/client.hpp"
#include "hyperv/connect/connect.hpp"
#include "hyperv/connect/logons.hpp"

namespace watari::hyperv {

/// An http::Client and the driver over it; counts what leaves.
class LiveConnection final : public Connection
{
public:
    LiveConnection(net::Network& network, Clock& clock, Random& random, const HostAddress& address,
                   Logons& logons, Probe probe, OnRequest on_request);

    Driver& driver() override { return *driver_; }
    const Probe& probe() const override { return probe_; }
    std::uint64_t requests() const override { return *requests_; }
    /// Requests that were sent to find out what `probe` says.
    void count_probe(std::uint64_t requests);

private:
    std::shared_ptr<std::uint64_t> requests_;
    Probe probe_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<Driver> driver_;
};

} // namespace watari::hyperv
