// What OpenSSL found wrong, as errors that say what to do.
#include "net/tls_session.hpp"

#include "messages/net.hpp"
#include "net/x509.hpp"

#include <openssl/sslerr.h>
#include <openssl/tls1.h>

namespace watari::net {

namespace {

constexpr int alert_protocol_version = SSL_AD_PROTOCOL_VERSION;
constexpr int alert_offset = SSL_AD_REASON_OFFSET;
constexpr int alert_last = 255;

bool is_about_a_certificate(int alert)
{
    switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED:
    case SSL_AD_ACCESS_DENIED:
        return true;
    default:
        return false;
    }
}

std::string version_text(int number)
{
    switch (number) {
    case SSL3_VERSION:
        return "SSL 3.0";
    case TLS1_VERSION:
        return std::string{to_string(TlsVersion::tls_1_0)};
    case TLS1_1_VERSION:
        return std::string{to_string(TlsVersion::tls_1_1)};
    default:
        return "?";
    }
}

} // namespace

void TlsSession::fail(int outcome)
{
    const unsigned long code = ERR_peek_error();
    if (outcome != SSL_ERROR_SSL && outcome != SSL_ERROR_SYSCALL) {
        throw std::runtime_error{"OpenSSL wants what nobody asked for"};
    }
    Error error = protocol_error(code);
    ERR_clear_error();
    throw error;
}

Error TlsSession::protocol_error(unsigned long code)
{
    const std::string endpoint = expectation_.peer.text();
    if (peer_is_plain_) {
        return expectation_.role == TlsRole::client
                   ? Error{ErrorKind::unsupported, message::tls_not_spoken{.endpoint = endpoint}}
                   : Error{ErrorKind::invalid, message::tls_expected{.endpoint = endpoint}};
    }
    if (verdict_ != X509_V_OK) {
        return certificate_error();
    }
    const int reason = ERR_GET_REASON(code);
    const char* known = ERR_reason_error_string(code);
    const std::string words = known == nullptr ? "connection ended" : known;
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || code == 0) {
        return ready_ ? Error{ErrorKind::unavailable, message::tls_truncated{.endpoint = endpoint}}
                      : Error{ErrorKind::unavailable,
                              message::tls_handshake_cut{.endpoint = endpoint}};
    }
    if (expectation_.role == TlsRole::client && version_offered_ != 0 &&
        version_offered_ < TLS1_2_VERSION) {
        return {
            ErrorKind::unsupported,
            message::tls_too_old{.endpoint = endpoint, .version = version_text(version_offered_)}};
    }
    if (reason > alert_offset && reason <= alert_offset + alert_last) {
        return alert_error(reason - alert_offset, words);
    }
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        return {ErrorKind::unauthenticated,
                message::tls_client_certificate_missing{.endpoint = endpoint}};
    }
    return {ErrorKind::unavailable, message::tls_failed{.endpoint = endpoint}, {.text = words}};
}

/// The peer said why it will not go on.
Error TlsSession::alert_error(int alert, const std::string& words) const
{
    const std::string endpoint = expectation_.peer.text();
    const PeerSays says{.code = static_cast<std::uint32_t>(alert), .text = words};
    if (expectation_.role == TlsRole::server) {
        return {ErrorKind::unavailable, message::tls_client_gave_up{.endpoint = endpoint}, says};
    }
    if (alert == alert_protocol_version) {
        return {ErrorKind::unsupported, message::tls_no_common_version{.endpoint = endpoint}, says};
    }
    if (is_about_a_certificate(alert)) {
        return {ErrorKind::unauthenticated,
                message::tls_client_certificate_refused{.endpoint = endpoint}, says};
    }
    return {ErrorKind::unsupported, message::tls_refused{.endpoint = endpoint}, says};
}

Error TlsSession::certificate_error() const
{
    const std::string endpoint = expectation_.peer.text();
    const std::string subject = subject_of(*judged_);
    const std::string fingerprint = fingerprint_of(*judged_);
    constexpr auto kind = ErrorKind::unauthenticated;
    switch (verdict_) {
    case X509_V_ERR_APPLICATION_VERIFICATION:
        return {kind, message::tls_fingerprint_mismatch{.endpoint = endpoint,
                                                        .expected = expectation_.fingerprint,
                                                        .found = fingerprint}};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return {kind, message::tls_self_signed{
                          .endpoint = endpoint, .subject = subject, .fingerprint = fingerprint}};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: // of an authority by the same name
        return {kind, message::tls_untrusted{
                          .endpoint = endpoint, .subject = subject, .fingerprint = fingerprint}};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return {kind, message::tls_wrong_name{.endpoint = endpoint,
                                              .name = expectation_.name,
                                              .names = names_of(*judged_)}};
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return {kind, message::tls_expired{.endpoint = endpoint,
                                           .subject = subject,
                                           .time = to_rfc3339(not_after(*judged_))}};
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return {kind, message::tls_not_yet_valid{.endpoint = endpoint,
                                                 .now = to_rfc3339(expectation_.now),
                                                 .subject = subject,
                                                 .time = to_rfc3339(not_before(*judged_))}};
    default:
        return {kind,
                message::tls_certificate_bad{.endpoint = endpoint, .subject = subject},
                {.text = X509_verify_cert_error_string(verdict_)}};
    }
}

} // namespace watari::net
