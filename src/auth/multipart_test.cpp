#include "auth/multipart.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

namespace watari::auth {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view soap = "application/soap+xml;charset=UTF-8";

std::string signature_16()
{
    return std::string{"\x01\0\0\0ABCDEFGH\0\0\0\0"sv};
}

/// The worked example of wsman.md 10.4: 1000 bytes sealed by NTLM.
Body example()
{
    Body body;
    body.content_type = "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\""
                        ";boundary=\"Encrypted Boundary\"";
    body.bytes = "--Encrypted Boundary\r\n"
                 "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
                 "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=1000\r\n"
                 "--Encrypted Boundary\r\n"
                 "\tContent-Type: application/octet-stream\r\n" +
                 std::string{"\x10\0\0\0"sv} + signature_16() + std::string(1000, '\xee') +
                 "--Encrypted Boundary--\r\n";
    return body;
}

Body changed(std::string_view from, std::string_view to)
{
    Body body = example();
    const auto at = body.bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    body.bytes.replace(at, from.size(), to);
    return body;
}

std::string code_of(const Body& body, std::string_view protocol = negotiate_sealed)
{
    try {
        read_sealed(body, protocol);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        return error.code();
    }
    return "read";
}

TEST(Multipart, is_written_byte_for_byte_as_the_specification_says)
{
    const std::string data(1000, '\xee');
    const Body written = write_sealed({.protocol = negotiate_sealed,
                                       .original_type = soap,
                                       .length = 1000,
                                       .signature = signature_16(),
                                       .data = data});
    EXPECT_EQ(written.content_type, example().content_type);
    EXPECT_EQ(written.bytes, example().bytes);
}

TEST(Multipart, names_the_protocol_of_the_scheme)
{
    const std::string header(60, 'h');
    const Body written = write_sealed({.protocol = kerberos_sealed,
                                       .original_type = soap,
                                       .length = 5,
                                       .signature = header,
                                       .data = "xxxxx"});
    EXPECT_EQ(written.content_type,
              "multipart/encrypted;protocol=\"application/HTTP-Kerberos-session-encrypted\""
              ";boundary=\"Encrypted Boundary\"");
    EXPECT_NE(written.bytes.find("\r\n\x3c"), std::string::npos); // 60 as the length
    EXPECT_EQ(read_sealed(written, kerberos_sealed).signature, header);
}

TEST(Multipart, reads_what_it_writes)
{
    const Body body = example();
    const Sealed sealed = read_sealed(body, negotiate_sealed);
    EXPECT_EQ(sealed.original_type, soap);
    EXPECT_EQ(sealed.length, 1000U);
    EXPECT_EQ(sealed.signature, signature_16());
    EXPECT_EQ(sealed.data, std::string(1000, '\xee'));
}

TEST(Multipart, reads_frames_without_tabs_and_with_spaces_before_the_boundary)
{
    Body body = example();
    std::erase(body.bytes, '\t');
    EXPECT_EQ(code_of(body), "read");

    std::string spaced;
    for (std::size_t at = 0; at < body.bytes.size(); ++at) {
        spaced += body.bytes[at];
        if (body.bytes.substr(at).starts_with("-Encrypted Boundary")) {
            spaced += ' ';
        }
    }
    body.bytes = spaced;
    EXPECT_EQ(read_sealed(body, negotiate_sealed).data.size(), 1000U);
    EXPECT_EQ(code_of(changed("charset=UTF-8", "charset=UTF-16")), "read");
}

TEST(Multipart, reads_the_content_type_with_its_parameters_in_any_order_and_spelling)
{
    for (const std::string_view type :
         {"multipart/encrypted; boundary=\"Encrypted Boundary\"; "
          "protocol=\"application/HTTP-SPNEGO-session-encrypted\"",
          "Multipart/Encrypted ;PROTOCOL=application/HTTP-SPNEGO-session-encrypted "
          ";x=\"a;b\";boundary=\"Encrypted Boundary\""}) {
        Body body = example();
        body.content_type = type;
        EXPECT_EQ(code_of(body), "read") << type;
    }
}

TEST(Multipart, takes_binary_data_that_looks_like_a_boundary)
{
    Body body = example();
    body.bytes.replace(body.bytes.size() - 500, 24, "--Encrypted Boundary--\r\n");
    EXPECT_EQ(read_sealed(body, negotiate_sealed).data.size(), 1000U);
}

TEST(Multipart, refuses_frames_cut_at_any_place)
{
    const Body whole = example();
    for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
        Body cut = whole;
        cut.bytes.resize(size);
        EXPECT_NE(code_of(cut), "read") << size;
    }
    EXPECT_EQ(code_of(changed("--Encrypted Boundary--\r\n", "")), "sealed_body_truncated");
    Body no_data = example();
    no_data.bytes.erase(no_data.bytes.find('\xee'), 1000);
    EXPECT_EQ(code_of(no_data), "sealed_body_truncated");
}

