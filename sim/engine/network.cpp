#include "sim/engine/network.hpp"

#include "cim/value.hpp"
#include "sim/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

SwitchPort* Switch::find_port(std::string_view wanted) noexcept
{
    const auto at = std::ranges::find_if(
        ports, [&](const SwitchPort& port) { return cim::same_name(port.name, wanted); });
    return at == ports.end() ? nullptr : &*at;
}

Switch* Host::find_network(const Uuid& id) noexcept
{
    const auto at = std::ranges::find(networks_, id, &Switch::id);
    return at == networks_.end() ? nullptr : &*at;
}

Switch& Host::add_network(SwitchOptions options)
{
    Switch network{.id = Uuid::random(random_),
                   .name = std::move(options.name),
                   .host_has_port = options.host_has_port};
    const auto new_port = [&](SwitchPort::Kind kind) {
        return SwitchPort{
            .name = Uuid::random(random_).upper(), .friendly_name = network.name, .kind = kind};
    };
    if (options.external) {
        Adapter adapter{.id = Uuid::random(random_)};
        adapter.mac = fmt::format("001E67{:02X}{:02X}{:02X}", random_.below(256),
                                  random_.below(256), random_.below(256));
        if (!adapters_.empty()) {
            adapter.name += fmt::format(" #{}", adapters_.size() + 1);
        }
        network.uplink = adapter.id;
        SwitchPort uplink = new_port(SwitchPort::Kind::external);
        uplink.trunk = options.trunk;
        uplink.endpoint_mode = uplink.trunk.empty() ? uplink.endpoint_mode : std::uint16_t{5};
        network.ports.push_back(std::move(uplink));
        adapters_.push_back(std::move(adapter));
    }
    if (network.host_has_port) {
        network.ports.push_back(new_port(SwitchPort::Kind::internal));
    }
    return networks_.emplace_back(std::move(network));
}

void Host::remove_network(const Uuid& id)
{
    for (const auto& vm : vms_) {
        for (const Device& device : vm->settings.devices) {
            if (device.network == id && vm->state != VmState::off) {
                refuse(code::in_use, "The switch is in use");
            }
        }
    }
    std::erase_if(networks_, [&](const Switch& network) { return network.id == id; });
}

void Host::set_feature(Vm& vm, std::string_view connection, Feature feature)
{
    Device* device = vm.settings.find(connection);
    if (device == nullptr || device->kind != DeviceKind::connection) {
        refuse(code::invalid_parameter, "There is no such connection");
    }
    const auto at = std::ranges::find_if(device->features, [&](const Feature& have) {
        return have.type == feature.type && have.values.class_name() == feature.values.class_name();
    });
    if (at == device->features.end()) {
        device->features.push_back(std::move(feature));
    } else {
        *at = std::move(feature);
    }
    touch(vm);
}

} // namespace watari::sim
