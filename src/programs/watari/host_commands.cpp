#include "messages/cli.hpp"
#include "programs/watari/commands.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <memory>

namespace watari::cli {

namespace {

using client::ExitCode;

struct Enrolment {
    contract::EnrollHost body;
    std::string password_file;
    std::string key;
};

/// The first line of the file; "-" is standard input.
std::string password_in(const std::string& path)
{
    std::string password;
    std::ifstream file;
    if (path != "-") {
        file.open(path);
    }
    std::getline(path == "-" ? std::cin : file, password);
    if (password.ends_with('\r')) {
        password.pop_back();
    }
    if (password.empty()) {
        throw Error{ErrorKind::invalid, message::cli_password_file_unreadable{.path = path}};
    }
    return password;
}

Task<ExitCode> list(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_hosts(limit));
}

Task<ExitCode> show(Session& session, std::string name)
{
    co_return session.show(co_await session.client.get_host(std::move(name)));
}

Task<ExitCode> enroll(Session& session, Enrolment enrolment)
{
    enrolment.body.password = password_in(enrolment.password_file);
    auto key = session.key_or_new(enrolment.key);
    auto operation = co_await session.client.enroll_host(std::move(enrolment.body), std::move(key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> refresh(Session& session, std::string name)
{
    auto operation = co_await session.client.refresh_host(std::move(name), session.key_or_new(""));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> remove(Session& session, std::string name)
{
    auto operation = co_await session.client.remove_host(std::move(name));
    co_return co_await session.follow(std::move(operation));
}

void add_enroll(CLI::App& noun, Action& action)
{
    const auto enrolment = std::make_shared<Enrolment>();
    auto* verb = add_verb(noun, "enroll", "enrol a host; it is probed first");
    verb->add_option("NAME", enrolment->body.name, "how people call the host")->required();
    verb->add_option("--address", enrolment->body.address, "IP address or DNS name")->required();
    verb->add_option("--port", enrolment->body.port, "WS-Management port (default 5985)");
    verb->add_option("--user", enrolment->body.user, "account on the host")
        ->default_str("Administrator");
    verb->add_option("--password-file", enrolment->password_file,
                     "file with the account's password; - reads standard input")
        ->required();
    verb->add_option("--namespace", enrolment->body.namespace_,
                     "which WMI namespace to use (default auto)")
        ->check(CLI::IsMember({"auto", "v1", "v2"}));
    verb->add_option("--memory-reserve-mib", enrolment->body.memory_reserve_mib,
                     "memory left to the host itself (default 2048)");
    add_key(*verb, enrolment->key);
    enrolment->body.user = "Administrator";
    verb->callback([&action, enrolment] {
        action = [enrolment](Session& session) { return enroll(session, *enrolment); };
    });
}

} // namespace

void add_host_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "host", "the Hyper-V hosts");
    const auto name = std::make_shared<std::string>();
    const auto limit = std::make_shared<std::size_t>(100'000);
    auto* verb = add_verb(noun, "list", "list the hosts");
    add_limit(*verb, *limit);
    verb->callback(
        [&action, limit] { action = [limit](Session& session) { return list(session, *limit); }; });
    add_enroll(noun, action);
    const auto add = [&](const char* verb_name, const char* description, auto act) {
        auto* one = add_verb(noun, verb_name, description);
        one->add_option("NAME", *name, "name or id")->required();
        one->callback([&action, name, act] {
            action = [name, act](Session& session) { return act(session, *name); };
        });
    };
    add("show", "show a host, its facts and what it can do", show);
    add("refresh", "read the host's inventory now", refresh);
    add("remove", "forget a host; nothing on it is touched", remove);
}

} // namespace watari::cli
