#include "auth/negotiate.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

namespace watari::auth {
namespace {

constexpr std::string_view header =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";
const std::map<std::string, std::string> accounts{{"AB:CD", "operator"}};

Connection tls_with(std::string fingerprint)
{
    return {.encrypted = true, .peer_certificate_sha256 = std::move(fingerprint)};
}

TEST(Certificate, the_header_admits_the_account_of_the_peers_certificate)
{
    const auto client = certificate_client()(tls_with(""));
    EXPECT_FALSE(client->has_handshake());
    EXPECT_FALSE(client->seals());
    EXPECT_EQ(client->per_request(), header);
    const auto verdict =
        certificate_server(accounts)(tls_with("ab:cd"))->check(client->per_request());
    EXPECT_TRUE(verdict.admitted);
    EXPECT_EQ(verdict.account, "operator");
}

TEST(Certificate, neither_without_the_header_nor_with_another_certificate)
{
    EXPECT_FALSE(certificate_server(accounts)(tls_with("AB:CD"))->check(std::nullopt).admitted);
    EXPECT_FALSE(certificate_server(accounts)(tls_with("AB:CD"))->check("Basic eDp5").admitted);
    EXPECT_FALSE(certificate_server(accounts)(tls_with("AB:CE"))->check(header).admitted);
    EXPECT_FALSE(certificate_server(accounts)(tls_with(""))->check(header).admitted);
    EXPECT_FALSE(
        certificate_server(accounts)({.peer_certificate_sha256 = "AB:CD"})->check(header).admitted);
}

TEST(Certificate, is_no_use_without_tls)
{
    try {
        certificate_client()({});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "certificate_needs_tls");
    }
}

TEST(Certificate, a_challenge_is_a_refusal)
{
    const auto client = certificate_client()(tls_with(""));
    const std::vector<std::string> challenges{"Negotiate"};
    EXPECT_TRUE(client->established());
    EXPECT_EQ(client->next(challenges), std::nullopt);
    EXPECT_FALSE(client->established());
}

} // namespace
} // namespace watari::auth
