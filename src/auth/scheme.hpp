#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari::auth {

/// A secret that no log, error or formatter prints; wiped when destroyed.
class Secret
{
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    const std::string& reveal() const noexcept { return value_; }
    bool empty() const noexcept { return value_.empty(); }

private:
    std::string value_;
};

struct Credentials {
    std::string user;
    Secret password;
};

/// What a scheme has to know of the connection it runs on.
struct Connection {
    bool encrypted = false;
    std::string server_end_point = {};        ///< channel binding: the hash of RFC 5929
    std::string peer_certificate_sha256 = {}; ///< "AB:CD:…"; empty: the peer showed none
};

/// A body on its way under a content type: sealing schemes change both.
struct Body {
    std::string content_type;
    std::string bytes;
};

/// The client's end of a scheme on one connection, as a state machine without I/O.
class ClientScheme
{
public:
    virtual ~ClientScheme() = default;
    /// The Authorization value for the next leg, given the WWW-Authenticate values of the last
    /// answer (none at first). nullopt: nothing more to send; the handshake is over (established()
    /// says how). Throws what it can tell apart, and unauthenticated where the host refuses.
    virtual std::optional<std::string> next(std::span<const std::string> challenges) = 0;
    virtual bool established() const = 0;
    /// The Kerberos realm whose KDC next() may wait for ("": the default one): run it where
    /// waiting harms nobody. nullopt: next() only computes.
    virtual std::optional<std::string> may_block() const = 0;
    /// Whether legs before completion are sent with an empty body (Negotiate, Kerberos) instead of
    /// with the request (Basic).
    virtual bool has_handshake() const = 0;
    /// For schemes without handshake: sent with every request.
    virtual std::optional<std::string> per_request() const = 0;
    /// Whether bodies are encrypted on this connection, so that one in the clear proves nothing.
    virtual bool seals() const = 0;
    virtual void seal(Body& body) = 0;
    /// Throws outcome_unknown: the request was sent, and its answer does not open
    /// (message::sealed_body_…, body_not_sealed).
    virtual void unseal(Body& body) = 0;
};

/// The server's end on one connection.
class ServerScheme
{
public:
    virtual ~ServerScheme() = default;
    struct Verdict {
        bool admitted = false;
        bool continues = false;   ///< not yet: `challenges` is the next leg's
        std::string account = {}; ///< when admitted
        /// WWW-Authenticate values when not admitted, or a final token when admitted.
        std::vector<std::string> challenges = {};
    };
    /// `authorization` is the request's header, absent on later requests of an authenticated
    /// connection.
    virtual Verdict check(std::optional<std::string_view> authorization) = 0;
    /// Opens a sealed body, and leaves one in the clear as it is. Throws invalid
    /// (message::sealed_body_…): the connection is of no more use.
    virtual void unseal(Body& body) = 0;
    /// Does nothing where the scheme cannot seal.
    virtual void seal(Body& body) = 0;
};

using MakeClientScheme = std::function<std::unique_ptr<ClientScheme>(const Connection&)>;
using MakeServerScheme = std::function<std::unique_ptr<ServerScheme>(const Connection&)>;

enum class InTheClear { refused, allowed };

/// `Basic base64(user:password)`. Refused in the clear, the maker throws invalid
/// (message::basic_needs_encryption) for a connection without TLS, before anything is sent.
MakeClientScheme basic_client(Credentials credentials, InTheClear in_the_clear);
/// Checks constant-time; `realm` is WSMAN (text UNVERIFIED, wsman.md 10.2).
MakeServerScheme basic_server(std::vector<Credentials> accounts, std::string realm = "WSMAN");

std::string base64_encode(std::string_view bytes);
/// nullopt when it is not base64.
std::optional<std::string> base64_decode(std::string_view text);

} // namespace watari::auth
