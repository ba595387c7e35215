#pragma once

#include "core/random.hpp"
#include "operations/engine.hpp"
#include "provisioning/placement.hpp"
#include "provisioning/services.hpp"
#include "store/records/operation.hpp"
#include "store/records/plan.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace watari::provisioning {

/// Who asks, and what else commits with the acceptance.
struct Asker {
    store::ProjectId project;
    std::string actor;
    std::string request_id;
    std::string reason = {};
    /// Runs in the transaction that accepts the operation (an idempotency key's row); may throw to
    /// refuse.
    std::function<void(store::Transaction&, const store::OperationRecord&)> with = {};
};

/// Names are those of records: an id or a name.
struct VmOrder {
    std::string name;
    std::string plan;
    std::optional<std::string> image = {};
    std::optional<store::DiskSource> disk_source = {};
    std::optional<std::string> disk_format = {};
    std::optional<std::string> network = {};
    std::optional<std::string> host = {};
    bool start = true;
    std::optional<std::int64_t> memory_mib = {};
    std::optional<std::int64_t> processors = {};
    std::optional<std::int64_t> disk_bytes = {};
};

struct ResizeOrder {
    std::optional<std::string> plan = {};
    std::optional<std::int64_t> memory_mib = {};
    std::optional<std::int64_t> processors = {};
    std::optional<std::int64_t> disk_bytes = {};
    bool restart = false;
};

/// What is to become of a host's record, in the transaction that accepts the order; may throw to
/// refuse. `has_password`: as recorded, and as it is to be.
using ChangeHost = std::function<void(store::HostRecord& record, bool& has_password)>;

struct ReplicaOrder {
    std::string host;
    std::string path;
};

/// What an order would do, without doing it.
struct WorkPlan {
    Decision placement;
    std::vector<std::pair<std::string, Message>> steps; ///< id and title
    std::optional<std::int64_t> requests_budget = {};
    std::string host = {};
    std::string ns = {};
    std::vector<Error> refusals;
};

/// Requests a workflow may send to a host at most, host-job polls apart (DESIGN section 5); nullopt
/// where none is set.
std::optional<std::int64_t> requests_budget(std::string_view workflow, std::string_view ns,
                                            store::DiskSource source, std::size_t disks);

/// Checks orders and accepts them: the record, the operation, its event and audit row in one
/// transaction. A refused order leaves nothing.
class Orders
{
public:
    Orders(Services& services, const store::SecretBox& secrets, operations::Engine& engine,
           Clock& clock, Random& random);

    /// Throws: invalid (sizes), not_found (plan, image, network, host), conflict
    /// (message::vm_name_taken), exhausted (capacity, quota), unsupported (no host can).
    Task<store::OperationRecord> create_vm(VmOrder order, Asker asker);
    Task<WorkPlan> plan_create_vm(VmOrder order, Asker asker);
    /// Throws conflict when another operation works on the VM, or when it runs and `force` is
    /// false.
    Task<store::OperationRecord> delete_vm(std::string vm, bool force, Asker asker);
    Task<store::OperationRecord> start_vm(std::string vm, Asker asker);
    /// Removes the machines that carry the VM's mark, are off and have nothing, and are not the one
    /// its row names. Throws not_found, conflict (message::vm_busy, host_is_observed).
    Task<store::OperationRecord> remove_twins(store::VmId vm);
    Task<store::OperationRecord> stop_vm(std::string vm, bool force, Asker asker);
    Task<store::OperationRecord> resize_vm(std::string vm, ResizeOrder order, Asker asker);
    /// The record without its id; no password: another proof of the account.
    Task<store::OperationRecord> enroll_host(store::HostRecord host,
                                             std::optional<std::string> password, Asker asker);
    /// A `password` is kept unless `change` says that there is to be none. What was changed stays,
    /// whether the host can be reached with it or not.
    Task<store::OperationRecord> update_host(std::string host, ChangeHost change,
                                             std::optional<std::string> password, Asker asker);
    /// When it returns, nothing that changes the host is sent any more; what is under way there
    /// waits until changes are allowed.
    Task<store::OperationRecord> observe_host(std::string host, Asker asker);
    Task<store::OperationRecord> allow_changes(std::string host, Asker asker);
    Task<store::OperationRecord> refresh_host(std::string host, Asker asker);
    Task<store::OperationRecord> remove_host(std::string host, Asker asker);
    Task<store::OperationRecord> add_storage(std::string host, std::string path, Asker asker);
    Task<store::OperationRecord> add_image(std::string name, std::vector<ReplicaOrder> replicas,
                                           Asker asker);
    Task<store::OperationRecord> add_plan(store::PlanRecord plan, Asker asker);
    Task<store::OperationRecord> add_network(store::NetworkRecord network, Asker asker);
    Task<store::OperationRecord> cancel(store::OperationId operation, Asker asker);

private:
    Task<store::OperationRecord> set_observed(std::string host, bool observed, Asker asker);
    template <class Id>
    Id fresh_id()
    {
        return store::new_id<Id>(std::chrono::system_clock::time_point{clock_.now()}, random_);
    }
    Task<store::OperationRecord>
    accept(Asker asker, std::function<operations::NewOperation(store::Transaction&)> prepare);

    Services& services_;
    const store::SecretBox& secrets_;
    operations::Engine& engine_;
    Clock& clock_;
    Random& random_;
};

// Look-ups by id or name; each throws not_found naming what and where to look.
store::HostRecord get_host(store::Transaction& transaction, std::string_view id_or_name);
store::VmRecord get_vm(store::Transaction& transaction, store::ProjectId project,
                       std::string_view id_or_name);
store::PlanRecord get_plan(store::Transaction& transaction, std::string_view id_or_name);
store::ImageRecord get_image(store::Transaction& transaction, std::string_view id_or_name);
store::NetworkRecord get_network(store::Transaction& transaction, std::string_view id_or_name);

} // namespace watari::provisioning
