#include "auth/scheme.hpp"
#include "auth/tokens.hpp"

#include <gtest/gtest.h>

namespace watari::auth {
namespace {

using namespace std::string_view_literals;

TEST(Tokens, headers_are_a_scheme_and_perhaps_a_token)
{
    const auto bare = read_offer("Negotiate");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->scheme, "Negotiate");
    EXPECT_EQ(bare->token, std::nullopt);
    const std::string header = "  Kerberos   " + base64_encode("abc") + " ";
    const auto full = read_offer(header);
    ASSERT_TRUE(full);
    EXPECT_EQ(full->scheme, "Kerberos");
    EXPECT_EQ(full->token, "abc");
    EXPECT_EQ(offer_text("Negotiate", "abc"), "Negotiate " + base64_encode("abc"));
    EXPECT_EQ(offer_text("Negotiate", ""), "Negotiate");
}

TEST(Tokens, headers_that_carry_no_token_are_refused)
{
    for (const std::string& header :
         {std::string{}, std::string{"   "}, std::string{"Negotiate !!!"},
          std::string{"Negotiate YWJj YWJj"}, std::string{"Negotiate YWJ"},
          "Negotiate " + base64_encode(std::string(token_bytes_max + 10, 'x'))}) {
        EXPECT_FALSE(read_offer(header)) << header.substr(0, 40);
    }
}

TEST(Tokens, kinds_are_told_by_the_first_bytes)
{
    EXPECT_EQ(kind_of("NTLMSSP\0\x01\0\0\0"sv), TokenKind::ntlm);
    EXPECT_EQ(kind_of("\x60\x10\x06\x06\x2b\x06\x01\x05\x05\x02"sv), TokenKind::spnego);
    EXPECT_EQ(kind_of("\x60\x82\x01\x00\x06\x06\x2b\x06\x01\x05\x05\x02"sv), TokenKind::spnego);
    EXPECT_EQ(kind_of("\xa1\x10"), TokenKind::spnego);
    EXPECT_EQ(kind_of("\x60\x10\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"sv),
              TokenKind::kerberos);
    for (const std::string_view other : {""sv, "NTLMSSP"sv, "\x60"sv, "\x60\x84"sv,
                                         "\x60\xff\x06"sv, "\x60\x03\x06\x01\x2a"sv, "x"sv}) {
        EXPECT_EQ(kind_of(other), TokenKind::unknown);
    }
}

/// An AUTHENTICATE message whose NTLMv2 response carries `pairs`.
std::string authenticate(std::string_view pairs)
{
    std::string message{"NTLMSSP\0\x03\0\0\0"sv};
    message.append(8, '\0');
    const std::size_t size = 44 + pairs.size();
    message += static_cast<char>(size);
    message += '\0';
    message += static_cast<char>(size);
    message += '\0';
    message += "\x20\0\0\0"sv; // offset 32
    message.append(4, '\0');
    message.append(44, 'p');
    message += pairs;
    return message;
}

TEST(Tokens, an_ntlm_message_binds_itself_to_a_channel_by_its_tenth_pair)
{
    const std::string hash(16, 'h');
    const std::string binding = std::string{"\x0a\0\x10\0"sv} + hash;
    EXPECT_TRUE(ntlm_binds_channel(authenticate(binding)));
    EXPECT_TRUE(ntlm_binds_channel(authenticate(std::string{"\x01\0\x02\0zz"sv} + binding)));
    EXPECT_TRUE(ntlm_binds_channel("\xa1\x50" + authenticate(binding)));

    const std::string end{"\0\0\0\0"sv};
    EXPECT_FALSE(ntlm_binds_channel(authenticate({})));
    EXPECT_FALSE(ntlm_binds_channel(authenticate(end + binding)));
    EXPECT_FALSE(ntlm_binds_channel(authenticate("\x0a\0\x10\0"sv)));
    EXPECT_FALSE(
        ntlm_binds_channel(authenticate(std::string{"\x0a\0\x10\0"sv} + std::string(16, '\0'))));
    EXPECT_FALSE(ntlm_binds_channel(authenticate("\x01\0\xff\xff"sv)));
    EXPECT_FALSE(ntlm_binds_channel("NTLMSSP\0\x01\0\0\0"sv));
    const std::string whole = authenticate(binding);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(ntlm_binds_channel(whole.substr(0, size))) << size;
    }
}

/// A CHALLENGE message with a target name of that length.
std::string challenge(char name_length, std::string_view flags)
{
    std::string message{"NTLMSSP\0\x02\0\0\0"sv};
    message += name_length;
    message += "\0\0\0\x38\0\0\0"sv;
    message += flags;
    message.append(32, 'c');
    return message;
}

TEST(Tokens, an_ntlm_challenge_names_the_target_whose_type_it_gives)
{
    constexpr auto domain = "\x05\x02\x01\xe2"sv;
    constexpr auto server = "\x05\x02\x02\xe2"sv;
    constexpr auto neither = "\x05\x02\0\xe2"sv;
    EXPECT_TRUE(ntlm_challenge_names_target(challenge(6, domain)));
    EXPECT_TRUE(ntlm_challenge_names_target(challenge(0, neither)));
    EXPECT_FALSE(ntlm_challenge_names_target(challenge(0, domain)));
    EXPECT_FALSE(ntlm_challenge_names_target(challenge(0, server)));
    EXPECT_FALSE(ntlm_challenge_names_target("\xa1\x50" + challenge(0, server)));
    EXPECT_FALSE(ntlm_challenge_names_target(challenge(6, server) + challenge(0, server)));
    EXPECT_TRUE(ntlm_challenge_names_target({}));
    EXPECT_TRUE(ntlm_challenge_names_target(challenge(0, server).substr(0, 23)));
}

} // namespace
} // namespace watari::auth
