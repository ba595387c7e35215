// What rows.py does with simulated hosts through our own client, in a process of its own.
//
// usage: bench_hosts make REACH COUNT         defines COUNT machines without disks
//        bench_hosts list REACH               connects, lists, prints how many there are and the
//                                             requests it took
//        bench_hosts read REACH SECONDS       small requests, then large answers, on 4 connections
//        bench_hosts identify SCHEME FILE     Identify of every host of a ready file, all
//                                             connections kept: time, memory, descriptors
//
// REACH: SCHEME:ADDRESS:PORT[:CA-FILE], with a CA file over TLS; SCHEME: basic or ntlm.
#include "bench/bench.hpp"
#include "core/random.hpp"
#include "core/sync.hpp"
#include "hyperv/connect/connect.hpp"
#include "hyperv/connect/logons.hpp"
#include "net/tcp.hpp"
#include "schema/catalogue.hpp"
#include "wsman/client/session.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <deque>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace {

using namespace watari;
using namespace watari::bench;
using namespace std::chrono_literals;

constexpr std::size_t connections = 4;
constexpr std::size_t handshakes_at_once = 64;

hyperv::HostAddress address_of(std::string_view scheme, std::string_view endpoint,
                               std::string_view ca_file)
{
    const auto at = net::endpoint_from(endpoint);
    const auto logon = hyperv::logon_scheme_from(scheme);
    if (!at || !logon) {
        throw std::invalid_argument{fmt::format("{}:{} names no host", scheme, endpoint)};
    }
    hyperv::HostAddress address{
        .endpoint = *at, .user = "Administrator", .password = "watari-sim", .scheme = *logon};
    if (!ca_file.empty()) {
        address.tls.emplace().ca_files.emplace_back(ca_file);
    }
    return address;
}

/// SCHEME:ADDRESS:PORT[:CA-FILE]
hyperv::HostAddress reach(const std::string& text)
{
    const auto scheme = text.find(':');
    const auto port = text.find(':', scheme + 1);
    const auto file = text.find(':', port + 1);
    const std::string_view all{text};
    return address_of(all.substr(0, scheme), all.substr(scheme + 1, file - scheme - 1),
                      file == std::string::npos ? std::string_view{} : all.substr(file + 1));
}

struct Client {
    boost::asio::io_context loop{1};
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::unique_ptr<Random> random = system_random();
    std::unique_ptr<net::Network> network = net::tcp_network(loop.get_executor(), *clock);
    std::unique_ptr<hyperv::Connector> connector =
        hyperv::make_connector(*network, *clock, *random);
    hyperv::Logons logons{*clock, nullptr};

    Task<std::unique_ptr<hyperv::Connection>> open(hyperv::HostAddress address)
    {
        return connector->open(std::move(address), {}, deadline(1min));
    }
    Deadline deadline(std::chrono::seconds from_now) const
    {
        return Deadline::after(*clock, from_now);
    }
    hyperv::CallContext context() const { return {.deadline = deadline(10min)}; }
    std::unique_ptr<http::Client> http_client(const hyperv::HostAddress& address,
                                              std::size_t connections_max)
    {
        auto options = logons.client_options(address, "3.0");
        options.connections_max = connections_max;
        options.idle_max = 10min;
        return std::make_unique<http::Client>(*network, *clock, address.endpoint,
                                              std::move(options));
    }
};

Task<> make(Client& client, hyperv::HostAddress address, std::size_t count)
{
    const auto connection = co_await client.open(std::move(address));
    const hyperv::SiteId site{Uuid::random(*client.random)};
    for (std::size_t number = 0; number < count; ++number) {
        hyperv::VmSpec spec;
        spec.mark = {site, hyperv::VmId{Uuid::random(*client.random)}};
        spec.name = fmt::format("desk-{:04}", number);
        spec.folder = "D:\\watari\\" + spec.mark.vm.value().lower();
        spec.processors = 2;
        spec.memory = ByteSize::mib(2048);
        co_await connection->driver().define_vm(std::move(spec), std::nullopt, client.context());
    }
}

Task<> list(Client& client, hyperv::HostAddress address)
{
    const auto connection = co_await client.open(std::move(address));
    const auto vms = co_await connection->driver().list_vms(client.context());
    std::cout << boost::json::serialize(
                     boost::json::object{{"vms", vms.size()}, {"requests", connection->requests()}})
              << std::endl;
}

// Throughput

/// All settings of the host's machines in one answer.
std::string large_question()
{
    wsman::Request request;
    request.header.to = "http://bench/wsman";
    request.header.resource_uri =
        wsman::resource_uri(schema::v2_namespace, "Msvm_VirtualSystemSettingData");
    request.header.action = wsman::names::enumerate;
    request.header.message_id = "uuid:00000000-0000-0000-0000-000000000001";
    request.header.max_envelope_size = 512000;
    request.body = wsman::Enumerate{.optimize = true, .max_elements = 32000};
    return wsman::encode(request);
}

std::string small_question()
{
    return wsman::encode(wsman::Request{.header = {}, .body = wsman::Identify{}});
}

struct Load {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0; ///< of answers, opened
    double seconds = 0;
};

