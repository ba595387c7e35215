// For the sources of this module only.
#pragma once

#include "core/clock.hpp"
#include "net/openssl.hpp"
#include "net/tls.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace watari::net {

enum class TlsRole { client, server };

/// What one connection expects of its peer.
struct TlsExpectation {
    TlsRole role = TlsRole::client;
    TlsTrust trust = TlsTrust::authorities;
    std::string fingerprint; ///< as fingerprint_from() writes it
    std::string name;        ///< of a server
    Endpoint peer;           ///< for errors
    WallTime now;
};

/// TLS on one connection as a state machine without I/O: bytes of the network in and out on one
/// side, bytes of the application on the other. Steps that give nullopt need more input first.
/// All throw what went wrong with the peer, and may leave an alert in the output then.
class TlsSession
{
public:
    TlsSession(SSL_CTX& context, TlsExpectation expectation);
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// Gives 0 when it is over.
    std::optional<std::size_t> handshake();
    /// Gives 0 at the orderly end.
    std::optional<std::size_t> read(std::span<std::byte> into);
    std::optional<std::size_t> write(std::span<const std::byte> bytes);
    /// Puts the orderly end into the output.
    void finish() noexcept;

    void feed(std::span<const std::byte> input);
    void end_input();
    bool has_output() const;
    std::string take_output();
    /// Whether fed input holds the peer's end or bytes of the application.
    bool has_unasked_input();

    TlsRole role() const noexcept { return expectation_.role; }
    const Security& security() const noexcept { return security_; }
    /// What came first was not TLS.
    bool peer_is_plain() const noexcept { return peer_is_plain_; }

    static int judge_certificate(X509_STORE_CTX* store, void*);

private:
    std::optional<std::size_t> outcome_of(int result);
    [[noreturn]] void fail(int outcome);
    int judge(X509_STORE_CTX& store);
    Error certificate_error() const;
    Error alert_error(int alert, const std::string& words) const;
    Error protocol_error(unsigned long code);
    void learn_security();
    static void see_message(int written, int version, int type, const void* bytes, std::size_t size,
                            SSL* connection, void* self);

    TlsExpectation expectation_;
    openssl::Connection connection_;
    BIO* in_;                     ///< the connection's
    BIO* out_;                    ///< the connection's
    openssl::Certificate judged_; ///< the certificate that was found wanting
    long verdict_ = X509_V_OK;
    int version_offered_ = 0;
    bool first_byte_seen_ = false;
    bool peer_is_plain_ = false;
    bool ready_ = false;
    Security security_;
};

} // namespace watari::net
