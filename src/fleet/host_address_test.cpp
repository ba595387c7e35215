#include "fleet/host_address.hpp"

#include <gtest/gtest.h>

namespace watari::fleet {
namespace {

TEST(HostAddress, is_sealed_http_by_ntlm_unless_the_record_says_otherwise)
{
    const auto address = address_of({.address = "192.0.2.7", .user = "CORP\\watari"}, "p");
    EXPECT_EQ(address.endpoint.text(), "192.0.2.7:5985");
    EXPECT_FALSE(address.tls);
    EXPECT_EQ(address.scheme, hyperv::LogonScheme::ntlm);
    EXPECT_EQ(address.user, "CORP\\watari");
    EXPECT_EQ(address.password, "p");
    EXPECT_FALSE(address.basic_in_the_clear);
}

TEST(HostAddress, takes_name_and_trust_from_the_record)
{
    const auto address = address_of({.address = "192.0.2.7",
                                     .port = 5986,
                                     .server_name = "hv1.corp.example",
                                     .tls = true,
                                     .tls_trust = store::TlsTrust::fingerprint,
                                     .tls_ca_file = "/etc/ca.pem",
                                     .tls_fingerprint = "ab",
                                     .scheme = store::LogonScheme::kerberos,
                                     .user = "watari@CORP.EXAMPLE",
                                     .keytab_file = "/etc/k",
                                     .certificate_file = "/etc/c.pem",
                                     .key_file = "/etc/c.key",
                                     .namespace_choice = store::NamespaceChoice::v1},
                                    "");
    EXPECT_EQ(address.name, "hv1.corp.example") << "of the service principal";
    EXPECT_EQ(address.scheme, hyperv::LogonScheme::kerberos);
    EXPECT_EQ(address.keytab, "/etc/k");
    EXPECT_EQ(address.ns, hyperv::NamespaceChoice::v1);
    ASSERT_TRUE(address.tls);
    EXPECT_EQ(address.tls->trust, net::TlsTrust::fingerprint);
    EXPECT_EQ(address.tls->fingerprint, "ab");
    EXPECT_EQ(address.tls->ca_files, std::vector<std::string>{"/etc/ca.pem"});
    EXPECT_EQ(address.tls->server_name, "hv1.corp.example") << "of the certificate";
    EXPECT_EQ(address.tls->certificate_file, "/etc/c.pem");
    EXPECT_EQ(address.tls->key_file, "/etc/c.key");
}

} // namespace
} // namespace watari::fleet
