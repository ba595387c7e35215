#include "hyperv/wmi/host_job.hpp"

#include "cim/wql.hpp"
#include "core/log.hpp"
#include "hyperv/backoff.hpp"

#include <charconv>
#include <vector>

namespace watari::hyperv::wmi {

namespace {

/// A poll that finds nothing may have come before the host published the job.
constexpr int absences_max = 2;
constexpr int errors_max = 8;
constexpr std::chrono::seconds poll_time{30};

/// JobState. Source: wsman.md 4.5, fresh-vm.md 6 (32768 completed with warnings: met by os-win).
bool is_completed(std::uint16_t state)
{
    return state == 7 || state == 32768;
}
bool is_failed(std::uint16_t state)
{
    return state == 8 || state == 9 || state == 10;
}

/// Msvm_Error.MessageID is a number where the host has one (UNVERIFIED); ErrorCode of the job holds
/// 16 bits only.
std::optional<std::uint32_t> number_in(std::string_view text)
{
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    std::uint32_t number = 0;
    const auto end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc{} && stopped == end && number != 0 ? std::optional{number}
                                                                 : std::nullopt;
}

} // namespace

/// Keeps an entry in the list while somebody waits for it.
class HostJobs::Waiting
{
public:
    Waiting(std::list<Entry>& entries, std::string id) : entries_(entries)
    {
        entries_.push_front(Entry{.job = {.id = std::move(id)}});
        entry_ = entries_.begin();
    }
    ~Waiting() { entries_.erase(entry_); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    Entry& operator*() { return *entry_; }

private:
    std::list<Entry>& entries_;
    std::list<Entry>::iterator entry_;
};

Task<JobEnd> HostJobs::wait(cim::ObjectPath job, wsman::Session& polls, Deadline deadline,
                            std::function<void(int)> progress)
{
    Waiting waiting{entries_, job.key("InstanceID").value_or("")};
    Entry& entry = *waiting;
    Backoff backoff;
    while (true) {
        const auto pause = backoff.next();
        const SteadyTime wake = std::min(clock_.steady() + pause, deadline.at());
        const SteadyTime since = wake - pause / 2;
        co_await clock_.sleep_until(wake);
        co_await refresh(entry, since, polls, deadline);
        if (entry.errors >= errors_max) {
            throw entry.error->with_kind(ErrorKind::outcome_unknown);
        }
        if (is_completed(entry.job.state)) {
            co_return JobEnd{};
        }
        if (is_failed(entry.job.state)) {
            co_return co_await failed(job, entry, polls, deadline);
        }
        if (entry.absent >= absences_max) {
            co_return JobEnd{.how = JobEnd::How::lost};
        }
        if (progress && entry.errors == 0 && entry.absent == 0) {
            progress(entry.job.percent);
        }
        if (deadline.passed(clock_)) {
            co_return JobEnd{.how = JobEnd::How::not_done};
        }
    }
}

/// Polls, or takes what somebody else's poll after `since` told.
Task<> HostJobs::refresh(Entry& entry, SteadyTime since, wsman::Session& polls, Deadline deadline)
{
    while (polling_) {
        co_await polled_.wait();
    }
    if (entry.seen_at && *entry.seen_at >= since) {
        co_return;
    }
    struct Turn {
        HostJobs& jobs;
        explicit Turn(HostJobs& owner) : jobs(owner) { jobs.polling_ = true; }
        ~Turn()
        {
            jobs.polling_ = false;
            jobs.polled_.notify_all();
        }
    } turn{*this};
    co_await poll(polls, deadline);
}

Task<> HostJobs::poll(wsman::Session& polls, Deadline deadline)
{
    std::string wql = "select * from CIM_ConcreteJob where ";
    std::vector<std::string> asked;
    for (const Entry& entry : entries_) {
        wql +=
            (asked.empty() ? "InstanceID=" : " or InstanceID=") + cim::wql::literal(entry.job.id);
        asked.push_back(entry.job.id);
    }
    std::vector<JobRow> jobs;
    std::optional<Error> error;
    try {
        // A last poll at the deadline still gets a moment.
        const Deadline until = deadline.passed(clock_)
                                   ? Deadline::after(clock_, std::chrono::seconds{5})
                                   : deadline.sooner(Deadline::after(clock_, poll_time));
        const auto rows = co_await polls.query(reader_.ns, wql, until);
        std::ranges::transform(rows, std::back_inserter(jobs), reader_.row);
    } catch (const Error& failure) {
        if (failure.kind() == ErrorKind::cancelled) {
            throw;
        }
        error = failure;
    }
    if (error) {
        log::debug("host_job_poll_failed", {{"error", error->what()}});
    }
    for (Entry& entry : entries_) {
        if (std::ranges::find(asked, entry.job.id) == asked.end()) {
            continue; // came while the poll was under way
        }
        entry.seen_at = clock_.steady();
        if (error) {
            entry.error = error;
            ++entry.errors;
        } else {
            entry.errors = 0;
            read(entry, jobs);
        }
    }
}

void HostJobs::read(Entry& entry, const std::vector<JobRow>& jobs)
{
    const auto at = std::ranges::find_if(
        jobs, [&](const JobRow& job) { return cim::same_name(job.id, entry.job.id); });
    if (at == jobs.end()) {
        ++entry.absent;
        return;
    }
    entry.absent = 0;
    entry.job = *at;
}

Task<JobEnd> HostJobs::failed(const cim::ObjectPath& job, const Entry& entry, wsman::Session& polls,
                              Deadline deadline)
{
    JobEnd end{.how = JobEnd::How::failed, .code = entry.job.code, .text = entry.job.text};
    try {
        auto answer =
            co_await polls.invoke(job, reader_.get_error, reader_.question, wsman::Effect::reads,
                                  deadline.sooner(Deadline::after(clock_, poll_time)));
        const auto errors = reader_.errors(std::move(answer));
        for (const auto& error : errors) {
            if (const auto* message = error["Message"].string();
                message != nullptr && !message->empty()) {
                end.text = *message;
            }
            if (const auto* id = error["MessageID"].string()) {
                end.code = number_in(*id).value_or(end.code);
            }
        }
    } catch (const Error& failure) {
        if (failure.kind() == ErrorKind::cancelled) {
            throw;
        }
        log::debug("host_job_error_unreadable", {{"error", failure.what()}});
    }
    co_return end;
}

} // namespace watari::hyperv::wmi
