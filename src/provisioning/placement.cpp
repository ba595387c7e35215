#include "provisioning/placement.hpp"

#include "messages/provisioning.hpp"
#include "provisioning/rules.hpp"
#include "store/records/reservation.hpp"

#include <algorithm>

namespace watari::provisioning {

namespace {

/// How many places are tried in one transaction when others took those before.
constexpr std::size_t tries_max = 16;
/// Of those that still fit, so many are compared as they are now: orders that decide at the same
/// time otherwise all choose the same host.
constexpr std::size_t compared_max = 4;

/// Whether no host was refused for anything else.
bool all_refused_by(const std::vector<Candidate>& candidates,
                    std::initializer_list<std::string_view> codes)
{
    return !candidates.empty() && std::ranges::all_of(candidates, [&](const auto& candidate) {
        return std::ranges::all_of(candidate.why_not, [&](const Message& refusal) {
            return std::ranges::find(codes, refusal.code) != codes.end();
        });
    });
}

Error refusal_of(const std::vector<Candidate>& candidates)
{
    if (candidates.empty()) {
        return {ErrorKind::unsupported, message::no_host_enrolled{}};
    }
    const auto hosts = std::to_string(candidates.size());
    if (all_refused_by(candidates, {"host_lacks_memory", "host_lacks_storage"})) {
        return {ErrorKind::exhausted, message::no_capacity{.hosts = hosts}};
    }
    if (all_refused_by(candidates, {"host_is_observed"})) {
        const Message all = message::only_observed_hosts{.hosts = hosts};
        const bool is_one = candidates.size() == 1;
        return {ErrorKind::conflict, is_one ? candidates.front().why_not.front() : all};
    }
    return {ErrorKind::unsupported, message::no_host_fits{.hosts = hosts}};
}

std::optional<Place> best_now(store::Transaction& transaction, const Decision& decision)
{
    std::optional<Place> best;
    std::size_t compared = 0;
    for (const auto& proposed : decision.best(tries_max)) {
        if (best && (compared == compared_max || best->score >= proposed.score)) {
            break;
        }
        auto host = read_host_view(transaction, proposed.host->id);
        const auto verdict = host ? judge(*host, decision.wish()) : Verdict{.broken = 1};
        if (!verdict.fits()) {
            continue;
        }
        ++compared;
        if (!best || verdict.score > best->score) {
            best =
                Place{.host = std::move(host), .storage = verdict.storage, .score = verdict.score};
        }
    }
    return best;
}

} // namespace

Decision::Decision(std::shared_ptr<const Snapshot> snapshot, Wish wish)
    : snapshot_(std::move(snapshot)), wish_(std::move(wish))
{
    const auto& hosts = snapshot_->hosts;
    judged_.reserve(wish_.only_host ? 1 : hosts.size());
    for (std::uint32_t index = 0; index < hosts.size(); ++index) {
        if (wish_.only_host && *wish_.only_host != hosts[index]->id) {
            continue;
        }
        judged_.push_back({.verdict = judge(*hosts[index], wish_), .host = index});
        fitting_ += judged_.back().verdict.fits() ? 1 : 0;
    }
}

bool Decision::is_better(const Judged& a, const Judged& b) const
{
    if (a.verdict.fits() != b.verdict.fits()) {
        return a.verdict.fits();
    }
    if (a.verdict.score != b.verdict.score) {
        return a.verdict.score > b.verdict.score;
    }
    return snapshot_->hosts[a.host]->name < snapshot_->hosts[b.host]->name;
}

std::vector<Decision::Judged> Decision::ranked(std::size_t count) const
{
    std::vector<Judged> best(std::min(count, judged_.size()));
    std::ranges::partial_sort_copy(
        judged_, best, [this](const Judged& a, const Judged& b) { return is_better(a, b); });
    return best;
}

std::vector<Place> Decision::best(std::size_t count) const
{
    std::vector<Place> places;
    for (const auto& judged : ranked(std::min(count, fitting_))) {
        places.push_back({.host = snapshot_->hosts[judged.host],
                          .storage = judged.verdict.storage,
                          .score = judged.verdict.score});
    }
    return places;
}

std::optional<Place> Decision::chosen() const
{
    auto first = best(1);
    return first.empty() ? std::nullopt : std::optional{std::move(first.front())};
}

Candidate Decision::candidate(const Judged& judged) const
{
    const auto& host = *snapshot_->hosts[judged.host];
    const Seen seen = seen_of(host, judged.verdict);
    return {.host_name = host.name,
            .storage_path =
                host.storages.empty() ? std::string{} : host.storages[judged.verdict.storage].path,
            .memory_free = seen.memory_free,
            .storage_free = seen.storage_free,
            .why_not = reasons(judged.verdict.broken, seen, wish_)};
}

std::vector<Candidate> Decision::candidates() const
{
    std::vector<Candidate> all;
    for (const auto& judged : ranked(judged_.size())) {
        all.push_back(candidate(judged));
    }
    return all;
}

Place take_place(store::Transaction& transaction, const Decision& decision,
                 store::ReservationId reservation, store::VmId vm)
{
    if (!decision.found()) {
        throw NoPlace{decision};
    }
    auto place = best_now(transaction, decision);
    if (!place) {
        throw Error{ErrorKind::unavailable, message::placement_overtaken{}};
    }
    const auto& wish = decision.wish();
    store::reserve(transaction,
                   {.id = reservation,
                    .vm = vm,
                    .host = place->host->id,
                    .storage = place->where().id,
                    .memory = wish.memory,
                    .storage_bytes = storage_needed(wish.disk, wish.memory),
                    .processors = wish.processors},
                   limits_of(*place->host, place->where().id));
    return std::move(*place);
}

NoPlace::NoPlace(const Decision& decision) : NoPlace(decision.candidates()) {}

NoPlace::NoPlace(const std::vector<Candidate>& candidates) : Error(refusal_of(candidates))
{
    for (const auto& candidate : candidates) {
        for (const auto& refusal : candidate.why_not) {
            refusals_.emplace_back(candidate.host_name, refusal);
        }
    }
}

} // namespace watari::provisioning
