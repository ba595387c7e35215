#pragma once

#include "net/network.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace watari::net {

/// A network inside one process and one loop, on simulated time: any address works, connections are
/// pipes. Faults are switches tests flip at any moment.
class MemoryNetwork final : public Network
{
public:
    MemoryNetwork(Executor executor, Clock& clock);
    ~MemoryNetwork() override;

    Task<std::unique_ptr<Stream>> connect(const Endpoint& to, Deadline deadline) override;
    std::unique_ptr<Listener> listen(const Endpoint& at) override;

    /// Time every chunk of bytes takes to arrive (default 0).
    void set_latency(std::chrono::nanoseconds latency);
    /// Connections to `address` are refused (down) or hang until their deadline (black hole), and
    /// existing ones are cut.
    void set_down(const std::string& address, bool down);
    void set_black_hole(const std::string& address, bool black_hole);
    /// Cuts every open connection to `address` now.
    void cut(const std::string& address);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace watari::net
