#pragma once

#include "net/network.hpp"

#include <memory>

namespace watari::net {

/// Real TCP on the loop behind `executor`; deadlines through `clock`, which must be of the same
/// loop.
std::unique_ptr<Network> tcp_network(Executor executor, Clock& clock);

} // namespace watari::net
