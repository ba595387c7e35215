#pragma once

#include "sim/demand.hpp"
#include "sim/engine/host.hpp"

#include <functional>

/// What both namespaces' providers go through.
namespace watari::sim::host {

/// Settings that can be shown: a VM's own, or a checkpoint's.
struct Owner {
    Vm& vm;
    const Checkpoint* checkpoint = nullptr; ///< null: the VM's own

    const Uuid& id() const noexcept { return checkpoint == nullptr ? vm.id : checkpoint->id; }
    const Settings& settings() const noexcept
    {
        return checkpoint == nullptr ? vm.settings : checkpoint->settings;
    }
};

/// Those the demand can mean; a VM's own settings come before those of its checkpoints.
void for_each_owner(Host& host, const Demand& demand,
                    const std::function<void(const Owner&)>& visit);
void for_each_vm(Host& host, const Demand& demand, const std::function<void(Vm&)>& visit);

} // namespace watari::sim::host
