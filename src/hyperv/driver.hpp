#pragma once

#include "core/task.hpp"
#include "hyperv/words.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace watari::hyperv {

/// Called by every changing act directly before its first changing request leaves: durable code
/// records "sent" here. May throw to stop.
using BeforeChange = std::function<Task<>()>;

/// What one HTTP request to a host was for. Polls of host jobs and handshakes are counted apart
/// from the budgets.
enum class RequestKind { read, change, job_poll };

/// What every call gets: how long it may take, how to record that a change is about to be sent, and
/// where progress goes.
struct CallContext {
    Deadline deadline = Deadline::never();
    /// The longest a request of this call may run on the host (its OperationTimeout): so long a
    /// lost change may still happen.
    std::chrono::seconds operation_timeout{60};
    BeforeChange before_change = {}; ///< null: nothing to record
    std::function<void(int percent)> progress =
        {}; ///< host job's PercentComplete; null: nobody listens
    std::function<void(RequestKind kind)> on_request =
        {}; ///< once per HTTP request sent for this call; null: nobody counts
};

/// One host through one namespace. Implementations: hyperv/v1, hyperv/v2; made by hyperv/connect.
///
/// Every act but define_vm is idempotent: called again after an unknown outcome it finds what is
/// already there. Every act verifies by reading back before it returns. Errors (kinds): not_found
/// (VM or file), conflict (state forbids; needs off; message::vm_must_be_off, disk_in_use, …),
/// unsupported (capability), exhausted (memory, space), denied, unavailable/timed_out (nothing
/// changed), outcome_unknown (look before repeating), invalid (refused before anything was sent).
/// An ownership proof that fails throws conflict: message::ownership_lost (guid, name, what was
/// found, command to mark again).
class Driver
{
public:
    virtual ~Driver() = default;

    virtual Namespace ns() const noexcept = 0;
    virtual const Capabilities& capabilities() const noexcept = 0;

    // reading
    virtual Task<HostFacts> host_facts(CallContext context) = 0;
    /// v2: 2 requests while the answer fits the envelope; v1: 3. The host itself is not in the
    /// list.
    virtual Task<std::vector<VmSummary>> list_vms(CallContext context) = 0;
    /// 8 class-wide queries, plus one request per path in `disk_paths`.
    virtual Task<Inventory> inventory(std::span<const HostPath> disk_paths,
                                      CallContext context) = 0;
    virtual Task<std::optional<Vm>> find_vm(HostVmId guid, CallContext context) = 0;
    /// Every VM that carries the mark, or (v1) the birth mark: none, one, or a twin.
    virtual Task<std::vector<VmSummary>> find_by_mark(OwnershipMark mark, CallContext context) = 0;
    virtual Task<std::optional<DiskFacts>> find_disk(HostPath path, CallContext context) = 0;
    /// The folder's path without trailing separator (`D:\` keeps its own); nullopt: there is no
    /// such folder, or a file has the name.
    virtual Task<std::optional<HostPath>> find_folder(HostPath path, CallContext context) = 0;

    // disks
    /// Makes the file (new, full copy then grown, or differencing child) and reads it back. An
    /// existing file at the path is conflict (message::disk_exists) unless it already is what was
    /// asked for and nobody uses it; of a full copy nothing proves that.
    virtual Task<DiskFacts> create_disk(NewDisk disk, CallContext context) = 0;
    /// Never shrinks; not a differencing VHD, not a disk with checkpoints or children (conflict).
    virtual Task<DiskFacts> grow_disk(GrowDisk disk, CallContext context) = 0;
    /// Deletes exactly this file if its name or its folder carries `vm` and nothing on the host
    /// holds it; done when it is not there.
    virtual Task<> delete_disk(HostPath path, VmId vm, CallContext context) = 0;

    // machines
    /// Defines the VM with memory and processors, marked from its first moment (v1: birth mark,
    /// then notes and name). `earlier` is what an interrupted try left (found by find_by_mark): it
    /// is completed instead of making another. Without it nothing is looked for first.
    virtual Task<HostVmId> define_vm(VmSpec spec, std::optional<HostVmId> earlier,
                                     CallContext context) = 0;
    /// Adds what of these is not there yet: drives with media, NICs with their connection and VLAN.
    /// Reads back.
    virtual Task<> add_devices(VmRef vm, std::vector<DiskAttachment> disks,
                               std::vector<NicAttachment> nics, CallContext context) = 0;
    /// Already running is done. Waits until the host says running.
    virtual Task<> start(VmRef vm, CallContext context) = 0;
    /// Asks the guest to shut down and waits for off until shortly before the deadline; conflict
    /// (message::guest_did_not_shut_down) when the guest does not (nothing is forced), unavailable
    /// (message::guest_cannot_shut_down) when it takes none now.
    virtual Task<> shut_down(VmRef vm, CallContext context) = 0;
    /// Cuts the power. Already off is done.
    virtual Task<> turn_off(VmRef vm, CallContext context) = 0;
    /// Static memory. Running needs Capability::runtime_memory, else conflict:
    /// message::vm_must_be_off.
    virtual Task<> set_memory(VmRef vm, ByteSize memory, CallContext context) = 0;
    /// Needs the VM off.
    virtual Task<> set_processors(VmRef vm, unsigned count, CallContext context) = 0;
    /// Both at once, in one request, where a plan changes both.
    virtual Task<> set_resources(VmRef vm, std::optional<ByteSize> memory,
                                 std::optional<unsigned> processors, CallContext context) = 0;
    /// Turns off if running (only with `force`), removes the VM (v1: its switch ports too). Not its
    /// disk files. Already gone is done.
    virtual Task<> delete_vm(VmRef vm, bool force, CallContext context) = 0;
};

} // namespace watari::hyperv
