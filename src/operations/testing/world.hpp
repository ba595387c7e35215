#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "operations/workflow.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace watari::operations::testing {

/// How often, of 100 requests, each thing goes wrong.
struct Faults {
    int refused = 0;      ///< unavailable, nothing done
    int lost_request = 0; ///< outcome unknown, nothing done
    int lost_answer = 0;  ///< outcome unknown, done
    int late = 0;         ///< outcome unknown, done up to `within` later
    int exhausted = 0;
    std::chrono::nanoseconds within = std::chrono::seconds{30};
};

/// An outside world that outlives the process under test: things by name, made and removed by
/// requests that get lost, come late or are refused. It notes whatever must never happen.
class World
{
public:
    World(Clock& clock, Random& random) : clock_(clock), random_(random) {}

    Task<> make(std::string host, std::string name);
    Task<> start(std::string host, std::string name);
    Task<> remove(std::string host, std::string name);
    Task<bool> has(std::string host, std::string name);
    Task<bool> runs(std::string host, std::string name);

    void host_down(const std::string& host, bool down) { down_[host] = down; }

    Faults faults = {};
    /// Names whose making is refused for ever.
    std::vector<std::string> doomed = {};
    /// The process that asks has died: it hears and says nothing more.
    bool caller_dead = false;

    std::map<std::string, bool> things = {}; ///< name → runs
    std::map<std::string, int> made = {};    ///< how often each was made
    std::vector<std::string> violations = {};
    std::vector<std::string> log = {};         ///< what was done, in order
    std::map<std::string, int> under_way = {}; ///< requests per host
    std::map<std::string, int> most_at_once = {};
    int looks = 0;

private:
    Task<> request(std::string host, std::function<void()> done);
    Task<> look(std::string host);
    void later(std::chrono::nanoseconds pause, std::function<void()> done);

    Clock& clock_;
    Random& random_;
    std::map<std::string, bool> down_;
    std::vector<std::unique_ptr<Timer>> timers_;
};

/// reserve (rows only), disk, machine, start; on host "a" or as the input's "host" says. Things are
/// named after the operation.
Workflow build_workflow(World& world);

} // namespace watari::operations::testing
