#pragma once

#include "core/byte_size.hpp"
#include "core/error.hpp"
#include "store/database.hpp"
#include "store/records/host.hpp"
#include "store/records/image.hpp"
#include "store/records/network.hpp"
#include "store/records/reservation.hpp"
#include "store/records/vm.hpp"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace watari::provisioning {

/// What a VM needs of a host.
struct Wish {
    ByteSize memory;
    std::int64_t processors = 1;
    ByteSize disk;
    std::optional<store::ImageId> image = {};
    std::string image_name = {};
    store::DiskSource disk_source = store::DiskSource::empty;
    std::optional<std::string> disk_format = {}; ///< vhd, vhdx; absent: the host's best
    std::optional<store::NetworkId> network = {};
    std::string network_name = {};
    std::optional<store::HostId> only_host = {};
    std::optional<store::HostId> not_host = {};
};

/// One host as placement saw it, and every rule that refused it.
struct Candidate {
    store::HostId host;
    std::string host_name;
    std::optional<store::StorageId> storage = {};
    std::string storage_path = {};
    ByteSize memory_free =
        {}; ///< what a new VM could get: free now, less the host's reserve and what is promised
    ByteSize storage_free = {}; ///< likewise of the best storage
    std::string disk_format = {};
    std::optional<store::NetworkBindingRecord> binding = {};
    std::optional<store::ImageReplicaRecord> replica = {};
    double score = 0;
    std::vector<Message> why_not = {};

    bool fits() const noexcept { return why_not.empty(); }
};

/// The decision and why: every host that was looked at, best first.
struct Decision {
    std::vector<Candidate> candidates;

    const Candidate* chosen() const noexcept;
};

/// What of a storage a VM of these sizes reserves: the disk at full growth and room for its saved
/// state.
ByteSize storage_needed(ByteSize disk, ByteSize memory);

/// Looks at every host in one transaction. The host with the most free memory and storage wins: the
/// larger of the smaller of both shares.
Decision place(store::Transaction& transaction, const Wish& wish);
/// Reserves the chosen place; throws exhausted when the capacity went meanwhile.
void reserve_place(store::Transaction& transaction, store::ReservationId id, store::VmId vm,
                   const Candidate& place, const Wish& wish);
/// Nobody can take the VM: why, for every host.
class NoPlace : public Error
{
public:
    /// exhausted (message::no_capacity) when every refusal is lack of room, else unsupported
    /// (message::no_host_fits).
    explicit NoPlace(const Decision& decision);
    /// Host and refusal.
    const std::vector<std::pair<std::string, Message>>& refusals() const noexcept
    {
        return refusals_;
    }

private:
    std::vector<std::pair<std::string, Message>> refusals_;
};

/// For the operation's record and for people: the decision as JSON (the REST contract's Placement),
/// messages as code and arguments.
boost::json::value to_json(const Decision& decision);

} // namespace watari::provisioning
