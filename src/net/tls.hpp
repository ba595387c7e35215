#pragma once

#include "net/network.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace watari::net {

enum class TlsVersion { tls_1_0, tls_1_1, tls_1_2, tls_1_3 };
std::string_view to_string(TlsVersion version) noexcept; ///< "TLS 1.2"

/// How a client knows that it talks to the right server.
enum class TlsTrust {
    authorities, ///< a known authority vouches for it, its name and its dates are right
    fingerprint, ///< it has this very certificate; name and dates do not matter
    nothing,     ///< anybody may answer: who chooses this warns at every use
};

/// A client never speaks less than TLS 1.2.
struct TlsClientOptions {
    TlsTrust trust = TlsTrust::authorities;
    std::vector<std::string> ca_files = {}; ///< PEM; empty: the authorities this machine knows
    std::string fingerprint = {};           ///< SHA-256; what fingerprint_from() reads
    std::string server_name = {};      ///< what the certificate must be for; empty: the address
    std::string certificate_file = {}; ///< shown to servers that ask for one; with its chain
    std::string key_file = {};
};

/// Connections made by it speak TLS over those of `plain`; the handshake is part of connect(),
/// which throws besides what plain's throws: unauthenticated (message::tls_self_signed,
/// tls_untrusted, tls_wrong_name, tls_expired, tls_not_yet_valid, tls_certificate_bad,
/// tls_fingerprint_mismatch; and here or at the first read tls_client_certificate_refused),
/// unsupported (tls_too_old, tls_no_common_version, tls_not_spoken, tls_refused),
/// unavailable (tls_handshake_cut, tls_failed), timed_out (tls_handshake_timed_out).
/// A read throws unavailable (tls_truncated) where the peer ended without saying so.
/// Listeners are plain's own. Files are read at the first connect(): not_found
/// (tls_file_unreadable), invalid (tls_certificate_unreadable, tls_key_unreadable,
/// tls_key_mismatch, tls_fingerprint_invalid).
std::unique_ptr<Network> tls_network(Network& plain, Clock& clock, TlsClientOptions options);

enum class ClientCertificates { ignored, asked_for, required };

struct TlsServerOptions {
    std::string certificate_file = {}; ///< PEM, the server's own first, then its chain
    std::string key_file = {};
    std::string certificate = {}; ///< PEM texts, when there is no certificate_file
    std::string key = {};
    TlsVersion version_min = TlsVersion::tls_1_2;
    TlsVersion version_max = TlsVersion::tls_1_3;
    ClientCertificates client_certificates = ClientCertificates::ignored;
    /// PEM; who may vouch for clients. Empty: any certificate is taken, and who it is, is for the
    /// reader of Security to judge.
    std::vector<std::string> client_ca_files = {};
    std::chrono::seconds handshake_timeout{30};
    std::string answer_to_plain = {}; ///< told to peers that do not speak TLS, as it stands
};

/// What a server shows and demands; replaced while it serves, for connections that come later.
class TlsServer
{
public:
    /// Throws as the reading of a client's files.
    explicit TlsServer(TlsServerOptions options);
    ~TlsServer();

    /// Reads the files again; throws as the constructor and then stays what it was.
    void reload();
    void replace(TlsServerOptions options);
    /// SHA-256 of its certificate.
    std::string fingerprint() const;

    struct State;
    std::shared_ptr<const State> state() const noexcept { return state_; }

private:
    std::shared_ptr<const State> state_;
};

/// Connections accepted by it speak TLS over those of `plain`. The handshake is part of a
/// connection's first read or write: accept() waits for no peer.
std::unique_ptr<Listener> tls_listener(std::unique_ptr<Listener> plain, Clock& clock,
                                       std::shared_ptr<TlsServer> server);

} // namespace watari::net
