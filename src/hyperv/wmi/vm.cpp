#include "hyperv/wmi/vm.hpp"

#include "hyperv/wmi/memory.hpp"

namespace watari::hyperv::wmi {

void check(const Act& act, const VmSpec& spec)
{
    require_local(spec.folder);
    require_aligned(spec.memory);
    if (spec.vm_generation == 2) {
        act.capabilities().require(Capability::vm_generation_2, act.host());
    }
    if (!spec.configuration_version.empty()) {
        act.capabilities().require(Capability::configuration_versions, act.host());
    }
}

} // namespace watari::hyperv::wmi
