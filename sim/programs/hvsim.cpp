#include "core/catalogue.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "messages/sim.hpp"
#include "net/tcp.hpp"
#include "sim/accounts.hpp"
#include "sim/authentication.hpp"
#include "sim/control.hpp"
#include "sim/fleet.hpp"
#include "sim/loaded_host.hpp"
#include "sim/scaled_clock.hpp"
#include "sim/switches.hpp"
#include "sim/tls.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace {

using namespace watari;

constexpr std::uint16_t wsman_port = 5985;
constexpr std::uint16_t wsman_tls_port = 5986;
constexpr std::string_view control_address = "127.42.0.1:5980";

/// What hosts offer and take unless told otherwise.
constexpr std::string_view default_schemes = "negotiate";
constexpr bool default_allow_unencrypted = false;

struct Options {
    std::string hosts = "ws2012r2";
    std::vector<std::string> dumps;
    std::string storage;
    std::string listen;
    std::string control{control_address};
    std::string ready_file;
    std::string auth{default_schemes};
    std::string keytab;
    auth::ChannelBinding binding = auth::ChannelBinding::relaxed;
    bool allow_unencrypted = default_allow_unencrypted;
    bool tls = false;
    std::string tls_folder = "hvsim-tls";
    std::vector<std::string> accounts;
    std::string accounts_file;
    std::string faults;
    std::vector<std::string> switches;
    bool list_switches = false;
    std::uint64_t seed = 0;
    double time_scale = 1;
    std::string lang = "en";
};

/// Administrator with the password that README names, unless accounts are given.
std::vector<sim::Account> accounts_of(const Options& options)
{
    std::vector<sim::Account> accounts;
    if (!options.accounts_file.empty()) {
        accounts = sim::read_accounts(options.accounts_file);
    }
    for (const std::string& text : options.accounts) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Error{ErrorKind::invalid, message::hvsim_bad_account{.text = text}};
        }
        accounts.push_back({.user = text.substr(0, equals),
                            .password = sim::read_password(text.substr(equals + 1))});
    }
    if (accounts.empty()) {
        accounts.push_back({.user = "Administrator", .password = auth::Secret{"watari-sim"}});
    }
    return accounts;
}

net::Endpoint endpoint(const std::string& text)
{
    const auto found = net::endpoint_from(text);
    if (!found) {
        throw Error{ErrorKind::invalid, message::hvsim_bad_address{.text = text}};
    }
    return *found;
}

/// Given one address, further hosts follow on the next ports (port 0: a free one each).
net::Endpoint address_of(const Options& options, std::size_t index)
{
    if (options.listen.empty()) {
        return {.address = sim::SimulatedFleet::default_address(index), .port = wsman_port};
    }
    net::Endpoint at = endpoint(options.listen);
    at.port = at.port == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(at.port + index);
    return at;
}

/// Port 5986 beside the usual addresses; beside given ones a free port.
void listen_tls(sim::SimulatedHost& host, net::Network& network, const Options& options,
                const net::KeyPair& authority, WallTime now)
{
    net::Endpoint at = host.address();
    at.port = options.listen.empty() ? wsman_tls_port : std::uint16_t{0};
    host.listen_tls(network, at,
                    sim::host_certificate(authority, host.engine().name(), at.address, now));
}

constexpr std::string_view accounts_help =
    R"(JSON list of accounts and what they may do: [{"user": "watcher", "password_file": "watcher.txt", "rights": "reader"}]; )"
    R"(rights: administrator (unless given), hyper-v-administrator, reader, none; "local": true for a local account other than )"
    R"(the built-in Administrator; "certificate": SHA-256 fingerprint; whoever is not listed may do nothing)";

std::filesystem::path folder_for(const Options& options, const std::string& host)
{
    const auto folder = std::filesystem::path{options.storage} / host;
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) {
        throw Error{ErrorKind::invalid, message::hvsim_bad_storage{.path = options.storage}};
    }
    return folder;
}

/// A host that lives, or the dump of one.
struct Wanted {
    Generation generation{};
    std::shared_ptr<const sim::LoadedHost> loaded = {};
};

/// Those of --hosts, then the dumps.
std::vector<Wanted> wanted_hosts(const Options& options)
{
    std::vector<Wanted> wanted;
    if (!options.hosts.empty()) {
        for (const Generation generation : sim::generations_from(options.hosts)) {
            wanted.push_back({generation});
        }
    }
    for (const std::string& folder : options.dumps) {
        auto loaded = sim::load_host(folder);
        wanted.push_back({sim::generation_of(*loaded), loaded});
    }
    return wanted;
}

