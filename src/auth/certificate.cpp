#include "auth/negotiate.hpp"
#include "auth/text.hpp"
#include "core/error.hpp"
#include "messages/auth.hpp"

namespace watari::auth {

namespace {

/// Sent in place of credentials (wsman.md 10.6).
constexpr std::string_view marker =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

class CertificateClient final : public ClientScheme
{
public:
    std::optional<std::string> next(std::span<const std::string> challenges) override
    {
        refused_ = refused_ || !challenges.empty();
        return std::nullopt;
    }
    bool established() const override { return !refused_; }
    std::optional<std::string> may_block() const override { return std::nullopt; }
    bool has_handshake() const override { return false; }
    std::optional<std::string> per_request() const override { return std::string{marker}; }
    bool seals() const override { return false; }
    void seal(Body&) override {}
    void unseal(Body&) override {}

private:
    bool refused_ = false;
};

class CertificateServer final : public ServerScheme
{
public:
    explicit CertificateServer(std::optional<std::string> account) : account_(std::move(account)) {}

    /// Windows lists no challenge for certificates: TLS asks for them.
    Verdict check(std::optional<std::string_view> authorization) override
    {
        if (account_ && authorization && trimmed(*authorization) == marker) {
            return {.admitted = true, .account = *account_};
        }
        return {};
    }
    void unseal(Body&) override {}
    void seal(Body&) override {}

private:
    std::optional<std::string> account_;
};

} // namespace

MakeClientScheme certificate_client()
{
    return [](const Connection& connection) -> std::unique_ptr<ClientScheme> {
        if (!connection.encrypted) {
            throw Error{ErrorKind::invalid, message::certificate_needs_tls{}};
        }
        return std::make_unique<CertificateClient>();
    };
}

MakeServerScheme certificate_server(std::map<std::string, std::string> accounts)
{
    return [accounts = std::move(accounts)](
               const Connection& connection) -> std::unique_ptr<ServerScheme> {
        std::optional<std::string> account;
        for (const auto& [fingerprint, user] : accounts) {
            if (connection.encrypted &&
                same_ignoring_case(fingerprint, connection.peer_certificate_sha256)) {
                account = user;
            }
        }
        return std::make_unique<CertificateServer>(std::move(account));
    };
}

} // namespace watari::auth
