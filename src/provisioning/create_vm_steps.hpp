// The steps of create_vm, each concern in its own source.
#pragma once

#include "provisioning/services.hpp"

#include <chrono>
#include <optional>

namespace watari::provisioning::creating {

using operations::Looked;
using operations::StepContext;

// place: a host, a storage, a path and an address are chosen and reserved before anything exists.
Task<> look_around(Services& services, StepContext& step);
void commit_place(store::Transaction& transaction, StepContext& step);

// disk: the file.
constexpr std::chrono::hours disk_time_limit{2};
Task<Looked> look_for_disk(Services& services, StepContext& step);
Task<> make_disk(Services& services, StepContext& step);

// define: the machine, marked from its first moment.
Task<Looked> look_for_machine(Services& services, StepContext& step);
Task<> define_machine(Services& services, StepContext& step);
void commit_machine(store::Transaction& transaction, StepContext& step);
Task<> undefine_machine(Services& services, StepContext& step);
Task<std::optional<hyperv::Vm>> find_machine(Services& services, StepContext& step,
                                             const store::VmRecord& vm, hyperv::HostVmId guid);

} // namespace watari::provisioning::creating
