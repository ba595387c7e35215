#include "auth/handshakes.hpp"
#include "auth/multipart.hpp"
#include "auth/negotiate.hpp"
#include "auth/tokens.hpp"

#include <filesystem>

namespace watari::auth {
namespace {

using namespace testing_support;

const std::string user = "Administrator";
const std::string password = "Pa:ss wörd 日本 \U0001F600";

class Ntlm : public testing::TestWithParam<Mechanism>, protected Ends
{
protected:
    Ntlm()
        : Ends{.account = {.mechanism = GetParam(),
                           .user = user,
                           .password = Secret{password},
                           .host = "win-host"},
               .service = {.accounts = {{"other", Secret{"x"}}, {user, Secret{password}}},
                           .host = "win-host"}}
    {
    }
};

TEST_P(Ntlm, admits_the_account_in_two_legs_and_seals_both_ways)
{
    Handshake handshake = connect();
    EXPECT_TRUE(handshake.client->has_handshake());
    EXPECT_EQ(handshake.client->may_block(), std::nullopt);
    EXPECT_TRUE(handshake.shake());
    EXPECT_EQ(handshake.legs, 2);
    EXPECT_EQ(handshake.account, user);
    EXPECT_EQ(handshake.client->per_request(), std::nullopt);
    EXPECT_TRUE(handshake.server->check(std::nullopt).admitted);
    EXPECT_EQ(handshake.server->check(std::nullopt).account, user);
    exchange_bodies(handshake);
}

TEST_P(Ntlm, splits_sealed_bodies_after_sixteen_bytes)
{
    Handshake handshake = shaken();
    const Body body = handshake.to_server(std::string(1000, 'x'));
    const Sealed sealed = read_sealed(body, negotiate_sealed);
    EXPECT_EQ(sealed.signature.size(), 16U);
    EXPECT_EQ(sealed.signature.substr(0, 4), (std::string_view{"\x01\0\0\0", 4}));
    EXPECT_EQ(sealed.data.size(), 1000U);
    EXPECT_EQ(sealed.length, 1000U);
    EXPECT_EQ(sealed.original_type, soap_type);
}

TEST_P(Ntlm, takes_every_form_of_a_user_name)
{
    for (const std::string_view name : {"WIN-HOST\\Administrator", ".\\administrator",
                                        "ADMINISTRATOR", "Administrator@corp.example"}) {
        account.user = name;
        Handshake handshake = connect();
        EXPECT_TRUE(handshake.shake()) << name;
        EXPECT_EQ(handshake.account, user) << name;
    }
}

TEST_P(Ntlm, refuses_a_wrong_password_and_an_unknown_user_alike)
{
    account.password = Secret{"wrong"};
    Handshake handshake = connect();
    EXPECT_FALSE(handshake.shake());
    EXPECT_FALSE(handshake.client->established());
    EXPECT_FALSE(handshake.server->check(std::nullopt).admitted);
    const std::vector<std::string> bare{"Negotiate"};
    EXPECT_EQ(handshake.server->check(std::nullopt).challenges, bare);

    account.password = Secret{password};
    account.user = "nobody";
    Handshake unknown = connect();
    EXPECT_FALSE(unknown.shake());
}

TEST_P(Ntlm, binds_the_handshake_to_the_tls_channel)
{
    client_side = server_side = {.encrypted = true, .server_end_point = "certificate hash"};
    service.binding = ChannelBinding::strict;
    Handshake handshake = connect();
    EXPECT_TRUE(handshake.shake());
    EXPECT_FALSE(handshake.client->seals());
    EXPECT_EQ(handshake.to_server("plain inside TLS").bytes, "plain inside TLS");

    client_side.server_end_point = "another hash";
    for (const auto binding : {ChannelBinding::strict, ChannelBinding::relaxed}) {
        service.binding = binding;
        Handshake relayed = connect();
        EXPECT_FALSE(relayed.shake());
    }
    service.binding = ChannelBinding::none;
    EXPECT_TRUE(connect().shake());
}

TEST_P(Ntlm, a_client_without_channel_binding_is_refused_only_where_it_is_required)
{
    client_side = {.encrypted = true};
    server_side = {.encrypted = true, .server_end_point = "certificate hash"};
    EXPECT_TRUE(connect().shake());
    service.binding = ChannelBinding::strict;
    EXPECT_FALSE(connect().shake());
}

TEST_P(Ntlm, seals_inside_tls_where_told_to)
{
    client_side = server_side = {.encrypted = true, .server_end_point = "certificate hash"};
    account.seals_over_tls = true;
    Handshake handshake = shaken();
    EXPECT_TRUE(handshake.client->seals());
    exchange_bodies(handshake);
}

TEST_P(Ntlm, finds_a_changed_byte_wherever_it_is)
{
    const std::size_t size = shaken().to_server("a question").bytes.size();
    for (std::size_t at = size - 26 - 24; at < size - 24; at += 5) { // signature and data
        Handshake handshake = shaken();
        Body body = handshake.to_server("a question");
        body.bytes[at] ^= 1;
        const std::string code =
            code_of([&] { handshake.server->unseal(body); }, ErrorKind::invalid);
        EXPECT_TRUE(code == "sealed_body_tampered" || code == "sealed_body_replayed") << code;
    }
    Handshake handshake = shaken();
    Body answer = handshake.to_client("an answer");
    answer.bytes[answer.bytes.size() - 30] ^= 1;
    EXPECT_EQ(code_of([&] { handshake.client->unseal(answer); }, ErrorKind::outcome_unknown),
              "sealed_body_tampered");
}

TEST_P(Ntlm, finds_a_wrong_length_a_cut_body_and_a_repeated_one)
{
    Handshake handshake = shaken();
    Body body = handshake.to_server("a question");
    const auto at = body.bytes.find("Length=10");
    body.bytes.replace(at, 9, "Length=9");
    EXPECT_EQ(code_of([&] { handshake.server->unseal(body); }, ErrorKind::invalid),
              "sealed_body_wrong_length");

    handshake = shaken();
    body = handshake.to_server("a question");
    body.bytes.resize(body.bytes.size() - 30);
    EXPECT_EQ(code_of([&] { handshake.server->unseal(body); }, ErrorKind::invalid),
              "sealed_body_truncated");

    handshake = shaken();
    Body first = handshake.to_server("a question");
    const Body copy = first;
    handshake.server->unseal(first);
    Body again = copy;
    EXPECT_EQ(code_of([&] { handshake.server->unseal(again); }, ErrorKind::invalid),
              "sealed_body_replayed");
}

TEST_P(Ntlm, a_body_of_another_connection_does_not_open)
{
    Handshake one = shaken();
    Handshake other = shaken();
    Body body = one.to_server("a question");
    EXPECT_EQ(code_of([&] { other.server->unseal(body); }, ErrorKind::invalid),
              "sealed_body_tampered");
}

TEST_P(Ntlm, an_answer_in_the_clear_is_no_answer)
{
    Handshake handshake = shaken();
    Body body{std::string{soap_type}, "<forged/>"};
    EXPECT_EQ(code_of([&] { handshake.client->unseal(body); }, ErrorKind::outcome_unknown),
              "body_not_sealed");
    Body empty{std::string{soap_type}, ""};
    EXPECT_NO_THROW(handshake.client->unseal(empty));
}

TEST_P(Ntlm, a_repeated_handshake_token_is_refused)
{
    Handshake handshake = connect();
    const auto first = handshake.client->next({});
    auto verdict = handshake.server->check(first);
    EXPECT_TRUE(verdict.continues);
    const auto second = handshake.client->next(verdict.challenges);
    EXPECT_TRUE(handshake.server->check(second).admitted);
    EXPECT_FALSE(handshake.server->check(second).admitted); // on the same connection
    const auto elsewhere = negotiate_server(service)({});
    EXPECT_FALSE(elsewhere->check(second).admitted);
    EXPECT_TRUE(elsewhere->check(first).continues);
    EXPECT_FALSE(elsewhere->check(second).admitted); // against another challenge
}

TEST_P(Ntlm, a_new_handshake_on_the_same_connection_replaces_the_old_one)
{
    Handshake handshake = shaken();
    account.user = "other";
    account.password = Secret{"x"};
    handshake.client = negotiate_client(account)({});
    EXPECT_TRUE(handshake.shake());
    EXPECT_EQ(handshake.account, "other");
    exchange_bodies(handshake);
}

TEST_P(Ntlm, says_when_the_host_offers_only_other_schemes)
{
    const auto client = negotiate_client(account)({});
    client->next({});
    const std::vector<std::string> challenges{"Basic realm=\"WSMAN\"", "Kerberos"};
    try {
        client->next(challenges);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unauthenticated);
        EXPECT_EQ(error.code(), "scheme_not_offered");
        EXPECT_NE(std::string{error.what()}.find("Basic, Kerberos"), std::string::npos);
    }
}

TEST_P(Ntlm, survives_a_challenge_that_names_no_target)
{
    Handshake handshake = connect();
    const auto verdict = handshake.server->check(handshake.client->next({}));
    const auto offer = read_offer(verdict.challenges.at(0));
    ASSERT_TRUE(offer && offer->token);
    std::string token = *offer->token;
    const std::size_t at = token.find("NTLMSSP");
    ASSERT_NE(at, std::string::npos);
    token.replace(at + 12, 4, 4, '\0'); // length and room of the target name
    const std::vector<std::string> forged{offer_text("Negotiate", token)};
    EXPECT_EQ(code_of([&] { handshake.client->next(forged); }, ErrorKind::unauthenticated),
              "ntlm_failed");
}

TEST_P(Ntlm, says_when_the_host_talks_nonsense_or_admits_too_early)
{
    auto client = negotiate_client(account)({});
    client->next({});
    const std::vector<std::string> nonsense{offer_text("Negotiate", "NTLMSSP nonsense")};
    EXPECT_EQ(code_of([&] { client->next(nonsense); }, ErrorKind::unauthenticated), "ntlm_failed");
    client = negotiate_client(account)({});
    client->next({});
    EXPECT_EQ(code_of([&] { client->next({}); }, ErrorKind::unauthenticated), "host_not_proven");
}

TEST_P(Ntlm, no_token_of_a_stranger_harms_the_server)
{
    const auto server = negotiate_server(service)({});
    const Handshake handshake = connect();
    const std::string token = *handshake.client->next({});
    const std::string bytes = *read_offer(token)->token;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(server->check(offer_text("Negotiate", bytes.substr(0, size))).admitted);
    }
    for (const std::string_view other :
         {"Negotiate", "Negotiate !", "Kerberos YWJj", "Basic eDp5", "", "Negotiate YWJj"}) {
        const auto verdict = server->check(other);
        EXPECT_FALSE(verdict.admitted || verdict.continues) << other;
    }
    EXPECT_TRUE(server->check(token).continues);
}

