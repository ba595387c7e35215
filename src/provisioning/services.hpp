#pragma once

#include "core/sync.hpp"
#include "fleet/fleet.hpp"
#include "hyperv/driver.hpp"
#include "operations/workflow.hpp"
#include "provisioning/inventory.hpp"
#include "store/database.hpp"
#include "store/records/host.hpp"
#include "store/records/vm.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace watari::provisioning {

/// What every workflow works with; outlives the engine.
struct Services {
    store::Store& store;
    fleet::Fleet& fleet;
    Inventory& inventory;
    hyperv::SiteId site;
    /// The longest a request may run on a host; a lost change is waited for so long before anybody
    /// acts again.
    std::chrono::seconds operation_timeout{60};
    /// Turns to copy an image file of a host: copies of one source collide there.
    std::map<std::pair<store::HostId, hyperv::HostPath>, Semaphore> copies = {};
};

/// The step's deadline, durable "sent" mark, progress and request count as a driver wants them.
hyperv::CallContext call_context(const Services& services, operations::StepContext& step);

/// Runs one act on a host's driver and tells the fleet whether the host answered.
template <class T>
using Act = std::function<Task<T>(hyperv::Driver&, hyperv::CallContext)>;
template <class T>
Task<T> on_host(Services& services, operations::StepContext& step, store::HostId host, Act<T> act);

/// The guest's own shutdown, for Step::waits_for: right after a start the guest takes none yet.
bool is_guest_not_ready(const Error& error);
/// The image to copy is in use, for Step::waits_for.
bool is_image_in_use(const Error& error);

/// An undo of something done to a machine: a machine that is gone needs none.
Task<> if_there(Task<> undo);

/// The VM an operation is about, and its host. Throws not_found, conflict (message::vm_not_placed).
Task<store::VmRecord> vm_of(operations::StepContext& step);
store::HostId host_of(const store::VmRecord& vm);
/// What proves on its host that the VM is ours.
hyperv::VmRef reference(const Services& services, const store::VmRecord& vm);
hyperv::OwnershipMark mark_of(const Services& services, store::VmId vm);
/// The folder the VM's configuration lies in: the storage's path and the VM's id.
hyperv::HostPath folder_of_vm(const store::VmRecord& vm);

/// Members of an operation's input or of a step's result; absent and null are nullopt.
std::optional<std::string> text_in(const boost::json::value& json, std::string_view name);
std::optional<std::int64_t> number_in(const boost::json::value& json, std::string_view name);
bool flag_in(const boost::json::value& json, std::string_view name);
/// Sets a member of the step's result.
void note(operations::StepContext& step, std::string_view name, boost::json::value value);

} // namespace watari::provisioning