TEST(Multipart, refuses_another_boundary)
{
    EXPECT_EQ(code_of(changed("--Encrypted Boundary\r\n", "--encrypted boundary\r\n")),
              "sealed_body_wrong_boundary");
    EXPECT_EQ(code_of(changed("--Encrypted Boundary\r\n", "--  Encrypted Boundary\r\n")),
              "sealed_body_wrong_boundary");
    Body body = example();
    body.content_type.replace(body.content_type.find("Encrypted B"), 9, "Other one");
    EXPECT_EQ(code_of(body), "sealed_body_wrong_boundary");
}

TEST(Multipart, refuses_what_is_formed_otherwise)
{
    const std::vector<std::pair<std::string_view, std::string_view>> changes = {
        {"\tContent-Type: application/HTTP-SPNEGO", "\tContent-Type: application/HTTP-CredSSP"},
        {"OriginalContent", "originalcontent"},
        {"type=application/soap", "application/soap"},
        {";Length=1000", ""},
        {"Length=1000", "Length=1e3"},
        {"Length=1000", "Length=-1000"},
        {"Length=1000", "Length=99999999999999999999999"},
        {"octet-stream", "octet"},
        {"\r\n\x10"sv, "\r\n\r\n\x10"sv},
        {"\x10\0\0\0"sv, "\0\0\0\0"sv},
        {"\x10\0\0\0"sv, "\xff\xff\xff\xff"sv},
        {"\tOriginalContent: type=", "\tX: 1\r\n\tOriginalContent: type="}};
    for (const auto& [from, to] : changes) {
        EXPECT_EQ(code_of(changed(from, to)), "sealed_body_malformed") << from;
    }
    EXPECT_EQ(code_of(changed("type=application", "type=" + std::string(600, 'x'))),
              "sealed_body_malformed");
}

TEST(Multipart, refuses_the_protocol_of_another_scheme)
{
    EXPECT_EQ(code_of(example(), kerberos_sealed), "sealed_body_malformed");
    for (const std::string_view type :
         {"", "application/soap+xml", "multipart/encrypted", "multipart/x-multi-encrypted",
          "multipart/encrypted;protocol", "multipart/encrypted;protocol=\"app",
          "multipart/encryptedx;protocol=\"application/HTTP-SPNEGO-session-encrypted\""}) {
        Body body = example();
        body.content_type = type;
        EXPECT_EQ(code_of(body), "sealed_body_malformed") << type;
    }
}

TEST(Multipart, is_told_by_the_content_type)
{
    EXPECT_TRUE(is_sealed("multipart/encrypted;protocol=x"));
    EXPECT_TRUE(is_sealed("MULTIPART/ENCRYPTED"));
    EXPECT_FALSE(is_sealed("multipart/encrypted2"));
    EXPECT_FALSE(is_sealed(soap));
    EXPECT_FALSE(is_sealed(""));
}

} // namespace
} // namespace watari::auth
