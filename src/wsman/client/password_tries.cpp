#include "wsman/client/password_tries.hpp"

#include "messages/wsman.hpp"

#include <sodium.h>

namespace watari::wsman {

namespace {

constexpr int refusals_max = 2;
/// Windows counts failed logons for 10 to 30 minutes by its usual policies.
constexpr std::chrono::minutes rest{35};

void add(crypto_generichash_state& state, const std::string& part)
{
    const auto size = static_cast<std::uint64_t>(part.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
}

} // namespace

void PasswordTries::check(const Clock& clock) const
{
    if (rests_until_ && refusals_ >= refusals_max && clock.steady() < *rests_until_) {
        throw Error{ErrorKind::unauthenticated, message::password_not_tried_again{}};
    }
}

void PasswordTries::refused(const Clock& clock)
{
    ++refusals_;
    rests_until_ = clock.steady() + rest;
}

PasswordLedger::PasswordLedger() : key_(crypto_generichash_KEYBYTES, '\0')
{
    randombytes_buf(key_.data(), key_.size());
}

std::shared_ptr<PasswordTries> PasswordLedger::of(const std::string& host, const std::string& user,
                                                  const std::string& password)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(key_.data()),
                            key_.size(), crypto_generichash_BYTES);
    add(state, host);
    add(state, user);
    add(state, password);
    std::string digest(crypto_generichash_BYTES, '\0');
    crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(digest.data()),
                             digest.size());
    auto& tries = tries_[digest];
    if (!tries) {
        tries = std::make_shared<PasswordTries>();
    }
    return tries;
}

} // namespace watari::wsman