void add_hosts(sim::SimulatedFleet& fleet, net::Network& network, const Options& options,
               WallTime now)
{
    const auto authority =
        options.tls ? sim::authority_in(options.tls_folder, now) : net::KeyPair{};
    const auto wanted = wanted_hosts(options);
    const auto accounts = accounts_of(options);
    sim::Authentication logons{
        .schemes = options.auth, .keytab = options.keytab, .binding = options.binding};
    sim::admit(accounts, logons);
    const auto entrance = sim::authentication(logons);
    const auto switches = sim::switches_from(options.switches);
    const auto rules = options.faults.empty()
                           ? std::vector<sim::FaultRule>{}
                           : sim::faults_from_json(sim::read_file(options.faults));
    for (std::size_t index = 0; index < wanted.size(); ++index) {
        sim::HostOptions host;
        host.engine.name = fmt::format("HV{:02}", index + 1);
        host.engine.networks = {
            {.name = "Customers", .trunk = {40, 41, 42, 43, 44, 45, 46, 47, 48, 49}}};
        host.engine.generation = wanted[index].generation;
        host.service.loaded = wanted[index].loaded;
        host.engine.switches = switches;
        if (!options.storage.empty()) {
            host.engine.folder = folder_for(options, host.engine.name);
        }
        host.service.authentication = entrance;
        if (!options.accounts_file.empty()) {
            host.service.access = sim::access_of(accounts);
        }
        host.service.allow_unencrypted = options.allow_unencrypted;
        host.service.language = options.lang == "ja" ? "ja-JP" : "en-US";
        host.seed = options.seed + index;
        sim::SimulatedHost& added = fleet.add(std::move(host));
        for (const sim::FaultRule& rule : rules) {
            added.faults().add(rule);
        }
        added.listen(network, address_of(options, index));
        if (options.tls) {
            listen_tls(added, network, options, authority, now);
        }
    }
}

void write_ready_file(sim::SimulatedFleet& fleet, const std::string& path)
{
    boost::json::array list;
    for (const auto& host : fleet.hosts()) {
        boost::json::value https;
        if (const auto at = host->tls_address()) {
            https = "https://" + at->text() + "/wsman";
        }
        list.push_back(boost::json::object{{"name", host->engine().name()},
                                           {"generation", to_string(host->engine().generation())},
                                           {"http", "http://" + host->address().text() + "/wsman"},
                                           {"https", https}});
    }
    // Renamed into place: a reader never sees half of it.
    const std::string draft = path + ".part";
    std::ofstream out{draft};
    out << boost::json::serialize(list) << '\n';
    out.close();
    std::error_code failed;
    std::filesystem::rename(draft, path, failed);
    if (!out || failed) {
        throw Error{ErrorKind::unavailable, message::hvsim_unwritable{.path = path}};
    }
}

int serve(const Options& options, Language language)
{
    boost::asio::io_context loop{1};
    const auto wire = system_clock(loop.get_executor());
    const auto network = net::tcp_network(loop.get_executor(), *wire);
    sim::ScaledClock clock{*wire, options.time_scale};
    sim::SimulatedFleet fleet{loop.get_executor(), clock, wire.get()};
    add_hosts(fleet, *network, options, wire->now());
    sim::Control control{fleet, clock};
    std::unique_ptr<http::Server> controls;
    std::string control_text = "-";
    if (!options.control.empty()) {
        controls = std::make_unique<http::Server>(
            loop.get_executor(), *wire, network->listen(endpoint(options.control)),
            [&control](http::Request request, http::Caller caller) {
                return control.handle(std::move(request), std::move(caller));
            },
            http::ServerOptions{.server_name = "hvsim"});
        controls->start();
        control_text = "http://" + controls->local().text();
    }
    if (!options.ready_file.empty()) {
        write_ready_file(fleet, options.ready_file);
    }
    std::cout << render(message::hvsim_listening{.count = fmt::format("{}", fleet.hosts().size()),
                                                 .address = fleet.hosts().front()->address().text(),
                                                 .control = control_text,
                                                 .seed = fmt::format("{}", options.seed)},
                        language)
              << std::endl;
    boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
    signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
    loop.run();
    return 0;
}

