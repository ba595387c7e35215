#pragma once

#include "cim/object_path.hpp"
#include "core/clock.hpp"
#include "core/sync.hpp"
#include "schema/typed.hpp"
#include "wsman/client/session.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv::wmi {

/// What a poll tells of one host job.
struct JobRow {
    std::string id;
    std::uint16_t state = 0;
    std::uint16_t percent = 0;
    std::uint32_t code = 0; ///< ErrorCode
    std::string text = {};  ///< ErrorDescription
};

/// How host jobs are read in one namespace.
struct JobReader {
    std::string_view ns;
    JobRow (*row)(const cim::Instance& job);
    std::string_view get_error; ///< method of the job that tells why it failed
    cim::Instance question;     ///< its input
    std::vector<cim::Instance> (*errors)(cim::Instance answer);
};

template <class Classes>
JobReader job_reader()
{
    using Job = Classes::CIM_ConcreteJob;
    using GetError = Classes::Msvm_ConcreteJob::GetErrorEx;
    return {.ns = Classes::ns,
            .row =
                [](const cim::Instance& instance) {
                    const schema::Object<Job> job{instance};
                    return JobRow{.id = job.get(Job::InstanceID).value_or(""),
                                  .state = job.get(Job::JobState).value_or(0),
                                  .percent = job.get(Job::PercentComplete).value_or(0),
                                  .code = job.get(Job::ErrorCode).value_or(0),
                                  .text = job.get(Job::ErrorDescription).value_or("")};
                },
            .get_error = GetError::name,
            .question = schema::Call<GetError>{}.parameters(),
            .errors =
                [](cim::Instance answer) {
                    return schema::Result<GetError>{std::move(answer)}.get(GetError::Errors);
                }};
}

/// How a host job ended.
struct JobEnd {
    enum class How {
        completed,
        failed,
        lost,    ///< it vanished before it said how it ended: look at the effect
        not_done ///< it goes on after the deadline
    };
    How how = How::completed;
    std::uint32_t code = 0; ///< ErrorCode of a failed one
    std::string text = {};  ///< GetErrorEx, else ErrorDescription
};

/// Awaits the host jobs of one driver: all waiting ones are polled by one query on CIM_ConcreteJob,
/// by whoever's pause ends first.
class HostJobs
{
public:
    HostJobs(Clock& clock, JobReader reader) : clock_(clock), reader_(std::move(reader)) {}

    /// Polls through `polls`, which attributes them to the caller. Throws outcome_unknown when the
    /// host stops answering, cancelled.
    Task<JobEnd> wait(cim::ObjectPath job, wsman::Session& polls, Deadline deadline,
                      std::function<void(int)> progress);

private:
    struct Entry {
        JobRow job;                             ///< as last seen
        std::optional<SteadyTime> seen_at = {}; ///< last poll that included it
        int absent = 0;                         ///< polls in a row that did not show it
        int errors = 0;                         ///< polls in a row that failed
        std::optional<Error> error = {};
    };
    class Waiting;

    Task<> refresh(Entry& entry, SteadyTime since, wsman::Session& polls, Deadline deadline);
    Task<> poll(wsman::Session& polls, Deadline deadline);
    static void read(Entry& entry, const std::vector<JobRow>& jobs);
    Task<JobEnd> failed(const cim::ObjectPath& job, const Entry& entry, wsman::Session& polls,
                        Deadline deadline);

    Clock& clock_;
    JobReader reader_;
    std::list<Entry> entries_;
    bool polling_ = false;
    Signal polled_;
};

} // namespace watari::hyperv::wmi
