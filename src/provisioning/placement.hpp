#pragma once

#include "core/byte_size.hpp"
#include "core/error.hpp"
#include "provisioning/inventory.hpp"
#include "store/records/vm.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace watari::provisioning {

/// What a VM needs of a host.
struct Wish {
    ByteSize memory;
    std::int64_t processors = 1;
    ByteSize disk;
    std::optional<store::ImageId> image = {};
    std::string image_name = {};
    std::string image_format = {};
    store::DiskSource disk_source = store::DiskSource::empty;
    std::optional<std::string> disk_format = {}; ///< vhd, vhdx; absent: the host's best
    std::optional<store::NetworkId> network = {};
    std::string network_name = {};
    std::optional<store::HostId> only_host = {};
};

/// The rules a host may break. Kept in records as bits: a number once given stays.
enum class Rule : std::uint8_t {
    ready = 0,
    takes_vms = 1,
    memory = 2,
    processors = 3,
    has_storage = 4,
    storage = 5,
    image = 6,
    differencing = 7,
    vhdx = 8,
    network = 9,
    observed = 10,
};

using Broken = std::uint16_t; ///< one bit per Rule

/// What the rules say of a host, in a few bytes.
struct Verdict {
    Broken broken = 0;
    std::uint16_t storage = 0; ///< index of the host's best one
    double score = 0;

    bool fits() const noexcept { return broken == 0; }
};

Verdict judge(const HostView& host, const Wish& wish);

// What a VM gets on a host that fits.
std::string disk_format_of(const HostView& host, const Wish& wish);
std::string switch_of(const HostView& host, const Wish& wish);     ///< empty without a network
std::string image_path_of(const HostView& host, const Wish& wish); ///< empty without an image

/// A host as placement saw it, and every rule that refused it: for people.
struct Candidate {
    std::string host_name;
    std::string storage_path = {};
    ByteSize memory_free = {};
    ByteSize storage_free = {}; ///< of the best storage
    std::vector<Message> why_not = {};

    bool fits() const noexcept { return why_not.empty(); }
};

/// A host and a storage of it.
struct Place {
    std::shared_ptr<const HostView> host;
    std::size_t storage = 0;
    double score = 0;

    const HostView::Storage& where() const { return host->storages.at(storage); }
};

/// Every host judged for one wish. The host with the most free memory and storage wins: the larger
/// of the smaller of both shares.
class Decision
{
public:
    Decision() = default;
    Decision(std::shared_ptr<const Snapshot> snapshot, Wish wish);

    const Wish& wish() const noexcept { return wish_; }
    std::size_t looked_at() const noexcept { return judged_.size(); }
    std::size_t fitting() const noexcept { return fitting_; }
    bool found() const noexcept { return fitting_ > 0; }
    /// The best of those that fit.
    std::optional<Place> chosen() const;
    /// At most so many of those that fit, best first.
    std::vector<Place> best(std::size_t count) const;
    /// Every host, best first, with its reasons.
    std::vector<Candidate> candidates() const;

private:
    friend boost::json::value to_json(const Decision& decision);

    struct Judged {
        Verdict verdict;
        std::uint32_t host = 0; ///< index in the snapshot
    };

    bool is_better(const Judged& a, const Judged& b) const;
    std::vector<Judged> ranked(std::size_t count) const;
    Candidate candidate(const Judged& judged) const;

    std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>();
    Wish wish_ = {};
    std::vector<Judged> judged_ = {};
    std::size_t fitting_ = 0;
};

/// What of a storage a VM of these sizes reserves: the disk at full growth and room for its saved
/// state.
ByteSize storage_needed(ByteSize disk, ByteSize memory);

/// Takes the best place there is now: every candidate is judged again as its rows are in this
/// transaction, and the reservation enforces the limits. Throws NoPlace when the decision found
/// none, unavailable (message::placement_overtaken) when others took every place tried.
Place take_place(store::Transaction& transaction, const Decision& decision,
                 store::ReservationId reservation, store::VmId vm);

/// Nobody can take the VM: why, for every host.
class NoPlace : public Error
{
public:
    /// exhausted (message::no_capacity) when every refusal is lack of room, conflict
    /// (message::host_is_observed, only_observed_hosts) when it is that no host may be changed,
    /// else unsupported (message::no_host_fits).
    explicit NoPlace(const Decision& decision);
    /// Host and refusal.
    const std::vector<std::pair<std::string, Message>>& refusals() const noexcept
    {
        return refusals_;
    }

private:
    explicit NoPlace(const std::vector<Candidate>& candidates);

    std::vector<std::pair<std::string, Message>> refusals_;
};

/// A decision as operations keep it: what was wished, the best hosts, and every refused host with
/// the rules it broke and the numbers they were judged by.
boost::json::value to_json(const Decision& decision);

/// A kept decision as people read it.
struct Explanation {
    std::optional<std::string> chosen = {};
    std::vector<Candidate> candidates = {}; ///< the best that fitted, then all that were refused
};
/// Nothing where the record is none of to_json's.
Explanation explain(const boost::json::value& record);

} // namespace watari::provisioning
