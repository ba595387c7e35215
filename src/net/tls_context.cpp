#include "net/tls_context.hpp"

#include "messages/net.hpp"
#include "net/pem_file.hpp"
#include "net/tls_session.hpp"
#include "net/x509.hpp"

namespace watari::net {

namespace {

using openssl::expected;

int number_of(TlsVersion version)
{
    switch (version) {
    case TlsVersion::tls_1_0:
        return TLS1_VERSION;
    case TlsVersion::tls_1_1:
        return TLS1_1_VERSION;
    case TlsVersion::tls_1_2:
        return TLS1_2_VERSION;
    case TlsVersion::tls_1_3:
        return TLS1_3_VERSION;
    }
    return TLS1_3_VERSION;
}

void set_common(SSL_CTX& context)
{
    // Resumption would save little beside one long-lived connection per host, and tickets would
    // arrive unasked on idle connections.
    SSL_CTX_set_options(&context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

void add_authorities(SSL_CTX& context, const std::vector<std::string>& files)
{
    X509_STORE* store = SSL_CTX_get_cert_store(&context);
    for (const std::string& file : files) {
        const auto certificates = certificates_from(read_pem_file(file));
        if (certificates.empty()) {
            throw Error{ErrorKind::invalid, message::tls_certificate_unreadable{.path = file}};
        }
        for (const auto& certificate : certificates) {
            expected(X509_STORE_add_cert(store, certificate.get()));
        }
    }
    // A host's own certificate may stand in the file of authorities, too.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

struct Shown {
    std::string certificate;
    std::string key;
    std::string certificate_path;
    std::string key_path;
};

void show(SSL_CTX& context, const Shown& shown)
{
    const auto chain = certificates_from(shown.certificate);
    if (chain.empty()) {
        throw Error{ErrorKind::invalid,
                    message::tls_certificate_unreadable{.path = shown.certificate_path}};
    }
    const auto key = key_from(shown.key);
    if (!key) {
        throw Error{ErrorKind::invalid, message::tls_key_unreadable{.path = shown.key_path}};
    }
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
        ERR_clear_error();
        throw Error{ErrorKind::invalid,
                    message::tls_key_mismatch{.certificate = shown.certificate_path,
                                              .key = shown.key_path}};
    }
    if (SSL_CTX_use_certificate(&context, chain.front().get()) != 1 ||
        SSL_CTX_use_PrivateKey(&context, key.get()) != 1) { // too weak for what is called secure
        throw Error{ErrorKind::invalid,
                    message::tls_certificate_unreadable{.path = shown.certificate_path},
                    {.text = openssl::last_words()}};
    }
    for (std::size_t i = 1; i < chain.size(); ++i) {
        expected(SSL_CTX_add1_chain_cert(&context, chain[i].get()));
    }
}

Shown read_shown(const std::string& certificate_file, const std::string& key_file)
{
    return {.certificate = read_pem_file(certificate_file),
            .key = read_pem_file(key_file),
            .certificate_path = certificate_file,
            .key_path = key_file};
}

openssl::Context made_for(const TlsServerOptions& options)
{
    if (options.version_max != TlsVersion::tls_1_0) {
        return openssl::Context{expected(SSL_CTX_new(TLS_server_method()))};
    }
    // A server of the time: it does not know the extension by which today's clients list their
    // versions, and answers with the only one it has.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    return openssl::Context{expected(SSL_CTX_new(TLSv1_server_method()))};
#pragma clang diagnostic pop
}

} // namespace

openssl::Context client_context(const TlsClientOptions& options)
{
    openssl::Context context{expected(SSL_CTX_new(TLS_client_method()))};
    set_common(*context);
    // Security level 2 would take TLS 1.0 out of what is understood; we understand it, to name it.
    expected(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION));
    if (options.trust == TlsTrust::authorities && options.ca_files.empty()) {
        expected(SSL_CTX_set_default_verify_paths(context.get()));
    } else {
        add_authorities(*context, options.ca_files);
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), &TlsSession::judge_certificate, nullptr);
    if (options.certificate_file.empty()) {
        SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    } else {
        show(*context, read_shown(options.certificate_file, options.key_file));
        // http.sys asks for a certificate only when it has read a request (wsman.md 10.6).
        SSL_CTX_set_post_handshake_auth(context.get(), 1);
    }
    return context;
}

openssl::Context server_context(const TlsServerOptions& options)
{
    openssl::Context context = made_for(options);
    set_common(*context);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    expected(SSL_CTX_set_num_tickets(context.get(), 0));
    if (options.version_min < TlsVersion::tls_1_2) { // needs SHA-1, which level 1 forbids
        SSL_CTX_set_security_level(context.get(), 0);
        expected(SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0"));
    }
    expected(SSL_CTX_set_min_proto_version(context.get(), number_of(options.version_min)));
    expected(SSL_CTX_set_max_proto_version(context.get(), number_of(options.version_max)));
    show(*context, options.certificate_file.empty()
                       ? Shown{.certificate = options.certificate,
                               .key = options.key,
                               .certificate_path = "PEM",
                               .key_path = "PEM"}
                       : read_shown(options.certificate_file, options.key_file));
    if (options.client_certificates == ClientCertificates::ignored) {
        return context;
    }
    add_authorities(*context, options.client_ca_files);
    SSL_CTX_set_verify(context.get(),
                       options.client_certificates == ClientCertificates::required
                           ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                           : SSL_VERIFY_PEER,
                       nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), &TlsSession::judge_certificate, nullptr);
    return context;
}

} // namespace watari::net
