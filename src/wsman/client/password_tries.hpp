#pragma once

#include "core/clock.hpp"
#include "core/sync.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace watari::wsman {

/// How often one password was refused in a row, so that no account is locked by trying again. A
/// password refused twice rests, and is tried once more only when no lock-out policy counts the
/// first tries any longer.
class PasswordTries
{
public:
    /// `account` is that of a domain: what other hosts say of its password counts as well, until
    /// one of them accepts it. From then on a refusal is the affair of the host that refuses.
    explicit PasswordTries(std::shared_ptr<PasswordTries> account = {})
        : account_(std::move(account))
    {
    }

    /// Throws unauthenticated (message::password_not_tried_again) while the password rests.
    void check(const Clock& clock) const;
    /// The turn to try: one connection at a time, or a wrong password would be sent by many before
    /// the first of them is refused. Throws as check(), timed_out.
    Task<Semaphore::Permit> turn(Clock& clock, Deadline deadline);
    void refused(const Clock& clock);
    void accepted() noexcept;
    /// Accepted, and not refused since.
    bool proven() const noexcept { return proven_; }

private:
    std::shared_ptr<PasswordTries> account_;
    Semaphore turn_{1};
    int refusals_ = 0;
    bool proven_ = false;
    std::optional<SteadyTime> rests_until_;
};

/// The tries of every password of every host, and of every account of a domain, for all
/// connections of a process. Keeps digests under a key of its own, no passwords.
class PasswordLedger
{
public:
    PasswordLedger();
    std::shared_ptr<PasswordTries> of(const std::string& host, const std::string& user,
                                      const std::string& password);

private:
    std::shared_ptr<PasswordTries> of_account(const std::string& user, const std::string& password);
    std::string digest(const std::string& host, const std::string& user,
                       const std::string& password) const;

    std::string key_;
    std::map<std::string, std::shared_ptr<PasswordTries>> tries_;
};

} // namespace watari::wsman
