#pragma once

#include "net/network.hpp"

#include <memory>

namespace watari::world {

/// The network as one process has it. unplug() is that process's death: everything it held is
/// closed at once, and nothing of it reaches anybody from then on.
class PluggedNetwork final : public net::Network
{
public:
    explicit PluggedNetwork(net::Network& outside);
    ~PluggedNetwork() override;

    Task<std::unique_ptr<net::Stream>> connect(const net::Endpoint& to, Deadline deadline) override;
    std::unique_ptr<net::Listener> listen(const net::Endpoint& at) override;
    void unplug();

    struct Plug;

private:
    std::shared_ptr<Plug> plug_;
};

} // namespace watari::world
