#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <vector>

namespace watari::hyperv::v1 {

/// Eight class-wide queries, joined by InstanceID, and one request per path. A path that is not
/// there is left out.
Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths);
/// Three requests, and one more where a NIC is connected.
Task<std::optional<Vm>> find_vm(Act& act, HostVmId guid);
/// Five requests.
Task<HostFacts> read_host_facts(Act& act);

} // namespace watari::hyperv::v1
