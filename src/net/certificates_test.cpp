#include "net/certificates.hpp"

#include "core/error.hpp"
#include "net/tls_test_world.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>

namespace watari::net {
namespace {

/// What a command prints.
std::string output_of(const std::string& command)
{
    std::string text;
    std::array<char, 512> piece{};
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) {
        text += piece.data();
    }
    ::pclose(pipe);
    return text;
}

struct Certificates : testing::Test {
    TemporaryFolder folder;
    Authority authority{SimulatedClock::default_start};
};

TEST_F(Certificates, openssl_reads_what_was_made_as_it_was_meant)
{
    CertificateWishes wishes = authority.wishes("HV01");
    wishes.names = {"hv01", "hv01.example"};
    wishes.addresses = {"127.42.1.1"};
    const KeyPair pair = make_certificate(authority.pair, wishes);
    write_key_pair(pair, folder / "hv01.pem", folder / "hv01-key.pem");
    write_key_pair(authority.pair, folder / "ca.pem", folder / "ca-key.pem");
    const std::string text = output_of("openssl x509 -noout -text -in " + folder / "hv01.pem");
    for (const char* part :
         {"CN = HV01", "CN = Test authority", "DNS:hv01, DNS:hv01.example", "IP Address:127.42.1.1",
          "TLS Web Server Authentication", "Not Before: Dec 31 00:00:00 2025 GMT"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
    const std::string verdict =
        output_of("openssl verify -x509_strict -attime 1767225600 -CAfile " + folder / "ca.pem" +
                  " " + folder / "hv01.pem");
    EXPECT_NE(verdict.find(": OK"), std::string::npos) << verdict;
    const std::string printed =
        output_of("openssl x509 -noout -fingerprint -sha256 -in " + folder / "hv01.pem");
    EXPECT_NE(printed.find(certificate_fingerprint(pair.certificate)), std::string::npos);
}

TEST_F(Certificates, a_key_file_is_for_its_owner_alone_and_reads_back)
{
    std::fclose(std::fopen((folder / "k.pem.part").c_str(), "w")); // left behind, mode 0644
    write_key_pair(authority.pair, folder / "c.pem", folder / "k.pem");
    struct stat key{};
    ASSERT_EQ(::stat((folder / "k.pem").c_str(), &key), 0);
    EXPECT_EQ(key.st_mode & 0777U, 0600U);
    const KeyPair read = read_key_pair(folder / "c.pem", folder / "k.pem");
    EXPECT_EQ(read.certificate, authority.pair.certificate);
    EXPECT_EQ(read.key, authority.pair.key);
}

TEST_F(Certificates, files_that_cannot_be_written_or_read_are_named)
{
    const auto code_of = [](const auto& act) -> std::string {
        try {
            act();
        } catch (const Error& error) {
            return error.code();
        }
        return "";
    };
    EXPECT_EQ(code_of([&] { write_key_pair(authority.pair, folder / "no/c", folder / "no/k"); }),
              "tls_file_unwritable");
    EXPECT_EQ(code_of([&] { read_key_pair(folder / "c", folder / "k"); }), "tls_file_unreadable");
    EXPECT_EQ(code_of([&] { certificate_fingerprint("no PEM"); }), "tls_certificate_unreadable");
    EXPECT_EQ(code_of([&] { make_certificate({}, authority.wishes("x")); }),
              "tls_certificate_unreadable");
    EXPECT_EQ(code_of([&] {
                  make_certificate({.certificate = authority.pair.certificate},
                                   authority.wishes("x"));
              }),
              "tls_key_unreadable");
    for (const char* name : {"", "a b", "a,DNS:b", "a\n"}) {
        CertificateWishes wishes = authority.wishes("x");
        wishes.names = {name};
        EXPECT_EQ(code_of([&] { make_certificate(authority.pair, wishes); }),
                  "certificate_name_invalid")
            << name;
    }
    CertificateWishes wishes = authority.wishes("x");
    wishes.addresses = {"1.2.3"};
    EXPECT_EQ(code_of([&] { make_certificate(authority.pair, wishes); }),
              "certificate_name_invalid");
}

TEST(Fingerprint, is_read_with_and_without_colons)
{
    const std::string digits(64, 'a');
    std::string canonical = "AA";
    for (int i = 1; i < 32; ++i) {
        canonical += ":AA";
    }
    EXPECT_EQ(fingerprint_from(digits), canonical);
    EXPECT_EQ(fingerprint_from(canonical), canonical);
    for (const std::string& wrong :
         {std::string{}, digits + "a", digits.substr(1), std::string(64, 'g'), std::string(95, ':'),
          std::string(95, 'a')}) {
        EXPECT_EQ(fingerprint_from(wrong), std::nullopt) << wrong;
    }
}

} // namespace
} // namespace watari::net
