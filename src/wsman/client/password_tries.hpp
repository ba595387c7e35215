#pragma once

#include "core/clock.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace watari::wsman {

/// How often a host refused one password in a row, so that no account is locked by trying again. A
/// password refused twice rests, and is tried once more only when no lock-out policy counts the
/// first tries any longer.
class PasswordTries
{
public:
    /// Throws unauthenticated (message::password_not_tried_again) while the password rests.
    void check(const Clock& clock) const;
    void refused(const Clock& clock);
    void accepted() noexcept { refusals_ = 0; }

private:
    int refusals_ = 0;
    std::optional<SteadyTime> rests_until_;
};

/// The tries of every password of every host, for all connections of a process. Keeps digests
/// under a key of its own, no passwords.
class PasswordLedger
{
public:
    PasswordLedger();
    std::shared_ptr<PasswordTries> of(const std::string& host, const std::string& user,
                                      const std::string& password);

private:
    std::string key_;
    std::map<std::string, std::shared_ptr<PasswordTries>> tries_;
};

} // namespace watari::wsman
