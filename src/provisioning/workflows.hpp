#pragma once

#include "operations/workflow.hpp"
#include "provisioning/services.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace watari::provisioning {

// One function per workflow, each in the file of its name: a list of steps, read from top to
// bottom.

operations::Workflow create_vm(Services& services);
operations::Workflow delete_vm(Services& services);
operations::Workflow resize_vm(Services& services);
operations::Workflow start_vm(Services& services);
operations::Workflow stop_vm(Services& services);
operations::Workflow remove_twins(Services& services);
operations::Workflow enroll_host(Services& services);
operations::Workflow update_host(Services& services);
operations::Workflow observe_host(Services& services);
operations::Workflow allow_changes(Services& services);
operations::Workflow refresh_host(Services& services);
operations::Workflow remove_host(Services& services);
operations::Workflow add_storage(Services& services);
operations::Workflow add_image(Services& services);
operations::Workflow add_network(Services& services);
operations::Workflow add_plan(Services& services);

/// All of them: what the engine is given. `services` outlives the engine.
std::vector<operations::Workflow> all_workflows(Services& services);

} // namespace watari::provisioning
