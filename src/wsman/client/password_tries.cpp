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

/// `DOMAIN\user` or `user@REALM`; `.\user` is the host's own.
bool is_of_domain(const std::string& user)
{
    const auto slash = user.find('\\');
    return slash == std::string::npos ? user.find('@') != std::string::npos
                                      : user.substr(0, slash) != ".";
}

} // namespace

void PasswordTries::check(const Clock& clock) const
{
    if (rests_until_ && refusals_ >= refusals_max && clock.steady() < *rests_until_) {
        throw Error{ErrorKind::unauthenticated, message::password_not_tried_again{}};
    }
    if (account_ && !proven_ && !account_->proven_) {
        account_->check(clock);
    }
}

Task<Semaphore::Permit> PasswordTries::turn(Clock& clock, Deadline deadline)
{
    check(clock);
    auto mine = co_await turn_.acquire(clock, deadline);
    check(clock); // refused to somebody else meanwhile
    co_return mine;
}

void PasswordTries::refused(const Clock& clock)
{
    ++refusals_;
    rests_until_ = clock.steady() + rest;
    proven_ = false;
    if (account_ && !account_->proven_) {
        account_->refused(clock);
    }
}

void PasswordTries::accepted() noexcept
{
    refusals_ = 0;
    proven_ = true;
    if (account_) {
        account_->accepted();
    }
}

PasswordLedger::PasswordLedger() : key_(crypto_generichash_KEYBYTES, '\0')
{
    randombytes_buf(key_.data(), key_.size());
}

std::string PasswordLedger::digest(const std::string& host, const std::string& user,
                                   const std::string& password) const
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
    return digest;
}

std::shared_ptr<PasswordTries> PasswordLedger::of_account(const std::string& user,
                                                          const std::string& password)
{
    if (!is_of_domain(user)) {
        return nullptr;
    }
    auto& tries = tries_[digest({}, user, password)];
    if (!tries) {
        tries = std::make_shared<PasswordTries>();
    }
    return tries;
}

std::shared_ptr<PasswordTries> PasswordLedger::of(const std::string& host, const std::string& user,
                                                  const std::string& password)
{
    auto account = of_account(user, password);
    auto& tries = tries_[digest(host, user, password)];
    if (!tries) {
        tries = std::make_shared<PasswordTries>(std::move(account));
    }
    return tries;
}

} // namespace watari::wsman
