#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "programs/watari/commands.hpp"
#include "programs/watari/direct_host.hpp"
#include "programs/watari/first_contact.hpp"

#include <memory>

namespace watari::cli {

namespace {

using client::ExitCode;

struct Enrolment {
    contract::EnrollHost body;
    std::string password_file;
    std::string key;
};

struct Update {
    std::string host;
    contract::UpdateHost body;
    std::string password_file;
    std::string key;
};

void warn_if_insecure(const Session& session, const contract::Host& host)
{
    if (host.tls_insecure.value_or(false)) {
        session.note(message::cli_insecure_tls{.host = host.name});
    }
}

/// What is told of trust is told of TLS.
template <class Body>
void imply_tls(Body& body)
{
    if (!body.tls && (body.tls_ca_file || body.tls_fingerprint || body.tls_insecure)) {
        body.tls = true;
    }
}

template <class Body>
void read_password(Body& body, const std::string& file)
{
    if (!file.empty()) {
        body.password = password_in(file);
    }
}

/// What an account needs that proves itself otherwise than by a certificate.
void complete_account(const Session& session, Enrolment& enrolment)
{
    auto& body = enrolment.body;
    if (body.scheme == "certificate") {
        return;
    }
    body.user = body.user.value_or("Administrator");
    if (!body.password && !body.keytab_file) {
        body.password = asked_password(session, *body.user, body.name);
    }
}

Task<ExitCode> list(Session& session, std::size_t limit)
{
    const auto hosts = co_await session.client.list_hosts(limit);
    const auto code = session.show_list(hosts);
    for (const auto& host : hosts.value.items) {
        warn_if_insecure(session, host);
    }
    co_return code;
}

Task<ExitCode> show(Session& session, std::string name)
{
    const auto host = co_await session.client.get_host(std::move(name));
    warn_if_insecure(session, host.value);
    co_return session.show(host);
}

Task<ExitCode> enroll(Session& session, Enrolment enrolment)
{
    auto& body = enrolment.body;
    read_password(body, enrolment.password_file);
    complete_account(session, enrolment);
    imply_tls(body);
    if (body.tls_insecure) {
        session.note(message::cli_insecure_tls{.host = body.name});
    }
    const auto name = body.name;
    const bool is_observed = !body.allow_changes;
    auto key = session.key_or_new(enrolment.key);
    auto operation = co_await session.client.enroll_host(std::move(body), std::move(key));
    const auto code = co_await session.follow(std::move(operation));
    if (is_observed && code == ExitCode::ok) {
        session.note(message::cli_host_observed{.host = name});
    }
    co_return code;
}

Task<ExitCode> update(Session& session, Update update)
{
    read_password(update.body, update.password_file);
    imply_tls(update.body);
    if (update.body.tls_insecure) {
        session.note(message::cli_insecure_tls{.host = update.host});
    }
    auto key = session.key_or_new(update.key);
    auto operation = co_await session.client.update_host(std::move(update.host),
                                                         std::move(update.body), std::move(key));
    co_return co_await session.follow(std::move(operation));
}

/// A verb of the API that takes nothing but the host.
using HostVerb = Task<client::Answer<contract::Operation>> (client::Client::*)(std::string,
                                                                               std::string);

template <HostVerb verb>
Task<ExitCode> order(Session& session, std::string name)
{
    auto operation = co_await (session.client.*verb)(std::move(name), session.key_or_new(""));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> remove(Session& session, std::string name)
{
    auto operation = co_await session.client.remove_host(std::move(name));
    co_return co_await session.follow(std::move(operation));
}

/// How a host is reached and how its account proves itself.
template <class Body>
void add_settings(Verb& verb, Body& body, std::string& password_file)
{
    verb.number("--port", body.port, message::help_host_port{})
        .option("--server-name", body.server_name, message::help_host_server_name{})
        .one_of("--scheme", body.scheme, {"ntlm", "kerberos", "basic", "certificate"},
                message::help_host_scheme{})
        .option("--user", body.user, message::help_host_user{})
        .option("--password-file", password_file, message::help_host_password_file{})
        .option("--keytab", body.keytab_file, message::help_host_keytab_file{})
        .option("--certificate", body.certificate_file, message::help_host_certificate_file{})
        .option("--key", body.key_file, message::help_host_key_file{})
        .flag("--basic-in-the-clear", body.basic_in_the_clear, true, message::help_host_clear{})
        .flag("--tls", body.tls, true, message::help_host_tls{})
        .option("--tls-ca-file", body.tls_ca_file, message::help_host_tls_ca_file{})
        .option("--fingerprint", body.tls_fingerprint, message::help_host_tls_fingerprint{})
        .flag("--insecure-tls", body.tls_insecure, true, message::help_host_insecure_tls{})
        .one_of("--namespace", body.namespace_, {"auto", "v1", "v2"},
                message::help_host_namespace{})
        .number("--memory-reserve-mib", body.memory_reserve_mib,
                message::help_host_memory_reserve{});
}

void add_enroll(Noun& noun)
{
    const auto enrolment = std::make_shared<Enrolment>();
    auto& body = enrolment->body;
    auto verb = noun.verb("enroll", message::help_host_enroll{});
    verb.needs("NAME", body.name, message::help_host_name{})
        .needs("--address", body.address, message::help_host_address{});
    add_settings(verb, body, enrolment->password_file);
    verb.flag("--allow-changes", body.allow_changes, true, message::help_host_allow{})
        .key(enrolment->key)
        .does([enrolment](Session& session) { return enroll(session, *enrolment); });
}

void add_update(Noun& noun)
{
    const auto given = std::make_shared<Update>();
    auto verb = noun.verb("update", message::help_host_update{});
    verb.needs("NAME", given->host, message::help_name_or_id{})
        .option("--address", given->body.address, message::help_host_address{});
    add_settings(verb, given->body, given->password_file);
    verb.flag("--no-tls", given->body.tls, false, message::help_host_no_tls{})
        .key(given->key)
        .does([given](Session& session) { return update(session, *given); });
}

void add_hosts_list(Noun& noun)
{
    const auto limit = std::make_shared<std::size_t>(100'000);
    noun.verb("list", message::help_host_list{}).limit(*limit).does([limit](Session& session) {
        return list(session, *limit);
    });
}

} // namespace

void add_host_commands(Menu menu)
{
    auto noun = menu.noun("host", message::help_host{});
    add_hosts_list(noun);
    add_enroll(noun);
    add_update(noun);
    const auto add = [&noun](const char* name, const Message& text, auto act) {
        add_one(noun, name, text, "NAME", message::help_name_or_id{}, act);
    };
    add_doctor(noun);
    add_prepare(noun);
    add("show", message::help_host_show{}, show);
    add("allow-changes", message::help_host_allow_changes{}, order<&client::Client::allow_changes>);
    add("observe", message::help_host_observe{}, order<&client::Client::observe_host>);
    add("refresh", message::help_host_refresh{}, order<&client::Client::refresh_host>);
    add("remove", message::help_host_remove{}, remove);
}

} // namespace watari::cli
