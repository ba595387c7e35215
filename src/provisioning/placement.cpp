#include "provisioning/placement.hpp"

#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "store/value_cells.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <tuple>

namespace watari::provisioning {

namespace {

ByteSize less(ByteSize a, ByteSize b)
{
    return a > b ? a - b : ByteSize{};
}

double share(ByteSize left, ByteSize whole)
{
    return whole == ByteSize{}
               ? 0.0
               : static_cast<double>(left.in_bytes()) / static_cast<double>(whole.in_bytes());
}

/// What a decision needs of all hosts, read in a few queries however many there are.
struct Site {
    store::ReservedEverywhere reserved;
    std::map<store::HostId, std::vector<store::StorageRecord>> storages;
    std::map<store::HostId, store::NetworkBindingRecord> bindings; ///< of the network wished for
    std::map<store::HostId, store::ImageReplicaRecord> replicas;   ///< of the image wished for
    std::string image_format;
};

template <class Id, class Value>
Value value_or_none(const std::map<Id, Value>& values, const Id& id)
{
    const auto found = values.find(id);
    return found == values.end() ? Value{} : found->second;
}

template <class Id, class Value>
std::optional<Value> find(const std::map<Id, Value>& values, const Id& id)
{
    const auto found = values.find(id);
    return found == values.end() ? std::nullopt : std::optional{found->second};
}

Site read_site(store::Transaction& transaction, const Wish& wish)
{
    Site site{.reserved = store::reserved_everywhere(transaction),
              .storages = {},
              .bindings = {},
              .replicas = {},
              .image_format = {}};
    for (auto& storage : store::list<store::StorageRecord>(transaction)) {
        site.storages[storage.host].push_back(std::move(storage));
    }
    if (wish.network) {
        for (auto& binding : store::bindings_of(transaction, *wish.network)) {
            site.bindings.emplace(binding.host, std::move(binding));
        }
    }
    if (wish.image) {
        site.image_format = store::get<store::ImageRecord>(transaction, *wish.image).format;
        for (auto& replica : store::replicas_of(transaction, *wish.image)) {
            site.replicas.emplace(replica.host, std::move(replica));
        }
    }
    return site;
}

bool has_room(const Candidate& candidate, const Wish& wish)
{
    return candidate.storage_free >= storage_needed(wish.disk, wish.memory);
}

void choose_storage(const Site& site, const Wish& wish, Candidate& candidate, ByteSize& volume_size)
{
    const auto storages = site.storages.find(candidate.host);
    if (storages == site.storages.end()) {
        candidate.why_not.push_back(message::host_has_no_storage{.host = candidate.host_name});
        return;
    }
    for (const auto& storage : storages->second) {
        const ByteSize left = less(less(storage.volume_free, storage.reserve),
                                   value_or_none(site.reserved.storage, storage.id));
        if (!candidate.storage || left > candidate.storage_free) {
            candidate.storage = storage.id;
            candidate.storage_path = storage.path;
            candidate.storage_free = left;
            volume_size = storage.volume_size;
        }
    }
    if (!has_room(candidate, wish)) {
        candidate.why_not.push_back(
            message::host_lacks_storage{.host = candidate.host_name,
                                        .free = candidate.storage_free.human(),
                                        .needed = storage_needed(wish.disk, wish.memory).human()});
    }
}

void check_disk(const Site& site, const store::HostRecord& host, const Wish& wish,
                Candidate& candidate)
{
    const auto probe = fleet::recorded_probe(host);
    const bool vhdx = probe && probe->capabilities.has(hyperv::Capability::vhdx);
    candidate.disk_format = wish.disk_format.value_or(vhdx ? "vhdx" : "vhd");
    if (wish.image) {
        candidate.replica = find(site.replicas, candidate.host);
        if (!candidate.replica || !candidate.replica->verified) {
            candidate.why_not.push_back(
                message::host_lacks_image{.host = candidate.host_name, .image = wish.image_name});
        } else if (!wish.disk_format) {
            candidate.disk_format = site.image_format;
        }
        if (wish.disk_source == store::DiskSource::differencing && probe &&
            !probe->capabilities.has(hyperv::Capability::differencing_from_image)) {
            candidate.why_not.push_back(
                message::host_lacks_differencing{.host = candidate.host_name});
        }
    }
    if (candidate.disk_format == "vhdx" && !vhdx) {
        candidate.why_not.push_back(message::host_lacks_vhdx{.host = candidate.host_name});
    }
}

void check_memory(const Site& site, const store::HostRecord& host, const Wish& wish,
                  Candidate& candidate)
{
    const ByteSize now = less(less(host.memory_free, host.memory_reserve),
                              value_or_none(site.reserved.memory_not_held, host.id));
    const ByteSize policy = less(less(host.memory_total, host.memory_reserve),
                                 value_or_none(site.reserved.memory, host.id));
    candidate.memory_free = std::min(now, policy);
    if (candidate.memory_free < wish.memory) {
        candidate.why_not.push_back(
            message::host_lacks_memory{.host = candidate.host_name,
                                       .free = candidate.memory_free.human(),
                                       .needed = wish.memory.human()});
    }
    if (wish.processors > host.processors) {
        candidate.why_not.push_back(
            message::host_lacks_processors{.host = candidate.host_name,
                                           .has = std::to_string(host.processors),
                                           .needed = std::to_string(wish.processors)});
    }
}

Candidate judge(const Site& site, const store::HostRecord& host, const Wish& wish)
{
    Candidate candidate{.host = host.id, .host_name = host.name};
    if (host.state != store::HostState::ready) {
        candidate.why_not.push_back(message::host_not_ready{
            .host = host.name, .state = std::string{store::name_of(host.state)}});
    }
    if (!host.schedulable || host.observe) {
        candidate.why_not.push_back(message::host_takes_no_vms{.host = host.name});
    }
    ByteSize volume_size;
    check_memory(site, host, wish, candidate);
    choose_storage(site, wish, candidate, volume_size);
    check_disk(site, host, wish, candidate);
    if (wish.network) {
        candidate.binding = find(site.bindings, host.id);
        if (!candidate.binding) {
            candidate.why_not.push_back(
                message::network_not_attached{.network = wish.network_name, .host = host.name});
        }
    }
    candidate.score = std::min(
        share(less(candidate.memory_free, wish.memory), host.memory_total),
        share(less(candidate.storage_free, storage_needed(wish.disk, wish.memory)), volume_size));
    return candidate;
}

bool is_lack_of_room(const Message& refusal)
{
    return refusal.code == "host_lacks_memory" || refusal.code == "host_lacks_storage";
}

bool only_lacks_room(const Decision& decision)
{
    return !decision.candidates.empty() &&
           std::ranges::all_of(decision.candidates, [](const auto& candidate) {
               return std::ranges::all_of(candidate.why_not, is_lack_of_room);
           });
}

Message summary_of(const Decision& decision)
{
    if (decision.candidates.empty()) {
        return message::no_host_enrolled{};
    }
    const auto hosts = std::to_string(decision.candidates.size());
    if (only_lacks_room(decision)) {
        return message::no_capacity{.hosts = hosts};
    }
    return message::no_host_fits{.hosts = hosts};
}

} // namespace

const Candidate* Decision::chosen() const noexcept
{
    return !candidates.empty() && candidates.front().fits() ? &candidates.front() : nullptr;
}

ByteSize storage_needed(ByteSize disk, ByteSize memory)
{
    return disk + memory;
}

Decision place(store::Transaction& transaction, const Wish& wish)
{
    const Site site = read_site(transaction, wish);
    Decision decision;
    for (const auto& host : store::list<store::HostRecord>(transaction)) {
        if (wish.only_host && *wish.only_host != host.id) {
            continue;
        }
        decision.candidates.push_back(judge(site, host, wish));
    }
    std::ranges::sort(decision.candidates, [](const Candidate& a, const Candidate& b) {
        return std::tuple{!a.fits(), -a.score, a.host_name} <
               std::tuple{!b.fits(), -b.score, b.host_name};
    });
    return decision;
}

void reserve_place(store::Transaction& transaction, store::ReservationId id, store::VmId vm,
                   const Candidate& chosen, const Wish& wish)
{
    const auto host = store::get<store::HostRecord>(transaction, chosen.host);
    const auto storage = store::get<store::StorageRecord>(transaction, chosen.storage.value());
    store::reserve(transaction,
                   {.id = id,
                    .vm = vm,
                    .host = chosen.host,
                    .storage = chosen.storage,
                    .memory = wish.memory,
                    .storage_bytes = storage_needed(wish.disk, wish.memory),
                    .processors = wish.processors},
                   {.memory = less(host.memory_total, host.memory_reserve),
                    .storage_bytes = less(storage.volume_free, storage.reserve)});
}

NoPlace::NoPlace(const Decision& decision)
    : Error(only_lacks_room(decision) ? ErrorKind::exhausted : ErrorKind::unsupported,
            summary_of(decision))
{
    for (const auto& candidate : decision.candidates) {
        for (const auto& refusal : candidate.why_not) {
            refusals_.emplace_back(candidate.host_name, refusal);
        }
    }
}

boost::json::value to_json(const Decision& decision)
{
    boost::json::array candidates;
    for (const auto& candidate : decision.candidates) {
        boost::json::array why_not;
        for (const auto& refusal : candidate.why_not) {
            boost::json::object arguments;
            for (const auto& [name, value] : refusal.arguments) {
                arguments[name] = value;
            }
            why_not.push_back({{"code", refusal.code}, {"arguments", std::move(arguments)}});
        }
        candidates.push_back({{"host", candidate.host_name},
                              {"fits", candidate.fits()},
                              {"memory_free_mib", candidate.memory_free.in_mib_rounded_up()},
                              {"storage_free_bytes", candidate.storage_free.in_bytes()},
                              {"storage", candidate.storage_path},
                              {"why_not", std::move(why_not)}});
    }
    boost::json::object json{{"candidates", std::move(candidates)}};
    if (const auto* chosen = decision.chosen()) {
        json["chosen"] = chosen->host_name;
    }
    return json;
}

} // namespace watari::provisioning
