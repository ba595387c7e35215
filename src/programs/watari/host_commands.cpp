#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "programs/watari/commands.hpp"
#include "programs/watari/direct_host.hpp"

#include <memory>

namespace watari::cli {

namespace {

using client::ExitCode;

struct Enrolment {
    contract::EnrollHost body;
    std::string password_file;
    std::string key;
};

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

void add_enroll(Noun& noun)
{
    const auto enrolment = std::make_shared<Enrolment>();
    auto& body = enrolment->body;
    body.user = "Administrator";
    noun.verb("enroll", message::help_host_enroll{})
        .needs("NAME", body.name, message::help_host_name{})
        .needs("--address", body.address, message::help_host_address{})
        .number("--port", body.port, message::help_host_port{})
        .option("--user", body.user, message::help_host_user{})
        .needs("--password-file", enrolment->password_file, message::help_host_password_file{})
        .one_of("--namespace", body.namespace_, {"auto", "v1", "v2"},
                message::help_host_namespace{})
        .number("--memory-reserve-mib", body.memory_reserve_mib,
                message::help_host_memory_reserve{})
        .key(enrolment->key)
        .does([enrolment](Session& session) { return enroll(session, *enrolment); });
}

} // namespace

void add_host_commands(Menu menu)
{
    auto noun = menu.noun("host", message::help_host{});
    add_list(noun, message::help_host_list{}, &client::Client::list_hosts);
    add_enroll(noun);
    const auto add = [&noun](const char* name, const Message& text, auto act) {
        add_one(noun, name, text, "NAME", message::help_name_or_id{}, act);
    };
    add("show", message::help_host_show{}, show);
    add("refresh", message::help_host_refresh{}, refresh);
    add("remove", message::help_host_remove{}, remove);
}

} // namespace watari::cli