INSTANTIATE_TEST_SUITE_P(Mechanisms, Ntlm, testing::Values(Mechanism::ntlm, Mechanism::spnego_ntlm),
                         [](const auto& each) {
                             return each.param == Mechanism::ntlm ? "raw" : "spnego";
                         });

TEST(NtlmService, refuses_accounts_it_cannot_keep)
{
    for (const std::string_view name : {"", "a:b", "#x", "a\nb"}) {
        EXPECT_EQ(
            code_of([&] { negotiate_server({.accounts = {{std::string{name}, Secret{"p"}}}}); },
                    ErrorKind::invalid),
            "ntlm_accounts_unusable")
            << name;
    }
    EXPECT_EQ(code_of([&] { negotiate_server({.accounts = {{"x", Secret{"\xff"}}}}); },
                      ErrorKind::invalid),
              "ntlm_accounts_unusable");
}

TEST(NtlmService, leaves_no_file_and_no_descriptor_behind)
{
    const auto open_files = [] {
        return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
    };
    const auto before = open_files();
    {
        const auto server = negotiate_server({.accounts = {{"x", Secret{"y"}}}});
        EXPECT_EQ(open_files(), before + 1);
    }
    EXPECT_EQ(open_files(), before);
}

TEST(Offering, offers_every_scheme_and_lets_each_admit)
{
    const std::vector<Credentials> accounts{{user, Secret{password}}};
    const auto make = offering({negotiate_server({.accounts = accounts}), basic_server(accounts),
                                certificate_server({{"AB", "operator"}})});
    const auto server = make({});
    const auto refusal = server->check(std::nullopt);
    const std::vector<std::string> both{"Negotiate", "Basic realm=\"WSMAN\""};
    EXPECT_EQ(refusal.challenges, both);
    EXPECT_FALSE(refusal.admitted || refusal.continues);

    Handshake handshake{
        .client = negotiate_client({.user = user, .password = Secret{password}, .host = "h"})({}),
        .server = make({})};
    EXPECT_TRUE(handshake.shake());
    exchange_bodies(handshake);

    const auto basic =
        basic_client({user, Secret{password}}, InTheClear::allowed)({})->per_request();
    EXPECT_TRUE(server->check(basic).admitted);
    Body body{std::string{soap_type}, "text"};
    server->seal(body);
    EXPECT_EQ(body.bytes, "text");
    EXPECT_TRUE(make({.encrypted = true, .peer_certificate_sha256 = "AB"})
                    ->check(certificate_client()({.encrypted = true})->per_request())
                    .admitted);
}

} // namespace
} // namespace watari::auth
