#include "auth/gss_errors.hpp"
#include "auth/handshakes.hpp"
#include "auth/multipart.hpp"
#include "auth/negotiate.hpp"
#include "auth/test_kdc.hpp"
#include "auth/tokens.hpp"

#include <krb5/krb5.h>

namespace watari::auth {
namespace {

using namespace testing_support;

class Kerberos : public testing::TestWithParam<Mechanism>, protected Ends
{
protected:
    Kerberos()
        : Ends{.account = {.mechanism = GetParam(),
                           .user = "operator@watari.test",
                           .password = Secret{"secret"},
                           .host = TestKdc::host},
               .service = {.keytab = kdc_->service_keytab()}}
    {
    }
    static void SetUpTestSuite() { kdc_ = std::make_unique<TestKdc>(); }
    static void TearDownTestSuite() { kdc_.reset(); }

    static std::unique_ptr<TestKdc> kdc_;

    static bool is_raw() { return GetParam() == Mechanism::kerberos; }
    std::string failure(ErrorKind kind) const
    {
        const auto client = negotiate_client(account)({});
        return code_of([&] { client->next({}); }, kind);
    }
};

std::unique_ptr<TestKdc> Kerberos::kdc_;

TEST_P(Kerberos, admits_the_principal_and_seals_both_ways)
{
    Handshake handshake = connect();
    EXPECT_EQ(handshake.client->may_block(), "WATARI.TEST");
    EXPECT_TRUE(handshake.shake());
    EXPECT_EQ(handshake.legs, 1);
    EXPECT_EQ(handshake.account, "operator@WATARI.TEST");
    EXPECT_TRUE(handshake.server->check(std::nullopt).admitted);
    exchange_bodies(handshake);
}

TEST_P(Kerberos, splits_sealed_bodies_after_the_header_of_the_wrap_token)
{
    Handshake handshake = shaken();
    const Body body = handshake.to_server(std::string(1000, 'x'));
    const Sealed sealed = read_sealed(body, is_raw() ? kerberos_sealed : negotiate_sealed);
    EXPECT_EQ(sealed.signature.size(), 60U);              // AES with SHA-1 (wsman.md 10.5)
    EXPECT_EQ(sealed.signature.substr(0, 2), "\x05\x04"); // RFC 4121 4.2.6.2
    EXPECT_EQ(sealed.data.size(), 1000U);
    EXPECT_EQ(sealed.length, 1000U);
}

TEST_P(Kerberos, takes_a_keytab_in_place_of_a_password)
{
    account.password = {};
    account.keytab = kdc_->user_keytab();
    Handshake handshake = connect();
    EXPECT_TRUE(handshake.shake());
    exchange_bodies(handshake);
}

TEST_P(Kerberos, shares_its_tickets_among_connections)
{
    const auto make = negotiate_client(account);
    const auto make_server = negotiate_server(service);
    for (int i = 0; i < 3; ++i) {
        Handshake handshake{.client = make({}), .server = make_server({})};
        EXPECT_TRUE(handshake.shake());
    }
}

TEST_P(Kerberos, takes_the_forms_of_a_user_name)
{
    for (const std::string_view name : {"WATARI.TEST\\operator", "operator"}) {
        account.user = name;
        EXPECT_TRUE(connect().shake()) << name;
    }
}

TEST_P(Kerberos, binds_the_handshake_to_the_tls_channel)
{
    client_side = server_side = {.encrypted = true, .server_end_point = "certificate hash"};
    service.binding = ChannelBinding::strict;
    EXPECT_TRUE(connect().shake());
    client_side.server_end_point = "another hash";
    EXPECT_EQ(code_of([&] { connect().shake(); }, ErrorKind::unauthenticated),
              "kerberos_ticket_refused");
    client_side.server_end_point.clear();
    EXPECT_EQ(code_of([&] { connect().shake(); }, ErrorKind::unauthenticated),
              "kerberos_ticket_refused");
    service.binding = ChannelBinding::relaxed;
    EXPECT_TRUE(connect().shake());
}

TEST_P(Kerberos, finds_changed_cut_mislabelled_and_repeated_bodies)
{
    Handshake handshake = shaken();
    Body body = handshake.to_server("a question");
    const Body copy = body;
    body.bytes[body.bytes.size() - 30] ^= 1;
    EXPECT_EQ(code_of([&] { handshake.server->unseal(body); }, ErrorKind::invalid),
              "sealed_body_tampered");

    handshake = shaken();
    body = handshake.to_server("a question");
    body.bytes.resize(body.bytes.size() - 1);
    EXPECT_EQ(code_of([&] { handshake.server->unseal(body); }, ErrorKind::invalid),
              "sealed_body_truncated");

    handshake = shaken();
    body = handshake.to_server("a question");
    body.bytes.replace(body.bytes.find("Length=10"), 9, "Length=11");
    EXPECT_EQ(code_of([&] { handshake.server->unseal(body); }, ErrorKind::invalid),
              "sealed_body_wrong_length");

    handshake = shaken();
    body = handshake.to_server("a question");
    Body again = body;
    handshake.server->unseal(body);
    EXPECT_EQ(code_of([&] { handshake.server->unseal(again); }, ErrorKind::invalid),
              "sealed_body_replayed");
}

TEST_P(Kerberos, a_repeated_ticket_is_refused_on_every_connection)
{
    const auto client = negotiate_client(account)({});
    const auto token = client->next({});
    EXPECT_TRUE(negotiate_server(service)({})->check(token).admitted);
    EXPECT_FALSE(negotiate_server(service)({})->check(token).admitted);
}

TEST_P(Kerberos, a_host_without_the_services_key_refuses)
{
    account.host = TestKdc::other_host;
    EXPECT_EQ(code_of([&] { connect().shake(); }, ErrorKind::unauthenticated),
              "kerberos_ticket_refused");
}

TEST_P(Kerberos, an_impostor_that_admits_everybody_is_found_out)
{
    const auto client = negotiate_client(account)({});
    client->next({});
    EXPECT_EQ(code_of([&] { client->next({}); }, ErrorKind::unauthenticated), "host_not_proven");
}

TEST_P(Kerberos, tells_a_wrong_password_from_an_unknown_user_service_and_realm)
{
    account.password = Secret{"wrong"};
    EXPECT_EQ(failure(ErrorKind::unauthenticated), "kerberos_password_refused");
    account.password = Secret{"secret"};
    account.user = "nobody@WATARI.TEST";
    EXPECT_EQ(failure(ErrorKind::unauthenticated), "kerberos_user_unknown");
    account.user = "disabled";
    EXPECT_EQ(failure(ErrorKind::unauthenticated), "kerberos_account_disabled");
    account.user = "expired";
    EXPECT_EQ(failure(ErrorKind::unauthenticated), "kerberos_password_expired");
    account.user = "operator@NO.SUCH.REALM";
    EXPECT_EQ(failure(ErrorKind::unauthenticated), "kerberos_realm_unknown");
    account.user = std::string{"operator@"} + TestKdc::dead_realm;
    EXPECT_EQ(failure(ErrorKind::unavailable), "kerberos_kdc_unreachable");
}

TEST_P(Kerberos, tells_an_unknown_service)
{
    account.host = "unknown.watari.test";
    EXPECT_EQ(failure(ErrorKind::unauthenticated), "kerberos_service_unknown");
}

TEST_P(Kerberos, tells_keytabs_that_are_no_use)
{
    account.password = {};
    account.keytab = "/nonexistent";
    EXPECT_EQ(failure(ErrorKind::invalid), "kerberos_keytab_unusable");
    account.keytab = kdc_->service_keytab(); // has no key of the user
    EXPECT_EQ(failure(ErrorKind::invalid), "kerberos_keytab_unusable");
    service.keytab = "/nonexistent";
    EXPECT_EQ(code_of([&] { negotiate_server(service); }, ErrorKind::invalid),
              "server_keytab_unusable");
}

TEST_P(Kerberos, needs_a_name_and_not_an_address)
{
    for (const std::string_view host : {"10.0.0.1", "fe80::1", ""}) {
        account.host = host;
        EXPECT_EQ(code_of([&] { negotiate_client(account); }, ErrorKind::invalid),
                  "kerberos_needs_host_name")
            << host;
    }
}

TEST_P(Kerberos, no_error_shows_the_password)
{
    account.password = Secret{"hunter2-hunter2"};
    try {
        negotiate_client(account)({})->next({});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(std::string{error.what()}.find("hunter2"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Mechanisms, Kerberos,
                         testing::Values(Mechanism::kerberos, Mechanism::spnego_kerberos),
                         [](const auto& each) {
                             return each.param == Mechanism::kerberos ? "raw" : "spnego";
                         });

TEST(KerberosErrors, say_what_to_do_about_each_cause)
{
    const std::vector<std::tuple<krb5_error_code, ErrorKind, std::string>> causes = {
        {KRB5KRB_AP_ERR_SKEW, ErrorKind::unauthenticated, "kerberos_clock_skew"},
        {KRB5_KDCREP_SKEW, ErrorKind::unauthenticated, "kerberos_clock_skew"},
        {KRB5KRB_AP_ERR_TKT_EXPIRED, ErrorKind::unauthenticated, "kerberos_ticket_expired"},
        {KRB5KRB_AP_ERR_MODIFIED, ErrorKind::unauthenticated, "kerberos_service_key_wrong"},
        {KRB5KDC_ERR_ETYPE_NOSUPP, ErrorKind::unauthenticated, "kerberos_encryption_unsupported"},
        {KRB5_CONFIG_BADFORMAT, ErrorKind::invalid, "kerberos_configuration_bad"},
        {KRB5_KDC_UNREACH, ErrorKind::unavailable, "kerberos_kdc_unreachable"},
        {KRB5_CC_BADNAME, ErrorKind::unauthenticated, "kerberos_failed"}};
    for (const auto& [code, kind, name] : causes) {
        const Error error = kerberos_error(
            {.major = GSS_S_FAILURE, .minor = static_cast<OM_uint32>(code), .text = "words"},
            {.user = "u", .service = "HTTP/h", .keytab = {}});
        EXPECT_EQ(error.kind(), kind) << name;
        EXPECT_EQ(error.code(), name);
        EXPECT_EQ(error.peer().text, "words");
    }
    const Error expired =
        kerberos_error({.major = GSS_S_CREDENTIALS_EXPIRED, .minor = 0, .text = {}},
                       {.user = "u", .service = {}, .keytab = {}});
    EXPECT_EQ(expired.code(), "kerberos_ticket_expired");
}

} // namespace
} // namespace watari::auth
