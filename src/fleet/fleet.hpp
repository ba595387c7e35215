#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/sync.hpp"
#include "hyperv/connect/connect.hpp"
#include "store/database.hpp"
#include "store/records/host.hpp"
#include "store/secret_box.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace watari::fleet {

struct FleetOptions {
    std::chrono::seconds refresh_every{60};
    std::chrono::seconds refresh_timeout{120};
    /// How often a refresh reads NICs and disks of every VM too (8 class-wide queries instead of 2
    /// requests).
    std::chrono::seconds inventory_every{600};
    /// After this many failed contacts in a row a host is left alone for a growing while (circuit
    /// breaker), at most `open_max`.
    int failures_to_open = 3;
    std::chrono::seconds open_first{5};
    std::chrono::seconds open_max{60};
};

/// Told of every HTTP request sent for one call; null: nobody counts.
using CountRequest = std::function<void(hyperv::RequestKind)>;

/// The hosts this node talks to: one connection each, their credentials, their inventory in the
/// store. Its memory is a cache; the database holds what counts.
class Fleet
{
public:
    struct Parts {
        store::Store& store;
        const store::SecretBox& secrets;
        hyperv::Connector& connector;
        Clock& clock;
        hyperv::SiteId site; ///< in the mark of every VM of ours
        /// Told of a host that answers again after its circuit was open.
        std::function<void(store::HostId)> on_back = {};
        /// Told of a VM of ours whose mark a machine carries that its row does not name.
        std::function<void(store::VmId)> on_twin = {};
    };
    explicit Fleet(Parts parts, FleetOptions options = {});
    ~Fleet();

    /// The host's connection, opened (and probed when never probed) at need; shared by all
    /// operations. Throws not_found (no such host), unavailable (message::host_resting while the
    /// circuit is open; refused; no route), unauthenticated, unsupported, timed_out.
    Task<std::shared_ptr<hyperv::Connection>> connect(store::HostId host, Deadline deadline);
    /// Told by those who use a connection: whether the host answered. Opens and closes the circuit.
    void answered(store::HostId host);
    void failed(store::HostId host, const Error& error);
    /// Drops connection and memory of a host that was removed.
    void forget(store::HostId host);
    /// Told of a host's record that was changed: whether it is only observed holds from now on, for
    /// connections that are there, too.
    void noticed(const store::HostRecord& record);

    /// Connects anew, as the record says now, and records what the host is: namespace, generation,
    /// capabilities with evidence, facts; or why it could not be reached.
    Task<> probe(store::HostId host, Deadline deadline, CountRequest count = {});
    /// Walks to the host hop by hop, resting or not, and records nothing. Throws not_found,
    /// cancelled.
    Task<hyperv::Diagnosis> diagnose(store::HostId host, Deadline deadline);
    /// Reads facts and the VM list and records them: free memory, volumes, what each of our VMs is
    /// now. Changes nothing on the host.
    Task<> refresh(store::HostId host, Deadline deadline, CountRequest count = {});
    /// Refreshes every host again and again until stop().
    Task<> run();
    void stop();

private:
    struct HostState;
    struct Seen {
        WallTime since; ///< it is not older than this
        hyperv::HostFacts facts;
        std::vector<hyperv::VmSummary> vms;
        std::optional<std::vector<std::string>> macs = {}; ///< of an inventory
    };

    std::shared_ptr<HostState> state_of(store::HostId host);
    void refuse_while_resting(const HostState& state, const store::HostRecord& record) const;
    Task<std::shared_ptr<hyperv::Connection>> open(HostState& state,
                                                   const store::HostRecord& record, bool anew,
                                                   Deadline deadline, CountRequest count = {});
    Task<store::HostRecord> load(store::HostId host, std::string& password);
    Task<store::HostRecord> probe_now(store::HostId host, Deadline deadline, CountRequest count);
    Task<Seen> look_at(store::HostId host, HostState& state, Deadline deadline, CountRequest count);
    Task<> record_failure(store::HostId host, Error error);
    Task<> refresh_logged(store::HostId host);
    void start_refresh(const Executor& executor, store::HostId host);

    store::Store& store_;
    const store::SecretBox& secrets_;
    hyperv::Connector& connector_;
    Clock& clock_;
    hyperv::SiteId site_;
    std::function<void(store::HostId)> on_back_;
    std::function<void(store::VmId)> on_twin_;
    FleetOptions options_;
    std::map<store::HostId, std::shared_ptr<HostState>> hosts_;
    Signal stopping_;
    struct Refreshes;
    std::unique_ptr<Refreshes> refreshes_; ///< under way
    bool stopped_ = false;
};

} // namespace watari::fleet
