#include "fleet/host_address.hpp"

namespace watari::fleet {

namespace {

hyperv::NamespaceChoice choice_of(store::NamespaceChoice choice)
{
    switch (choice) {
    case store::NamespaceChoice::automatic:
        return hyperv::NamespaceChoice::automatic;
    case store::NamespaceChoice::v1:
        return hyperv::NamespaceChoice::v1;
    case store::NamespaceChoice::v2:
        return hyperv::NamespaceChoice::v2;
    }
    return hyperv::NamespaceChoice::automatic;
}

hyperv::LogonScheme scheme_of(store::LogonScheme scheme)
{
    switch (scheme) {
    case store::LogonScheme::basic:
        return hyperv::LogonScheme::basic;
    case store::LogonScheme::ntlm:
        return hyperv::LogonScheme::ntlm;
    case store::LogonScheme::kerberos:
        return hyperv::LogonScheme::kerberos;
    case store::LogonScheme::certificate:
        return hyperv::LogonScheme::certificate;
    }
    return hyperv::LogonScheme::ntlm;
}

net::TlsTrust trust_of(store::TlsTrust trust)
{
    switch (trust) {
    case store::TlsTrust::authorities:
        return net::TlsTrust::authorities;
    case store::TlsTrust::fingerprint:
        return net::TlsTrust::fingerprint;
    case store::TlsTrust::nothing:
        return net::TlsTrust::nothing;
    }
    return net::TlsTrust::authorities;
}

net::TlsClientOptions tls_of(const store::HostRecord& record)
{
    net::TlsClientOptions tls{.trust = trust_of(record.tls_trust),
                              .fingerprint = record.tls_fingerprint,
                              .server_name = record.server_name,
                              .certificate_file = record.certificate_file,
                              .key_file = record.key_file};
    if (!record.tls_ca_file.empty()) {
        tls.ca_files = {record.tls_ca_file};
    }
    return tls;
}

} // namespace

hyperv::HostAddress address_of(const store::HostRecord& record, std::string password)
{
    hyperv::HostAddress address{
        .endpoint = {record.address, static_cast<std::uint16_t>(record.port)},
        .user = record.user,
        .password = std::move(password),
        .ns = choice_of(record.namespace_choice),
        .scheme = scheme_of(record.scheme),
        .basic_in_the_clear = record.basic_in_the_clear,
        .name = record.server_name,
        .keytab = record.keytab_file};
    if (record.tls) {
        address.tls = tls_of(record);
    }
    return address;
}

} // namespace watari::fleet
