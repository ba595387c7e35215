#include "sim/host/owner.hpp"

#include <algorithm>

namespace watari::sim::host {

void for_each_vm(Host& host, const Demand& demand, const std::function<void(Vm&)>& visit)
{
    if (demand.owners() == nullptr) {
        for (const auto& vm : host.vms()) {
            visit(*vm);
        }
        return;
    }
    std::vector<Vm*> found;
    for (const Uuid& id : *demand.owners()) {
        const auto owner = host.find_owner(id);
        if (owner && std::ranges::find(found, owner->vm) == found.end()) {
            found.push_back(owner->vm);
            visit(*owner->vm);
        }
    }
}

void for_each_owner(Host& host, const Demand& demand,
                    const std::function<void(const Owner&)>& visit)
{
    const auto is_meant = [&](const Uuid& id) { return !demand.is_exact() || demand.may_mean(id); };
    for_each_vm(host, demand, [&](Vm& vm) {
        if (is_meant(vm.id)) {
            visit(Owner{.vm = vm});
        }
        for (const Checkpoint& checkpoint : vm.checkpoints) {
            if (is_meant(checkpoint.id)) {
                visit(Owner{.vm = vm, .checkpoint = &checkpoint});
            }
        }
    });
}

} // namespace watari::sim::host
