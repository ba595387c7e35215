#include "sim/engine/jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

struct Jobs::Entry {
    Job job;
    std::function<void()> finish;
    std::function<void()> abandon;
    std::optional<JobFault> fault;
    std::unique_ptr<Timer> timer;
};

Jobs::Jobs(Clock& clock, Random& random) : clock_(clock), random_(random) {}

Jobs::~Jobs() = default;

std::optional<JobFault> Jobs::take_fault()
{
    return std::exchange(next_fault_, std::nullopt);
}

const Job& Jobs::start(JobRequest request)
{
    auto entry = std::make_unique<Entry>();
    entry->fault = take_fault();
    const double slower = entry->fault ? entry->fault->slower : 1.0;
    const auto duration = std::chrono::nanoseconds{
        static_cast<std::int64_t>(static_cast<double>(request.duration.count()) * slower)};
    entry->job = Job{.id = Uuid::random(random_),
                     .job_class = request.job_class,
                     .type = request.type,
                     .text = std::move(request.text),
                     .owner = {},
                     .cancellable = request.cancellable,
                     .started = clock_.now(),
                     .duration = duration,
                     .started_steady = clock_.steady(),
                     .affected = std::move(request.affected)};
    entry->finish = std::move(request.finish);
    entry->abandon = std::move(request.abandon);
    const Uuid id = entry->job.id;
    if (!entry->fault || !entry->fault->never_ends) {
        entry->timer = clock_.call_at(clock_.steady() + duration, [this, id] { end(id); });
    }
    return entries_.emplace(id, std::move(entry)).first->second->job;
}

void Jobs::end(const Uuid& id)
{
    Entry& entry = *entries_.at(id);
    entry.job.percent = 100;
    JobState state = JobState::completed;
    const auto fail = [&](std::uint32_t number, const std::string& text) {
        state = JobState::exception;
        entry.job.percent = 99;
        // ErrorCode is 16 bits wide: an HRESULT shows in the text only.
        entry.job.error_code = number > 0xFFFF ? code::failed : number;
        entry.job.error_text = number > 0xFFFF ? fmt::format("{} (0x{:08X})", text, number) : text;
    };
    if (entry.fault && entry.fault->fail_code) {
        fail(*entry.fault->fail_code,
             entry.fault->fail_text.empty() ? entry.job.text + " failed." : entry.fault->fail_text);
        if (entry.abandon) {
            entry.abandon();
        }
    } else if (entry.finish) {
        try {
            entry.finish();
        } catch (const Error& error) {
            fail(refusal_code(error), error.peer().text);
        }
    }
    finish(entry, state);
}

void Jobs::finish(Entry& entry, JobState state)
{
    entry.job.state = state;
    entry.job.ended = clock_.now();
    entry.finish = nullptr;
    entry.abandon = nullptr;
    entry.timer =
        clock_.call_at(clock_.steady() + keep_, [this, id = entry.job.id] { entries_.erase(id); });
}

const Job* Jobs::find(const Uuid& id) const noexcept
{
    const auto at = entries_.find(id);
    return at == entries_.end() ? nullptr : &at->second->job;
}

std::vector<const Job*> Jobs::all() const
{
    std::vector<const Job*> found;
    found.reserve(entries_.size());
    for (const auto& [id, entry] : entries_) {
        found.push_back(&entry->job);
    }
    std::ranges::sort(found, {},
                      [](const Job* job) { return std::pair{job->started_steady, job->id}; });
    return found;
}

std::uint16_t Jobs::percent(const Job& job) const
{
    if (job.done()) {
        return job.percent;
    }
    if (job.duration.count() <= 0) {
        return 0;
    }
    const auto part = (clock_.steady() - job.started_steady) * 100 / job.duration;
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(part, 0, 99));
}

void Jobs::cancel(const Uuid& id, bool kill)
{
    const auto at = entries_.find(id);
    if (at == entries_.end() || at->second->job.done() || !at->second->job.cancellable) {
        refuse(code::invalid_state, "The job cannot be cancelled");
    }
    Entry& entry = *at->second;
    entry.job.percent = percent(entry.job);
    if (entry.abandon) {
        entry.abandon();
    }
    finish(entry, kill ? JobState::killed : JobState::terminated);
}

void Jobs::clear()
{
    const auto entries = std::exchange(entries_, {});
    for (const auto& [id, entry] : entries) {
        if (!entry->job.done() && entry->abandon) {
            entry->abandon();
        }
    }
}

} // namespace watari::sim
