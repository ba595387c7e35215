#pragma once

#include "net/memory.hpp"
#include "sim/fleet.hpp"
#include "store/testing/temporary_folder.hpp"
#include "tests/world/node.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace watari::world {

namespace json = boost::json;

struct WorldOptions {
    std::uint64_t seed = 1;
    std::vector<Generation> hosts = {Generation::ws2012r2};
    std::map<std::string, std::string> switches = {}; ///< of every host's profile
    sim::Durations durations = {};                    ///< of every host's acts
    /// How hosts are reached: basic in the clear, ntlm sealed on HTTP, certificate over TLS.
    std::string scheme = "basic";
    bool tls = false; ///< checked by the authority of the hosts
    bool allow_changes = true;
    /// Long, so that only orders cause requests and commits; tests that want refreshes set it.
    std::chrono::seconds refresh_every{24 * 3600};
};

/// An answer of the REST API.
struct Answer {
    int status = 0;
    json::value body = nullptr;
    std::map<std::string, std::string> headers = {}; ///< names in lower case

    std::string
    text(std::string_view field) const; ///< of a JSON object; empty when it is not there
    std::string code() const { return text("code"); }
};

struct Call {
    std::string method = "GET";
    std::string target;
    json::value body = nullptr;
    std::map<std::string, std::string> headers = {};
    bool with_token = true;
};

/// One watarid, its hosts and the network between them, in one process on simulated time: the same
/// seed gives the same run.
class World
{
public:
    explicit World(WorldOptions options);
    ~World();

    SimulatedClock& clock() { return clock_; }
    net::MemoryNetwork& network() { return network_; }
    Node& node() { return node_; }
    Random& chance() { return *chance_; } ///< of the test, not of the world
    std::size_t host_count() const { return fleet_.size(); }
    sim::SimulatedHost& host(std::size_t index) { return *fleet_.at(index); }
    const std::string& host_name(std::size_t index) const { return host_names_.at(index); }
    static net::Endpoint host_address(std::size_t index);
    static constexpr std::string_view user = "Administrator";
    static constexpr std::string_view password = "watari-sim";
    /// Files of the site: ca.pem, and user.pem and user-key.pem of the account's certificate.
    std::string file(const std::string& name) const { return (folder_ / name).string(); }
    /// What enrols a host, the way the world reaches hosts.
    json::object enrolment(std::size_t index) const;
    /// A machine somebody else made, with its disk.
    void add_foreign_vm(std::size_t index, const std::string& name);

    /// When the n-th request from now on reaches the host, watarid is killed and `effect` happens
    /// to the request.
    void kill_at_request(std::size_t index, std::uint64_t n, sim::FaultEffect effect,
                         std::chrono::milliseconds delay = {});

    /// One request and its answer. A killed watarid is started again; what fails without a kill is
    /// thrown.
    Answer send(Call call);
    Answer get(std::string target) { return send({.target = std::move(target)}); }
    /// A change: sent again, with the same key, until it is answered.
    Answer post(std::string target, json::value body);
    Answer erase(std::string target);
    Answer patch(std::string target, json::value body);
    /// The operation, when it has ended; after `patience` as it is then.
    json::object await_operation(const std::string& id,
                                 std::chrono::seconds patience = std::chrono::hours{6});
    /// post() or erase(), and the end of the operation accepted; throws when it was refused.
    json::object ended(Answer accepted);

    /// Hosts enrolled, storage D:\VMs, image "win", plans "s" and "m", network "office" in VLAN 42;
    /// web1 and web10 of somebody else on every host.
    void furnish();
    void enroll(std::size_t index);
    void trunk(std::size_t index, std::uint16_t vlan);
    /// Throws unless the operation succeeded.
    json::object must(json::object operation);

    template <class T>
    T run(Task<T> task)
    {
        return clock_.run(std::move(task));
    }
    template <class Function>
    auto read(Function function)
    {
        node_.ensure_up();
        return clock_.run(node_.store().read(std::move(function)));
    }

private:
    Task<Answer> exchange(Call call, Deadline deadline);

    boost::asio::io_context loop_;
    SimulatedClock clock_{loop_};
    net::MemoryNetwork network_{loop_.get_executor(), clock_};
    std::unique_ptr<Random> chance_;
    WorldOptions options_;
    store::testing::TemporaryFolder folder_;
    std::vector<std::unique_ptr<sim::SimulatedHost>> fleet_;
    std::vector<std::string> host_names_;
    Node node_;
    std::uint64_t keys_ = 0;
};

} // namespace watari::world
