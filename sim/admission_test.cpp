#include "sim/test_served_host.hpp"

namespace watari::sim {
namespace {

using AdmissionTest = ServedHost;

TEST_F(AdmissionTest, a_client_with_ntlm_is_served_sealed_over_and_over)
{
    start_strict();
    connect(ntlm());
    for (int i = 0; i < 3; ++i) {
        const http::Response answer = post(identify());
        EXPECT_EQ(answer.status, 200);
        EXPECT_NE(answer.body.find("ProductVersion"), std::string::npos);
        EXPECT_EQ(answer.headers.get("Content-Type"), wsman::names::content_type);
    }
}

TEST_F(AdmissionTest, faults_are_sealed_too)
{
    start_strict();
    connect(ntlm());
    const http::Response answer = post("<no-soap/>");
    EXPECT_EQ(answer.status, 500);
    EXPECT_NE(answer.body.find("Fault"), std::string::npos);
}

TEST_F(AdmissionTest, a_wrong_password_is_refused)
{
    start_strict();
    connect(ntlm({.user = "Administrator", .password = auth::Secret{"wrong"}}));
    try {
        post(identify());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unauthenticated);
        EXPECT_EQ(error.code(), "authentication_refused");
    }
}

TEST_F(AdmissionTest, a_request_without_account_gets_the_schemes_and_keeps_its_connection)
{
    start_strict();
    connect_bare();
    for (int i = 0; i < 2; ++i) {
        const http::Response answer = post(identify());
        EXPECT_EQ(answer.status, 401);
        const auto offered = answer.headers.all("WWW-Authenticate");
        ASSERT_EQ(offered.size(), 2U);
        EXPECT_EQ(offered[0], "Negotiate");
        EXPECT_EQ(offered[1], "Basic realm=\"WSMAN\"");
        EXPECT_EQ(answer.body, "");
    }
}

TEST_F(AdmissionTest, what_comes_in_the_clear_is_an_error_without_words)
{
    start_strict();
    connect_bare();
    const http::Response answer = post(identify(), {{"Authorization", basic()}});
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, "");
}

TEST_F(AdmissionTest, identify_without_account_passes_in_the_clear)
{
    start_strict();
    connect_bare();
    const http::Response answer = post(identify(), {{"WSMANIDENTIFY", "unauthenticated"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body.find("OS: 0.0.0"), std::string::npos);
}

TEST_F(AdmissionTest, a_body_that_does_not_open_is_refused_and_ends_the_connection)
{
    start_strict();
    connect_bare();
    const auth::Body forged = auth::write_sealed({.protocol = auth::negotiate_sealed,
                                                  .original_type = wsman::names::content_type,
                                                  .length = 5,
                                                  .signature = "0123456789abcdef",
                                                  .data = "xxxxx"});
    const auto scheme = ntlm()({});
    std::vector<std::string> challenges;
    for (int leg = 0; leg < 2; ++leg) {
        const http::Response answer = post("", {{"Authorization", *scheme->next(challenges)}});
        challenges.clear();
        for (const std::string_view value : answer.headers.all("WWW-Authenticate")) {
            challenges.emplace_back(value);
        }
        EXPECT_EQ(answer.status, leg == 0 ? 401 : 200);
    }
    EXPECT_EQ(post(forged.bytes, {{"Content-Type", forged.content_type}}).status, 400);
    EXPECT_EQ(post(identify()).status, 401); // a new connection
}

TEST_F(AdmissionTest, unknown_schemes_and_kerberos_without_keys_are_told)
{
    for (const auto& [schemes, code] : std::vector<std::pair<std::string, std::string>>{
             {"basic,digest", "hvsim_bad_auth"}, {"kerberos", "hvsim_no_keytab"}}) {
        try {
            authentication({.schemes = schemes});
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::invalid);
            EXPECT_EQ(error.code(), code);
        }
    }
}

} // namespace
} // namespace watari::sim
