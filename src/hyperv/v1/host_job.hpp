#pragma once

#include "cim/object_path.hpp"
#include "core/clock.hpp"
#include "core/sync.hpp"
#include "wsman/client/session.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>

namespace watari::hyperv::v1 {

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
    explicit HostJobs(Clock& clock) : clock_(clock) {}

    /// Polls through `polls`, which attributes them to the caller. Throws outcome_unknown when the
    /// host stops answering, cancelled.
    Task<JobEnd> wait(cim::ObjectPath job, wsman::Session& polls, Deadline deadline,
                      std::function<void(int)> progress);

private:
    struct Entry {
        std::string id;
        std::optional<SteadyTime> seen_at = {}; ///< last poll that included it
        int absent = 0;                         ///< polls in a row that did not show it
        int errors = 0;                         ///< polls in a row that failed
        std::optional<Error> error = {};
        std::uint16_t state = 0;
        std::uint16_t percent = 0;
        std::uint32_t code = 0;
        std::string text = {};
    };
    class Waiting;

    Task<> refresh(Entry& entry, SteadyTime since, wsman::Session& polls, Deadline deadline);
    Task<> poll(wsman::Session& polls, Deadline deadline);
    static void read(Entry& entry, const std::vector<cim::Instance>& jobs);
    Task<JobEnd> failed(const cim::ObjectPath& job, const Entry& entry, wsman::Session& polls,
                        Deadline deadline);

    Clock& clock_;
    std::list<Entry> entries_;
    bool polling_ = false;
    Signal polled_;
};

} // namespace watari::hyperv::v1
