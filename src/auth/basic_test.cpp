#include "auth/scheme.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

namespace watari::auth {
namespace {

std::vector<Credentials> two_accounts()
{
    return {{.user = "Administrator", .password = Secret{"p:w 日本"}},
            {.user = "x", .password = Secret{"y"}}};
}

TEST(Base64, encodes_and_decodes_the_test_vectors_of_rfc_4648)
{
    const std::vector<std::pair<std::string, std::string>> vectors = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : vectors) {
        EXPECT_EQ(base64_encode(plain), text);
        EXPECT_EQ(base64_decode(text), plain);
    }
}

TEST(Base64, refuses_whatever_is_not_exactly_base64)
{
    for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9 v", "Zm9v\n",
                                        "Zm9v====", "=Zm9", "Zg==Zg==", "Zm-_", "\xffm9v"}) {
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
    }
    EXPECT_EQ(base64_decode(std::string_view{"Zm9\0", 4}), std::nullopt);
}

TEST(Basic, admits_what_its_own_client_sends)
{
    const auto server = basic_server(two_accounts())({});
    for (const auto& credentials : two_accounts()) {
        const auto client = basic_client(credentials, InTheClear::allowed)({});
        EXPECT_FALSE(client->has_handshake());
        EXPECT_EQ(client->next({}), std::nullopt);
        EXPECT_TRUE(client->established());
        const auto verdict = server->check(client->per_request());
        EXPECT_TRUE(verdict.admitted);
        EXPECT_EQ(verdict.account, credentials.user);
        EXPECT_TRUE(verdict.challenges.empty());
    }
}

TEST(Basic, user_and_scheme_names_compare_without_regard_to_case_and_passwords_do_not)
{
    const auto server = basic_server(two_accounts())({});
    EXPECT_EQ(server->check("bASIC " + base64_encode("ADMINISTRATOR:p:w 日本")).account,
              "Administrator");
    EXPECT_FALSE(server->check("Basic " + base64_encode("Administrator:P:W 日本")).admitted);
}

TEST(Basic, challenges_whoever_does_not_prove_an_account)
{
    const auto server = basic_server(two_accounts())({});
    const std::vector<std::optional<std::string>> wrong = {std::nullopt,
                                                           "",
                                                           "Basic",
                                                           "Basic ",
                                                           "Basic !!!!",
                                                           "Negotiate " + base64_encode("x:y"),
                                                           "Basic " + base64_encode("x"),
                                                           "Basic " + base64_encode("x:"),
                                                           "Basic " + base64_encode("x:y "),
                                                           "Basic " + base64_encode(":y"),
                                                           "Basic  " + base64_encode("x:y")};
    for (const auto& authorization : wrong) {
        const auto verdict = server->check(authorization);
        EXPECT_FALSE(verdict.admitted) << authorization.value_or("(none)");
        EXPECT_EQ(verdict.challenges, std::vector<std::string>{"Basic realm=\"WSMAN\""});
    }
}

TEST(Basic, a_challenge_after_sending_means_the_credentials_were_refused)
{
    const auto client =
        basic_client({.user = "x", .password = Secret{"wrong"}}, InTheClear::allowed)({});
    const std::vector<std::string> challenges = {"Basic realm=\"WSMAN\""};
    EXPECT_EQ(client->next(challenges), std::nullopt);
    EXPECT_FALSE(client->established());
}

TEST(Basic, refuses_a_user_name_with_a_colon)
{
    try {
        basic_client({.user = "a:b", .password = Secret{"c"}}, InTheClear::refused);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        EXPECT_EQ(error.code(), "user_name_has_colon");
    }
}

TEST(Basic, refuses_to_send_a_password_in_the_clear)
{
    const auto make = basic_client(two_accounts().front(), InTheClear::refused);
    EXPECT_NE(make({.encrypted = true})->per_request(), std::nullopt);
    try {
        make({});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        EXPECT_EQ(error.code(), "basic_needs_encryption");
    }
}

TEST(Secret, assignment_keeps_the_value_and_survives_itself)
{
    Secret first{"one"};
    Secret second{std::string(100, 'x')};
    second = first;
    EXPECT_EQ(second.reveal(), "one");
    const Secret& alias = second;
    second = alias;
    EXPECT_EQ(second.reveal(), "one");
    Secret third;
    third = std::move(second);
    EXPECT_EQ(third.reveal(), "one");
    EXPECT_TRUE(Secret{}.empty());
}

} // namespace
} // namespace watari::auth
