#include "sim/engine/vm.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace watari::sim {

Device* Settings::find(std::string_view id) noexcept
{
    const auto at = std::ranges::find_if(
        devices, [&](const Device& device) { return cim::same_name(device.id, id); });
    return at == devices.end() ? nullptr : &*at;
}

const Device* Settings::find(std::string_view id) const noexcept
{
    return const_cast<Settings*>(this)->find(id);
}

std::vector<const Device*> Settings::on(std::string_view id) const
{
    std::vector<const Device*> found;
    for (const Device& device : devices) {
        if (!device.parent.empty() && cim::same_name(device.parent, id)) {
            found.push_back(&device);
        }
    }
    std::ranges::sort(found, {}, [](const Device* device) {
        return std::pair{device->slot, std::string_view{device->id}};
    });
    return found;
}

const Device* Settings::first(DeviceKind kind) const noexcept
{
    const auto at = std::ranges::find(devices, kind, &Device::kind);
    return at == devices.end() ? nullptr : &*at;
}

void Settings::remove(std::string_view id)
{
    std::erase_if(devices, [&](const Device& device) { return cim::same_name(device.id, id); });
    std::erase_if(boot_sources,
                  [&](const std::string& source) { return cim::same_name(source, id); });
}

std::optional<std::uint16_t> vlan_of(const Device& connection)
{
    for (const Feature& feature : connection.features) {
        if (feature.values.class_name() != "Msvm_EthernetSwitchPortVlanSettingData") {
            continue;
        }
        const auto mode = feature.values["OperationMode"].unsigned_integer();
        const auto vlan = feature.values["AccessVlanId"].unsigned_integer();
        if (mode == 1U && vlan && *vlan != 0) {
            return static_cast<std::uint16_t>(*vlan);
        }
    }
    return std::nullopt;
}

const Checkpoint* Vm::find_checkpoint(const Uuid& checkpoint) const noexcept
{
    const auto at = std::ranges::find(checkpoints, checkpoint, &Checkpoint::id);
    return at == checkpoints.end() ? nullptr : &*at;
}

} // namespace watari::sim
