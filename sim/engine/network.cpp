#include "sim/engine/network.hpp"

#include "cim/value.hpp"

#include <algorithm>

namespace watari::sim {

SwitchPort* Switch::find_port(std::string_view wanted) noexcept
{
    const auto at = std::ranges::find_if(
        ports, [&](const SwitchPort& port) { return cim::same_name(port.name, wanted); });
    return at == ports.end() ? nullptr : &*at;
}

} // namespace watari::sim
