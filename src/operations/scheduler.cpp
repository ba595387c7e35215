#include "operations/scheduler.hpp"

#include <algorithm>

namespace watari::operations {

void Scheduler::queue(Entry entry)
{
    const auto known = places_.find(entry.id);
    if (known != places_.end()) {
        if (known->second == Place::sleeping) {
            wake(entry.id);
        } else if (known->second == Place::running) {
            known->second = Place::running_and_queued;
        }
        return;
    }
    places_.emplace(entry.id, Place::queued);
    const auto host = entry.host;
    auto& queue = hosts_[host];
    queue.waiting.push_back(std::move(entry));
    list_if_ready(host, queue);
}

void Scheduler::sleep_until(Entry entry, WallTime when)
{
    if (!places_.emplace(entry.id, Place::sleeping).second) {
        return;
    }
    sleepers_.emplace(entry.id, Sleeper{.when = when, .host = entry.host});
    due_.emplace(when, entry.id);
}

void Scheduler::wake(store::OperationId id)
{
    const auto sleeper = sleepers_.extract(id);
    due_.erase({sleeper.mapped().when, id});
    places_.erase(id);
    queue({.id = id, .host = sleeper.mapped().host});
}

void Scheduler::wake_due(WallTime now)
{
    while (!due_.empty() && due_.begin()->first <= now) {
        wake(due_.begin()->second);
    }
}

void Scheduler::wake_sleepers_of(store::HostId host)
{
    std::vector<store::OperationId> found;
    for (const auto& [id, sleeper] : sleepers_) {
        if (sleeper.host == host) {
            found.push_back(id);
        }
    }
    std::ranges::sort(found);
    for (const auto& id : found) {
        wake(id);
    }
}

std::optional<WallTime> Scheduler::next_due() const
{
    return due_.empty() ? std::nullopt : std::optional{due_.begin()->first};
}

void Scheduler::list_if_ready(const HostKey& host, HostQueue& queue)
{
    if (!queue.listed && !queue.waiting.empty() && queue.running < budget_of(host)) {
        queue.listed = true;
        ready_.push_back(host);
    }
}

std::optional<Scheduler::Entry> Scheduler::take()
{
    if (ready_.empty() || running_ >= options_.concurrency) {
        return std::nullopt;
    }
    const auto host = ready_.front();
    ready_.pop_front();
    auto& queue = hosts_.at(host);
    queue.listed = false;
    Entry entry = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    ++queue.running;
    ++running_;
    places_[entry.id] = Place::running;
    list_if_ready(host, queue);
    return entry;
}

bool Scheduler::release(const Entry& entry)
{
    const auto place = places_.extract(entry.id);
    --running_;
    auto& queue = hosts_.at(entry.host);
    --queue.running;
    list_if_ready(entry.host, queue);
    if (queue.running == 0 && queue.waiting.empty()) {
        hosts_.erase(entry.host);
    }
    return place.mapped() == Place::running_and_queued;
}

} // namespace watari::operations
