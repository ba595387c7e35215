#include "client/diagnosis_text.hpp"
#include "hyperv/connect/doctor_report.hpp"
#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "programs/watari/direct_host.hpp"
#include "programs/watari/first_contact.hpp"
#include "programs/watari/private_file.hpp"

#include <boost/json.hpp>
#include <openssl/crypto.h>

#include <memory>

// host doctor: which hop on the way to a host fails.

namespace watari::cli {

namespace {

using Answer = client::Answer<contract::Diagnosis>;

struct Asked {
    DirectFlags flags;
    bool is_direct = false;
    std::string bundle; ///< file
};

Task<Answer> ask_directly(Session& session, const Asked& asked)
{
    hyperv::Logons logons{session.clock, &session.blocking};
    const auto deadline = Deadline::after(session.clock, direct_timeout(asked.flags));
    const auto diagnosis =
        co_await hyperv::diagnose(session.network, session.clock, session.random,
                                  direct_address(session, asked.flags), logons, deadline);
    co_return client::Client::diagnosis_in(
        hyperv::diagnosis_json(diagnosis, session.options.language, !asked.bundle.empty()));
}

/// How a host is reached was said when it was enrolled.
bool says_how(const DirectFlags& flags)
{
    return flags.tls || flags.insecure_tls || flags.basic_in_the_clear || flags.scheme ||
           !flags.ca_file.empty() || !flags.fingerprint.empty() || !flags.password_file.empty() ||
           !flags.keytab.empty() || !flags.certificate_file.empty() || !flags.key_file.empty() ||
           !flags.name.empty() || flags.user != DirectFlags{}.user;
}

void write_bundle(const Session& session, const std::string& path, const Answer& answer)
{
    const boost::json::object bundle{{"watari", "0.1.0"},
                                     {"tls_library", OpenSSL_version(OPENSSL_VERSION)},
                                     {"written", to_rfc3339(session.clock.now())},
                                     {"diagnosis", boost::json::parse(answer.json)}};
    write_private_file(path, boost::json::serialize(bundle) + "\n");
    session.note(message::cli_doctor_bundle_written{.path = path});
}

Task<client::ExitCode> examine(Session& session, Asked asked)
{
    if (!asked.is_direct && says_how(asked.flags)) {
        throw Error{ErrorKind::invalid, message::cli_doctor_direct_only{}};
    }
    std::optional<Answer> answer;
    if (asked.is_direct) {
        answer = co_await ask_directly(session, asked);
    } else {
        answer = co_await session.client.diagnose_host(asked.flags.host, !asked.bundle.empty(),
                                                       direct_timeout(asked.flags));
    }
    session.show(*answer);
    if (!asked.bundle.empty()) {
        write_bundle(session, asked.bundle, *answer);
    }
    co_return answer->value.healthy ? client::ExitCode::ok : client::ExitCode::failed;
}

} // namespace

void add_doctor(Noun& noun)
{
    const auto asked = std::make_shared<Asked>();
    auto verb = noun.verb("doctor", message::help_host_doctor{});
    add_direct_options(verb, asked->flags);
    verb.flag("--direct", asked->is_direct, message::help_doctor_direct{})
        .option("--bundle", asked->bundle, message::help_doctor_bundle{})
        .does_directly([asked](Session& session) { return examine(session, *asked); },
                       &asked->is_direct);
}

} // namespace watari::cli
