#include "auth/scheme.hpp"

#include "auth/text.hpp"
#include "core/error.hpp"
#include "messages/auth.hpp"

#include <sodium.h>

#include <array>

namespace watari::auth {

namespace {

constexpr std::string_view scheme_prefix = "basic ";

class BasicClient final : public ClientScheme
{
public:
    explicit BasicClient(const Credentials& credentials)
    {
        Secret plain{credentials.user + ":" + credentials.password.reveal()};
        value_ = Secret{"Basic " + base64_encode(plain.reveal())};
    }

    std::optional<std::string> next(std::span<const std::string> challenges) override
    {
        refused_ = refused_ || !challenges.empty();
        return std::nullopt;
    }
    bool established() const override { return !refused_; }
    bool has_handshake() const override { return false; }
    std::optional<std::string> may_block() const override { return std::nullopt; }
    std::optional<std::string> per_request() const override { return value_.reveal(); }
    bool seals() const override { return false; }
    void seal(Body&) override {}
    void unseal(Body&) override {}

private:
    Secret value_;
    bool refused_ = false;
};

/// Digests instead of passwords: comparing them takes the same time whatever was sent.
using Digest = std::array<unsigned char, crypto_generichash_BYTES>;
using DigestKey = std::array<unsigned char, crypto_generichash_KEYBYTES>;

/// `user` without regard to (ASCII) case, as Windows accounts are.
Digest digest_of(std::string_view user, std::string_view password, const DigestKey& key)
{
    Secret text{[&] {
        std::string joined;
        joined.reserve(user.size() + 1 + password.size());
        for (const char letter : user) {
            joined += lower(letter);
        }
        joined += ':';
        joined += password;
        return joined;
    }()};
    Digest digest{};
    crypto_generichash(digest.data(), digest.size(),
                       reinterpret_cast<const unsigned char*>(text.reveal().data()),
                       text.reveal().size(), key.data(), key.size());
    return digest;
}

struct Accounts {
    DigestKey key{};
    std::vector<std::pair<std::string, Digest>> known;
    std::string challenge;
};

class BasicServer final : public ServerScheme
{
public:
    explicit BasicServer(std::shared_ptr<const Accounts> accounts) : accounts_(std::move(accounts))
    {
    }

    Verdict check(std::optional<std::string_view> authorization) override
    {
        if (auto account = authorization ? account_of(*authorization) : std::nullopt) {
            return {.admitted = true, .account = std::move(*account)};
        }
        return {.challenges = {accounts_->challenge}};
    }
    void unseal(Body&) override {}
    void seal(Body&) override {}

private:
    std::optional<std::string> account_of(std::string_view authorization) const
    {
        if (!same_ignoring_case(authorization.substr(0, scheme_prefix.size()), scheme_prefix)) {
            return std::nullopt;
        }
        authorization.remove_prefix(scheme_prefix.size());
        auto decoded = base64_decode(authorization);
        if (!decoded) {
            return std::nullopt;
        }
        const Secret plain{std::move(*decoded)};
        const std::string_view text = plain.reveal();
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        return matching(digest_of(text.substr(0, colon), text.substr(colon + 1), accounts_->key));
    }

    std::optional<std::string> matching(const Digest& presented) const
    {
        std::optional<std::string> found;
        for (const auto& [user, digest] : accounts_->known) { // every one, whichever matches
            if (sodium_memcmp(presented.data(), digest.data(), digest.size()) == 0) {
                found = user;
            }
        }
        return found;
    }

    std::shared_ptr<const Accounts> accounts_;
};

void check_user(const std::string& user)
{
    if (user.find(':') != std::string::npos) { // RFC 7617, section 2
        throw Error{ErrorKind::invalid, message::user_name_has_colon{.user = user}};
    }
}

} // namespace

MakeClientScheme basic_client(Credentials credentials, InTheClear in_the_clear)
{
    check_user(credentials.user);
    return [credentials = std::move(credentials),
            in_the_clear](const Connection& connection) -> std::unique_ptr<ClientScheme> {
        if (!connection.encrypted && in_the_clear == InTheClear::refused) {
            throw Error{ErrorKind::invalid, message::basic_needs_encryption{}};
        }
        return std::make_unique<BasicClient>(credentials);
    };
}

MakeServerScheme basic_server(std::vector<Credentials> accounts, std::string realm)
{
    auto shared = std::make_shared<Accounts>();
    if (sodium_init() < 0) {
        throw Error{ErrorKind::internal, message::crypto_not_ready{}};
    }
    crypto_generichash_keygen(shared->key.data());
    shared->challenge = "Basic realm=\"" + realm + "\"";
    for (const auto& account : accounts) {
        check_user(account.user);
        shared->known.emplace_back(account.user,
                                   digest_of(account.user, account.password.reveal(), shared->key));
    }
    return [shared](const Connection&) -> std::unique_ptr<ServerScheme> {
        return std::make_unique<BasicServer>(shared);
    };
}

} // namespace watari::auth
