#include "core/catalogue.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "net/tcp.hpp"
#include "programs/watarid/config.hpp"
#include "programs/watarid/daemon.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdlib>
#include <iostream>

extern char** environ;

namespace {

using namespace watari;

std::vector<std::pair<std::string, std::string>> environment()
{
    std::vector<std::pair<std::string, std::string>> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) {
            variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return variables;
}

Language language_of(const std::vector<std::pair<std::string, std::string>>& variables)
{
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        for (const auto& [key, value] : variables) {
            if (key == name && !value.empty()) {
                return language_from(value);
            }
        }
    }
    return Language::en;
}

/// Kerberos logons that may wait for a KDC; more than one realm may use (wsman::KdcWaits).
constexpr std::size_t logons_at_once = 8;

/// Runs until a signal asks for the end; a start that fails ends the program, and so does a control
/// plane that cannot go on: it would accept what it never does.
Task<> run(Daemon& daemon, boost::asio::signal_set& signals, Clock& clock,
           std::optional<Error>& failure)
{
    try {
        co_await daemon.start();
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure && !daemon.failure()) {
        co_await signals.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    co_await daemon.stop(Deadline::after(clock, seconds{10}));
    if (daemon.failure()) {
        std::rethrow_exception(daemon.failure());
    }
}

std::optional<net::TlsServerOptions> tls_of(const Config& config)
{
    if (config.tls_certificate.empty()) {
        return std::nullopt;
    }
    return net::TlsServerOptions{.certificate_file = config.tls_certificate,
                                 .key_file = config.tls_key,
                                 .answer_to_plain = http::https_expected_answer()};
}

/// SIGHUP: the certificate was renewed. One that cannot be read leaves the old one in place.
void reload_on(boost::asio::signal_set& hangups, Daemon& daemon)
{
    hangups.async_wait([&](const boost::system::error_code& failure, int) {
        if (failure) {
            return;
        }
        try {
            daemon.reload_certificate();
        } catch (const Error& error) {
            log::error("certificate_not_reloaded", {{"error", error.what()}});
        }
        reload_on(hangups, daemon);
    });
}

int serve(const Config& config, Language language)
{
    log::set_sink(log::spdlog_sink(config.log_level, config.log_file));
    boost::asio::io_context loop{1};
    const auto clock = system_clock(loop.get_executor());
    const auto random = system_random();
    const auto network = net::tcp_network(loop.get_executor(), *clock);
    const auto blocking = thread_pool(logons_at_once);
    boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
    std::optional<Error> failure;
    try {
        Daemon daemon{{loop.get_executor(), *clock, *random, *network, blocking.get()},
                      {.data = config.data,
                       .listen = config.listen,
                       .tls = tls_of(config),
                       .operation_timeout = config.operation_timeout,
                       .on_failure = [&signals] { signals.cancel(); }}};
        boost::asio::signal_set hangups{loop, SIGHUP};
        reload_on(hangups, daemon);
        boost::asio::co_spawn(loop, run(daemon, signals, *clock, failure),
                              [&](std::exception_ptr thrown) {
                                  loop.stop();
                                  if (thrown) {
                                      std::rethrow_exception(thrown);
                                  }
                              });
        loop.run();
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        log::error("watarid_broke", {{"error", error.what()}});
        return EXIT_FAILURE;
    }
    if (failure) {
        std::cerr << "watarid: " << render(*failure, language) << "\n";
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Watari's control plane: REST API, operation engine and inventory.", "watarid"};
    Flags flags;
    bool check_only = false;
    app.add_option("--config", flags.config_file,
                   "TOML file (default ~/.config/watari/watarid.toml when there is one)");
    app.add_option("--data", flags.data,
                   "folder of the database, key and admin token (default ~/.local/state/watari)");
    app.add_option("--listen", flags.listen,
                   "address and port of the REST API (default 127.0.0.1:8420)");
    app.add_option(
        "--tls-certificate", flags.tls_certificate,
        "PEM file with the certificate and its chain: serve HTTPS (SIGHUP reads it again)");
    app.add_option("--tls-key", flags.tls_key, "PEM file with the certificate's private key");
    app.add_option("--log-level", flags.log_level, "debug, info, warn or error");
    app.add_option("--log-file", flags.log_file,
                   "write the log there instead of to standard error");
    app.add_option("--operation-timeout", flags.operation_timeout,
                   "seconds a request may run on a host, 1 to 60 (default 60)");
    app.add_flag("--check-config", check_only,
                 "say everything that is wrong with the configuration, and end");
    app.set_version_flag("--version", "watarid 0.1.0");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
    }
    const auto variables = environment();
    const auto language = language_of(variables);
    const auto loaded = load_config(flags, variables);
    for (const auto& problem : loaded.problems) {
        std::cerr << "watarid: " << render(problem, language) << "\n";
    }
    if (!loaded.problems.empty()) {
        return 2;
    }
    if (check_only) {
        std::cout << "configuration ok: data " << loaded.config.data.string() << ", listen "
                  << loaded.config.listen.text() << "\n";
        return EXIT_SUCCESS;
    }
    return serve(loaded.config, language);
}
