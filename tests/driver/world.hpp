#pragma once

#include "core/random.hpp"
#include "core/simulated_clock.hpp"
#include "hyperv/connect/connect.hpp"
#include "net/memory.hpp"
#include "sim/fleet.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace watari::test {

/// One row of the matrix: a host of a generation, driven through a namespace.
struct Row {
    Generation generation = Generation::ws2012r2;
    hyperv::Namespace ns = hyperv::Namespace::v2;

    std::string name() const; ///< "v2_on_ws2012r2"
};

/// Every pair the drivers support among the generations whose behaviour is known best.
const std::vector<Row>& rows();

struct Counts {
    std::uint64_t reads = 0;
    std::uint64_t changes = 0;
    std::uint64_t polls = 0;

    std::uint64_t requests() const { return reads + changes; } ///< what the budgets count
};

/// A simulated host and a driver connected to it, in one process on simulated time.
class World
{
public:
    explicit World(Row row, std::map<std::string, std::string> switches = {});
    ~World();

    const Row& row() const { return row_; }
    SimulatedClock& clock() { return clock_; }
    sim::SimulatedHost& host() { return *host_; }
    sim::Host& engine() { return host_->engine(); }
    hyperv::Driver& driver() { return connection_->driver(); }
    hyperv::Connection& connection() { return *connection_; }
    hyperv::HostAddress address() const;
    hyperv::Connector& connector() { return *connector_; }

    /// Ten minutes, counting into counts().
    hyperv::CallContext context();
    Counts& counts() { return counts_; }
    /// Requests of one act, then forgotten.
    Counts take_counts() { return std::exchange(counts_, {}); }
    std::uint64_t announced() const { return announced_; } ///< calls of before_change

    template <class T>
    T run(Task<T> task)
    {
        return clock_.run(std::move(task));
    }
    /// The kind of Error that `task` ends with; nullopt when it ends well.
    template <class T>
    std::optional<Error> failure(Task<T> task)
    {
        try {
            clock_.run(std::move(task));
            return std::nullopt;
        } catch (const Error& error) {
            return error;
        }
    }
    /// Flips every switch that leaves the host the same host.
    void be_conservative();
    /// Lets everything that is late happen.
    void settle() { clock_.advance(std::chrono::minutes{3}); }

    // The usual order: a VM with a disk and a NIC in a VLAN.
    hyperv::VmSpec spec(std::string name = "web1");
    hyperv::NewDisk disk(const hyperv::VmSpec& spec) const;
    std::vector<hyperv::DiskAttachment> disks(const hyperv::VmSpec& spec) const;
    std::vector<hyperv::NicAttachment> nics();
    hyperv::VmRef ref(const hyperv::VmSpec& spec, hyperv::HostVmId guid) const;
    /// Disk, VM, devices; not started.
    hyperv::VmRef provision(const hyperv::VmSpec& spec);
    sim::Vm* find(hyperv::HostVmId guid);
    hyperv::SiteId site() const { return site_; }

private:
    void open();

    Row row_;
    boost::asio::io_context loop_;
    SimulatedClock clock_{loop_};
    net::MemoryNetwork network_{loop_.get_executor(), clock_};
    std::unique_ptr<Random> random_ = seeded_random(7);
    std::unique_ptr<sim::SimulatedHost> host_;
    std::unique_ptr<hyperv::Connector> connector_ =
        hyperv::make_connector(network_, clock_, *random_);
    std::unique_ptr<hyperv::Connection> connection_;
    Counts counts_;
    std::uint64_t announced_ = 0;
    hyperv::SiteId site_;
    unsigned macs_ = 0;
};

} // namespace watari::test