void add_options(CLI::App& app, Options& options)
{
    app.add_option("--hosts", options.hosts, "generations with counts: ws2012r2*3,ws2008r2sp1")
        ->capture_default_str();
    app.add_option("--load", options.dumps,
                   "folder that 'watari wmi dump' wrote: a host that answers from it and can only "
                   "be read; again for more")
        ->allow_extra_args(false);
    app.add_option(
        "--storage", options.storage,
        "folder for real VHD and VHDX files; without it only what is known of them is kept");
    app.add_option(
        "--listen", options.listen,
        "ADDRESS:PORT of the first host, the others on the next ports; port 0: free ones");
    app.add_option("--control", options.control, "ADDRESS:PORT of the control API; empty: none")
        ->capture_default_str();
    app.add_option("--ready-file", options.ready_file,
                   "JSON list of the hosts, written when all listen");
    app.add_option("--auth", options.auth,
                   "authentication schemes, with commas: negotiate, kerberos, basic, certificate")
        ->capture_default_str();
    app.add_option("--keytab", options.keytab, "file with the hosts' keys, for Kerberos");
    const std::map<std::string, auth::ChannelBinding> bindings{
        {"none", auth::ChannelBinding::none},
        {"relaxed", auth::ChannelBinding::relaxed},
        {"strict", auth::ChannelBinding::strict}};
    app.add_option("--channel-binding", options.binding,
                   "whether logons over TLS must be bound to it")
        ->transform(CLI::CheckedTransformer(bindings, CLI::ignore_case))
        ->option_text("none|relaxed|strict");
    app.add_flag("--allow-unencrypted", options.allow_unencrypted, "accept plain SOAP over HTTP");
    app.add_flag("--tls", options.tls, "HTTPS beside HTTP, on port 5986");
    app.add_option("--tls-folder", options.tls_folder,
                   "where the authority is that vouches for the hosts (ca.pem); made when missing")
        ->capture_default_str();
    app.add_option("--account", options.accounts,
                   "USER=PASSWORD-FILE, an administrator; without any Administrator / watari-sim")
        ->allow_extra_args(false);
    app.add_option("--accounts", options.accounts_file, std::string{accounts_help});
    app.add_option("--faults", options.faults, "JSON list of fault rules for every host");
    app.add_option("--switch", options.switches,
                   "NAME=VALUE: how hosts behave where no fact says so; again for more")
        ->allow_extra_args(false);
    app.add_flag("--list-switches", options.list_switches, "print the switches and end");
    app.add_option("--seed", options.seed, "makes every random choice repeatable");
    app.add_option("--time-scale", options.time_scale, "how many times faster the hosts' time runs")
        ->check(CLI::Range(0.001, 1e6));
    app.add_option("--lang", options.lang, "en or ja")->check(CLI::IsMember({"en", "ja"}));
}

Language language_of(std::string_view name)
{
    return name == "ja" ? Language::ja : Language::en;
}

/// Of what was typed, when the rest of it cannot be read.
Language language_among(const std::vector<std::string>& arguments)
{
    std::string name;
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        if (arguments[at - 1] == "--lang") {
            name = arguments[at];
        } else if (arguments[at].starts_with("--lang=")) {
            name = arguments[at].substr(arguments[at].find('=') + 1);
        }
    }
    return language_of(name);
}

std::string usage_text(const CLI::App& app, const CLI::ParseError& error, Language language)
{
    if (const auto unknown = app.remaining(); !unknown.empty()) {
        return render(message::hvsim_unknown_flag{.flag = unknown.front()}, language);
    }
    const std::string what = error.what(); // begins with the flag
    return render(message::hvsim_bad_flag{.flag = what.substr(0, what.find_first_of(": "))},
                  language);
}

} // namespace

int main(int argc, char** argv)
{
    Options options;
    CLI::App app{"Simulated Hyper-V hosts that speak WS-Management", "hvsim"};
    add_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) { // --help
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        std::cerr << "hvsim: " << usage_text(app, error, language_among({argv, argv + argc}))
                  << '\n';
        return 2;
    }
    const Language language = language_of(options.lang);
    log::set_sink(log::spdlog_sink(log::Level::warn));
    if (options.list_switches) {
        std::cout << sim::describe_switches();
        return 0;
    }
    try {
        if (app.count("--load") > 0 && app.count("--hosts") == 0) {
            options.hosts.clear();
        }
        if (app.count("--seed") == 0) {
            options.seed = system_random()->next() >> 16U;
        }
        return serve(options, language);
    } catch (const Error& error) {
        std::cerr << "hvsim: " << render(error, language) << '\n';
        return error.kind() == ErrorKind::invalid ? 2 : 1;
    }
}
