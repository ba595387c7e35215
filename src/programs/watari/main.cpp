#include "core/clock.hpp"
#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "net/tcp.hpp"
#include "programs/watari/commands.hpp"
#include "programs/watari/usage.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace {

using namespace watari;
using client::ExitCode;

constexpr int interrupted = 130; // 128 + SIGINT, as shells have it

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

struct Flags {
    std::string server;
    std::string token_file;
    std::string ca_file;
    std::string output = "table";
    std::string language;
    std::optional<bool> wait;
    std::int64_t wait_timeout_seconds = 3600;
};

/// What --lang says, wherever it stands, else the environment: known before anything is read, since
/// help and refusals are said in it.
Language language_of(const std::vector<std::string_view>& arguments)
{
    std::string asked;
    constexpr std::string_view option = "--lang";
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == option && i + 1 < arguments.size()) {
            asked = arguments[i + 1];
        } else if (arguments[i].starts_with("--lang=")) {
            asked = arguments[i].substr(option.size() + 1);
        }
    }
    for (const auto& text :
         {asked, variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG")}) {
        if (!text.empty()) {
            return language_from(text);
        }
    }
    return Language::en;
}

cli::Options options_of(const Flags& flags, Language language)
{
    cli::Options options;
    options.server = flags.server.empty() ? variable("WATARI_SERVER") : flags.server;
    options.token_file =
        flags.token_file.empty() ? variable("WATARI_TOKEN_FILE") : flags.token_file;
    options.ca_file = flags.ca_file.empty() ? variable("WATARI_CA_FILE") : flags.ca_file;
    options.json = flags.output == "json";
    options.wait = flags.wait;
    options.wait_timeout_seconds = flags.wait_timeout_seconds;
    options.language = language;
    options.is_terminal_out = isatty(STDOUT_FILENO) == 1;
    options.is_terminal_err = isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb";
    const bool may_colour = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
    options.colours_out = may_colour && options.is_terminal_out;
    options.colours_err = may_colour && options.is_terminal_err;
    winsize size{};
    if (options.is_terminal_err && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) {
        options.columns = size.ws_col;
    }
    return options;
}

/// A token file that was named must be there; the usual one may be missing, and the server then
/// says that it needs one.
std::string token_of(const cli::Options& options)
{
    const bool is_named = !options.token_file.empty();
    const auto path =
        is_named ? options.token_file : variable("HOME") + "/.local/state/watari/admin.token";
    std::ifstream file{path};
    std::string token;
    std::getline(file, token);
    token.erase(token.find_last_not_of(" \t\r") + 1);
    if (token.empty() && is_named) {
        throw Error{ErrorKind::invalid, message::cli_token_file_unreadable{.path = path}};
    }
    return token;
}

void add_global_options(CLI::App& app, Flags& flags, Language language)
{
    const auto text = [language](const Message& message) { return render(message, language); };
    app.add_option("--server", flags.server, text(message::help_server{}));
    app.add_option("--token-file", flags.token_file, text(message::help_token_file{}));
    app.add_option("--ca-file", flags.ca_file, text(message::help_ca_file{}));
    auto* output = app.add_option("-o,--output", flags.output, text(message::help_output{}));
    cli::must_be_one_of(*output, {"table", "json"}, language);
    app.add_flag_callback("--wait", [&flags] { flags.wait = true; }, text(message::help_wait{}));
    app.add_flag_callback(
        "--no-wait", [&flags] { flags.wait = false; }, text(message::help_no_wait{}));
    auto* timeout = app.add_option("--wait-timeout", flags.wait_timeout_seconds,
                                   text(message::help_wait_timeout{}));
    cli::must_be_number(*timeout, 0, 604'800, language);
    auto* asked = app.add_option("--lang", flags.language, text(message::help_lang{}));
    cli::must_be_one_of(*asked, {"ja", "en"}, language);
    app.set_version_flag("--version", "watari 0.1.0", text(message::help_version{}));
}

void add_commands(CLI::App& app, cli::Action& action, Language language)
{
    const cli::Menu menu{app, action, language};
    cli::add_host_commands(menu);
    cli::add_storage_commands(menu);
    cli::add_image_commands(menu);
    cli::add_plan_commands(menu);
    cli::add_network_commands(menu);
    cli::add_vm_commands(menu);
    cli::add_operation_commands(menu);
    cli::add_wmi_commands(menu);
}

client::ClientSettings settings_of(const cli::Options& options)
{
    const auto server =
        client::server_from(options.server.empty() ? "http://127.0.0.1:8420" : options.server);
    client::ClientSettings settings{
        .server = server.endpoint, .token = token_of(options), .language = options.language};
    if (server.tls) {
        settings.tls.emplace();
        if (!options.ca_file.empty()) {
            settings.tls->ca_files = {options.ca_file};
        }
    }
    return settings;
}

/// `is_direct`: no watarid was asked, so no token would help.
void say(const Error& error, const cli::Options& options, bool is_direct)
{
    std::cerr << "watari: " << client::text_of(error, options.language) << "\n";
    const bool is_about_tls = error.code().starts_with("tls_"); // no token would help
    if (error.kind() == ErrorKind::unauthenticated && !is_about_tls && !is_direct) {
        std::cerr << render(message::cli_give_token{}, options.language) << "\n";
    }
}

Task<> run(cli::Session& session, const cli::Action& action, int& code)
{
    try {
        code = static_cast<int>(co_await action.act(session));
    } catch (const Error& error) {
        say(error, session.options, action.is_direct);
        code = static_cast<int>(client::exit_code_of(error));
    }
}

int execute(const cli::Action& action, const cli::Options& options)
{
    boost::asio::io_context loop{1};
    const auto clock = system_clock(loop.get_executor());
    const auto random = system_random();
    const auto network = net::tcp_network(loop.get_executor(), *clock);
    const auto pool = thread_pool(1);
    client::Client client{*network, *clock,
                          action.is_direct ? client::ClientSettings{} : settings_of(options)};
    cli::Session session{client, *network, *pool, *clock, *random, options};
    int code = static_cast<int>(ExitCode::failed);
    boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
    signals.async_wait([&](const boost::system::error_code& failure, int) {
        if (!failure) {
            if (!session.waiting_for.empty()) {
                session.note(message::cli_interrupted{.operation = session.waiting_for});
            }
            code = interrupted;
            loop.stop();
        }
    });
    boost::asio::co_spawn(loop, run(session, action, code), [&](std::exception_ptr thrown) {
        loop.stop();
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    });
    loop.run();
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    const auto language = language_of({argv + 1, argv + argc});
    CLI::App app{render(message::help_watari{}, language), "watari"};
    cli::speak(app, language);
    app.fallthrough();
    app.require_subcommand(1);
    Flags flags;
    cli::Action action;
    add_global_options(app, flags, language);
    add_commands(app, action, language);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) { // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        std::cerr << "watari: " << cli::usage_text(app, error, language) << "\n";
        return static_cast<int>(ExitCode::usage);
    }
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = options_of(flags, language);
    try {
        return execute(action, options);
    } catch (const Error& error) {
        say(error, options, action.is_direct);
        return static_cast<int>(client::exit_code_of(error));
    }
}
