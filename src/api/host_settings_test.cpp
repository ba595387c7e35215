#include "api/host_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace watari::api {
namespace {

using store::HostRecord;
using store::LogonScheme;
using store::TlsTrust;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string fingerprint(64, 'a');

/// A file that can be read, gone at the end.
class File
{
public:
    File() { std::ofstream{path_} << "x"; }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_ = std::filesystem::path{testing::TempDir()} /
                                  ("watari-settings-" + std::to_string(::getpid()));
};

struct HostSettings : testing::Test {
    HostRecord record{.name = "hv1", .address = "192.0.2.7"};
    bool has_password = false;

    void apply(const contract::UpdateHost& given)
    {
        HostRecord changed = record; // what is refused changes nothing
        bool keeps_password = has_password || given.password.has_value();
        apply_settings(given, changed, keeps_password);
        record = changed;
        has_password = keeps_password;
    }
    /// "pointer code" of everything that is wrong.
    std::vector<std::string> problems(const contract::UpdateHost& given)
    {
        std::vector<std::string> found;
        try {
            apply(given);
        } catch (const contract::InvalidRequest& wrong) {
            for (const auto& problem : wrong.problems()) {
                found.push_back(problem.pointer + " " + problem.message.code);
            }
        }
        return found;
    }
};

TEST_F(HostSettings, of_a_default_host_are_ntlm_sealed_on_http)
{
    apply(settings_in({.name = "hv1", .address = "192.0.2.8", .user = "u", .password = "p"}));
    EXPECT_EQ(record.address, "192.0.2.8");
    EXPECT_EQ(record.scheme, LogonScheme::ntlm);
    EXPECT_EQ(record.port, 5985);
    EXPECT_FALSE(record.tls);
    EXPECT_TRUE(has_password);
}

TEST_F(HostSettings, over_tls_have_its_port_unless_another_is_given)
{
    apply({.tls = true, .user = "u", .password = "p"});
    EXPECT_EQ(record.port, 5986);
    apply({.tls = false});
    EXPECT_EQ(record.port, 5985);
    apply({.port = 15986, .tls = true});
    EXPECT_EQ(record.port, 15986);
    apply({.tls = false});
    EXPECT_EQ(record.port, 15986) << "not the usual one: it was chosen";
}

TEST_F(HostSettings, name_everything_the_scheme_lacks_or_has_no_use_for)
{
    EXPECT_THAT(problems({.scheme = "ntlm"}),
                UnorderedElementsAre("/user host_scheme_needs", "/password host_scheme_needs"));
    const File file;
    EXPECT_THAT(problems({.scheme = "ntlm",
                          .basic_in_the_clear = true,
                          .user = "u",
                          .password = "p",
                          .keytab_file = file.path(),
                          .certificate_file = file.path(),
                          .key_file = file.path()}),
                UnorderedElementsAre(
                    "/basic_in_the_clear host_scheme_ignores", "/keytab_file host_scheme_ignores",
                    "/certificate_file host_scheme_ignores", "/key_file host_scheme_ignores"));
    EXPECT_THAT(problems({.scheme = "certificate", .password = "p"}),
                UnorderedElementsAre("/password host_scheme_ignores", "/tls host_scheme_needs",
                                     "/certificate_file host_scheme_needs",
                                     "/key_file host_scheme_needs"));
    EXPECT_THAT(problems({.tls = true,
                          .scheme = "certificate",
                          .certificate_file = file.path(),
                          .key_file = file.path()}),
                IsEmpty());
    EXPECT_FALSE(has_password);
}

TEST_F(HostSettings, of_kerberos_need_a_name_and_one_proof)
{
    EXPECT_THAT(problems({.scheme = "kerberos", .user = "u@REALM"}),
                UnorderedElementsAre("/password host_password_or_keytab",
                                     "/server_name host_kerberos_needs_name"));
    record.scheme = LogonScheme::kerberos;
    record.user = "u@REALM";
    EXPECT_THAT(problems({.server_name = "fe80::1"}),
                testing::Contains("/server_name host_kerberos_needs_name"));
    const File file;
    EXPECT_THAT(
        problems({.server_name = "hv1.corp.example", .password = "p", .keytab_file = file.path()}),
        UnorderedElementsAre("/keytab_file host_password_or_keytab"));
    has_password = true;
    record.server_name = "hv1.corp.example";
    EXPECT_THAT(problems({.keytab_file = file.path()}), IsEmpty());
    EXPECT_FALSE(has_password) << "the keytab is used in its place";
    EXPECT_THAT(problems({.password = "p"}), IsEmpty());
    EXPECT_EQ(record.keytab_file, "") << "and the other way round";
    record = {.name = "hv1", .address = "hv1.corp.example"};
    EXPECT_THAT(problems({.scheme = "kerberos", .user = "u"}), IsEmpty())
        << "the address is a name";
}

TEST_F(HostSettings, of_basic_send_no_password_in_the_clear_beyond_this_machine_unless_permitted)
{
    const contract::UpdateHost basic{.scheme = "basic", .user = "u", .password = "p"};
    EXPECT_THAT(problems(basic), UnorderedElementsAre("/basic_in_the_clear host_basic_needs_tls"));
    record.address = "127.0.0.1";
    EXPECT_THAT(problems(basic), IsEmpty());
    record.address = "192.0.2.7";
    EXPECT_THAT(problems({.tls = true}), IsEmpty());
    EXPECT_THAT(problems({.tls = false, .basic_in_the_clear = true}), IsEmpty());
    apply({.scheme = "ntlm"});
    EXPECT_FALSE(record.basic_in_the_clear) << "a permission is not kept for later";
}

TEST_F(HostSettings, trust_in_one_way)
{
    has_password = true;
    apply({.user = "u"});
    const File file;
    EXPECT_THAT(
        problems({.tls_ca_file = file.path(), .tls_insecure = true}),
        UnorderedElementsAre("/tls_ca_file host_needs_tls", "/tls_insecure host_needs_tls"));
    EXPECT_THAT(
        problems({.tls = true,
                  .tls_ca_file = file.path(),
                  .tls_fingerprint = fingerprint,
                  .tls_insecure = true}),
        UnorderedElementsAre("/tls_fingerprint host_one_trust", "/tls_insecure host_one_trust"));
    apply({.tls = true});
    EXPECT_THAT(problems({.tls_fingerprint = "12:34"}),
                UnorderedElementsAre("/tls_fingerprint tls_fingerprint_invalid"));
    apply({.tls_ca_file = file.path()});
    EXPECT_EQ(record.tls_trust, TlsTrust::authorities);
    apply({.tls_fingerprint = fingerprint});
    EXPECT_EQ(record.tls_trust, TlsTrust::fingerprint);
    EXPECT_TRUE(record.tls_fingerprint.starts_with("AA:AA:")) << record.tls_fingerprint;
    EXPECT_EQ(record.tls_ca_file, "");
    apply({.tls_insecure = true});
    EXPECT_EQ(record.tls_trust, TlsTrust::nothing);
    EXPECT_EQ(record.tls_fingerprint, "");
    apply({.tls_insecure = false});
    EXPECT_EQ(record.tls_trust, TlsTrust::authorities);
    apply({.tls_insecure = true});
    apply({.tls = false});
    EXPECT_EQ(record.tls_trust, TlsTrust::authorities) << "nothing of TLS is kept";
}

TEST_F(HostSettings, name_files_that_the_server_cannot_read)
{
    has_password = true;
    EXPECT_THAT(problems({.tls = true, .tls_ca_file = "/nowhere/ca.pem", .user = "u"}),
                UnorderedElementsAre("/tls_ca_file host_file_unreadable"));
    apply({.tls = true, .user = "u"});
    EXPECT_THAT(problems({.tls_ca_file = "ca.pem"}),
                UnorderedElementsAre("/tls_ca_file host_file_unreadable"));
    EXPECT_THAT(problems({.tls_ca_file = "/"}),
                UnorderedElementsAre("/tls_ca_file host_file_unreadable"));
    EXPECT_THAT(problems({.tls_ca_file = ""}), IsEmpty()) << "the machine's own authorities";
}

TEST_F(HostSettings, are_shown_without_what_is_not_there)
{
    has_password = true;
    apply({.tls = true, .tls_insecure = true, .user = "u"});
    contract::Host host;
    show_settings(record, host);
    EXPECT_EQ(host.port, 5986);
    EXPECT_EQ(host.scheme, "ntlm");
    EXPECT_EQ(host.tls_insecure, true);
    EXPECT_EQ(host.keytab_file, std::nullopt);
    apply({.tls = false});
    show_settings(record, host);
    EXPECT_EQ(host.tls_insecure, std::nullopt);
}

} // namespace
} // namespace watari::api
