#include "sim/fleet.hpp"

#include "messages/sim.hpp"
#include "net/tls.hpp"
#include "sim/tls.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::size_t hosts_max = 50'000;

[[noreturn]] void bad_hosts(std::string_view text)
{
    throw Error{ErrorKind::invalid, message::hvsim_bad_hosts{.text = std::string{text}}};
}

} // namespace

/// What outlives a connection: the listener comes and goes with the host.
struct SimulatedHost::Door : std::enable_shared_from_this<SimulatedHost::Door> {
    Executor executor;
    Clock& wire;
    Service& service;
    net::Network* network = nullptr;
    std::optional<net::Endpoint> at;
    std::unique_ptr<http::Server> server;
    net::Network* tls_network = nullptr;
    std::optional<net::Endpoint> tls_at;
    net::KeyPair tls_pair;
    std::unique_ptr<http::Server> tls_server;
    bool wants_open = true;

    Door(Executor executor_, Clock& wire_, Service& service_)
        : executor(std::move(executor_)), wire(wire_), service(service_)
    {
    }

    void open_plain()
    {
        server = service.serve(executor, network->listen(*at));
        at = server->local();
    }

    void open_tls()
    {
        const Host& host = service.host();
        auto options = tls_of(host.generation(), host.profile(), tls_pair);
        if (service.takes_certificates()) {
            options.client_certificates = net::ClientCertificates::asked_for;
        }
        auto identity = std::make_shared<net::TlsServer>(std::move(options));
        tls_server = service.serve(
            executor, net::tls_listener(tls_network->listen(*tls_at), wire, std::move(identity)));
        tls_at = tls_server->local();
    }

    void close()
    {
        server.reset();
        tls_server.reset();
    }

    void open()
    {
        if (at) {
            open_plain();
        }
        if (tls_at) {
            open_tls();
        }
    }
};

namespace {

/// Not inside the request that caused it: its connection belongs to the server.
Task<> follow_power(std::weak_ptr<SimulatedHost::Door> held)
{
    co_await yield_to_others();
    const auto door = held.lock();
    if (!door) {
        co_return;
    }
    door->close();
    if (door->wants_open) {
        door->open();
    }
}

} // namespace

SimulatedHost::SimulatedHost(Executor executor, Clock& clock, HostOptions options, Clock* wire)
    : random_(seeded_random(options.seed)),
      host_(std::make_unique<Host>(clock, *random_, std::move(options.engine))),
      service_(std::make_unique<Service>(*host_, *random_, std::move(options.service),
                                         wire == nullptr ? clock : *wire)),
      door_(std::make_shared<Door>(std::move(executor), wire == nullptr ? clock : *wire, *service_))
{
    host_->on_power([this](bool down) {
        service_->follow_power(down);
        door_->wants_open = !down;
        spawn(door_->executor, follow_power(door_), "power change of a simulated host");
    });
}

SimulatedHost::~SimulatedHost() = default;

void SimulatedHost::listen(net::Network& network, const net::Endpoint& at)
{
    door_->network = &network;
    door_->at = at;
    door_->open_plain();
}

void SimulatedHost::listen_tls(net::Network& network, const net::Endpoint& at, net::KeyPair pair)
{
    door_->tls_network = &network;
    door_->tls_at = at;
    door_->tls_pair = std::move(pair);
    door_->open_tls();
}

net::Endpoint SimulatedHost::address() const
{
    return door_->at.value_or(net::Endpoint{});
}

std::optional<net::Endpoint> SimulatedHost::tls_address() const
{
    return door_->tls_at;
}

std::vector<Generation> generations_from(std::string_view hosts)
{
    std::vector<Generation> found;
    std::size_t begin = 0;
    while (begin <= hosts.size()) {
        const std::size_t end = std::min(hosts.find(',', begin), hosts.size());
        const std::string_view part = hosts.substr(begin, end - begin);
        const auto star = part.find('*');
        const auto generation = generation_from(part.substr(0, star));
        std::size_t count = 1;
        if (star != std::string_view::npos) {
            const std::string_view digits = part.substr(star + 1);
            const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
            if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) {
                bad_hosts(hosts);
            }
        }
        if (!generation || count == 0 || found.size() + count > hosts_max) {
            bad_hosts(hosts);
        }
        found.insert(found.end(), count, *generation);
        begin = end + 1;
    }
    return found;
}

SimulatedHost& SimulatedFleet::add(HostOptions options)
{
    return *hosts_.emplace_back(
        std::make_unique<SimulatedHost>(executor_, clock_, std::move(options), wire_));
}

std::string SimulatedFleet::default_address(std::size_t index)
{
    return fmt::format("127.42.{}.{}", 1 + index / 250, 1 + index % 250);
}

} // namespace watari::sim