Task<> ask_again_and_again(http::Client& http, Client& client, const std::string& question,
                           Deadline end, Load& load)
{
    while (!end.passed(*client.clock)) {
        http::Request request{.method = "POST", .target = "/wsman", .body = question};
        request.headers.set("Content-Type", "application/soap+xml;charset=UTF-8");
        const auto answer = co_await http.send(std::move(request), client.deadline(1min));
        if (answer.status != 200) {
            throw std::runtime_error{fmt::format("the host answers {}", answer.status)};
        }
        ++load.requests;
        load.bytes += answer.body.size();
    }
}

/// Runs `count` of them at once and waits for all.
Task<> together(std::size_t count, std::function<Task<>()> make_task)
{
    const auto executor = co_await boost::asio::this_coro::executor;
    std::exception_ptr failure;
    std::size_t running = count;
    Signal ended;
    for (std::size_t number = 0; number < count; ++number) {
        boost::asio::co_spawn(executor, make_task(), [&](std::exception_ptr thrown) {
            failure = failure ? failure : thrown;
            --running;
            ended.notify_all();
        });
    }
    while (running > 0) {
        co_await ended.wait();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

Task<Load> load_with(Client& client, hyperv::HostAddress address, std::string question,
                     std::chrono::seconds how_long)
{
    const auto http = client.http_client(address, connections);
    Load warm_up;
    co_await together(connections, [&] {
        return ask_again_and_again(*http, client, question, client.deadline(1s), warm_up);
    });
    Load load;
    const Stopwatch watch;
    co_await together(connections, [&] {
        return ask_again_and_again(*http, client, question, client.deadline(how_long), load);
    });
    load.seconds = watch.seconds();
    co_return load;
}

Task<> read(Client& client, hyperv::HostAddress address, std::chrono::seconds how_long)
{
    const Load small = co_await load_with(client, address, small_question(), how_long);
    const Load large = co_await load_with(client, address, large_question(), how_long);
    std::cout
        << boost::json::serialize(boost::json::object{
               {"requests_per_second", static_cast<double>(small.requests) / small.seconds},
               {"megabytes_per_second", static_cast<double>(large.bytes) / 1e6 / large.seconds},
               {"bytes_of_large_answer", large.bytes / std::max<std::uint64_t>(large.requests, 1)}})
        << std::endl;
}

// A fleet

std::vector<hyperv::HostAddress> hosts_in(const std::string& file, const std::string& scheme)
{
    std::ifstream in{file};
    std::stringstream text;
    text << in.rdbuf();
    std::vector<hyperv::HostAddress> found;
    for (const auto& host : boost::json::parse(text.str()).as_array()) {
        std::string url{host.at("http").as_string()};
        url.erase(0, url.find("://") + 3);
        found.push_back(address_of(scheme, url.substr(0, url.find('/')), {}));
    }
    return found;
}

struct Asked {
    std::unique_ptr<http::Client> http;
    std::unique_ptr<wsman::Session> session;
};

Task<> identify_next(Client& client, std::vector<hyperv::HostAddress>& waiting,
                     std::deque<Asked>& asked)
{
    while (!waiting.empty()) {
        const auto address = std::move(waiting.back());
        waiting.pop_back();
        Asked& one = asked.emplace_back();
        one.http = client.http_client(address, 1);
        one.session = std::make_unique<wsman::Session>(*one.http, *client.clock, *client.random,
                                                       wsman::SessionOptions{});
        const auto identity = co_await one.session->identify(client.deadline(5min));
        if (identity.os_version.empty()) {
            throw std::runtime_error{"a host does not say what it is"};
        }
    }
}

/// VmRSS and VmHWM of this process.
double mebibytes(std::string_view field)
{
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field)) {
            return std::stod(line.substr(line.find_first_of("0123456789"))) / 1024;
        }
    }
    return 0;
}

std::size_t descriptors()
{
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;
}

Task<> identify(Client& client, std::vector<hyperv::HostAddress> hosts)
{
    const auto count = hosts.size();
    const double before = mebibytes("VmRSS");
    std::deque<Asked> asked;
    const Stopwatch watch;
    co_await together(handshakes_at_once, [&] { return identify_next(client, hosts, asked); });
    const double first = watch.seconds();
    const Stopwatch again;
    for (auto& one : asked) {
        co_await one.session->identify(client.deadline(1min));
    }
    std::cout << boost::json::serialize(
                     boost::json::object{{"hosts", count},
                                         {"seconds", first},
                                         {"again_seconds", again.seconds()},
                                         {"descriptors", descriptors()},
                                         {"memory_mib", mebibytes("VmHWM")},
                                         {"memory_of_hosts_mib", mebibytes("VmRSS") - before}})
              << std::endl;
}

int usage()
{
    std::cerr << "usage: bench_hosts make REACH COUNT | list REACH | read REACH SECONDS | "
                 "identify SCHEME FILE\n";
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 2) {
        return usage();
    }
    const std::string& what = arguments[0];
    Client client;
    if (what == "make" && arguments.size() == 3) {
        run(client.loop, make(client, reach(arguments[1]), std::stoul(arguments[2])));
    } else if (what == "list" && arguments.size() == 2) {
        run(client.loop, list(client, reach(arguments[1])));
    } else if (what == "read" && arguments.size() == 3) {
        run(client.loop,
            read(client, reach(arguments[1]), std::chrono::seconds{std::stoul(arguments[2])}));
    } else if (what == "identify" && arguments.size() == 3) {
        run(client.loop, identify(client, hosts_in(arguments[2], arguments[1])));
    } else {
        return usage();
    }
}
