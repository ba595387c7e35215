#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/uuid.hpp"
#include "sim/engine/words.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

/// What a host job has to do with: shown through Msvm_AffectedJobElement.
struct Subject {
    enum class Kind { vm, settings, device, checkpoint, network, host, file };
    Kind kind = Kind::vm;
    Uuid id;                  ///< VM, checkpoint or switch
    std::string detail;       ///< device id, or path of a file
    std::uint16_t effect = 0; ///< ElementEffects: 0 unknown, 5 other (the created object)
};

enum class JobClass { concrete, storage, migration };
enum class JobState {
    starting = 3,
    running = 4,
    completed = 7,
    terminated = 8,
    killed = 9,
    exception = 10
};

struct Job {
    Uuid id;
    JobClass job_class = JobClass::concrete;
    std::uint16_t type = 0; ///< JobType (v2; fresh-vm.md 6)
    std::string text;       ///< "Turning Off Virtual Machine"
    std::string owner;
    JobState state = JobState::running;
    std::uint32_t error_code = 0;
    std::string error_text;
    bool cancellable = false;
    WallTime started{};
    std::optional<WallTime> ended;
    std::chrono::nanoseconds duration{0};
    SteadyTime started_steady{};
    std::uint16_t percent = 0; ///< of the moment it ended; `Jobs::percent` while it runs
    std::vector<Subject> affected;

    bool done() const noexcept { return state != JobState::running && state != JobState::starting; }
};

struct JobRequest {
    JobClass job_class = JobClass::concrete;
    std::uint16_t type = 0;
    std::string text;
    std::chrono::nanoseconds duration{0};
    bool cancellable = false;
    std::vector<Subject> affected;
    /// Runs when the time is over; may throw refuse(): the job then ends as exception with that
    /// number.
    std::function<void()> finish = {};
    /// Runs instead when the job is cancelled, killed by a fault or lost at a reboot.
    std::function<void()> abandon = {};
};

/// A fault rule's wish for the next host job: fail with this number when its time is over, or never
/// end.
struct JobFault {
    std::optional<std::uint32_t> fail_code;
    std::string fail_text;
    bool never_ends = false;
    double slower = 1.0;
};

/// Host jobs on the host's clock: they run, end, stay visible for five minutes and vanish; all
/// vanish at a restart.
class Jobs
{
public:
    Jobs(Clock& clock, Random& random);
    ~Jobs();

    const Job& start(JobRequest request);
    const Job* find(const Uuid& id) const noexcept;
    std::vector<const Job*> all() const;
    std::uint16_t percent(const Job& job) const;
    /// Throws refuse(32775) when it is over or not cancellable.
    void cancel(const Uuid& id, bool kill);
    /// A restart: everything is forgotten; abandon runs for unfinished ones.
    void clear();
    void set_next_fault(JobFault fault) { next_fault_ = std::move(fault); }
    std::optional<JobFault> take_fault();
    std::chrono::seconds time_before_removal() const noexcept { return keep_; }

private:
    struct Entry;

    void end(const Uuid& id);
    void finish(Entry& entry, JobState state);

    Clock& clock_;
    Random& random_;
    static constexpr std::chrono::seconds keep_{300};
    std::optional<JobFault> next_fault_;
    std::map<Uuid, std::unique_ptr<Entry>> entries_;
};

} // namespace watari::sim
