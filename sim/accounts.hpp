#pragma once

#include "auth/scheme.hpp"
#include "sim/authentication.hpp"
#include "sim/rights.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

/// One who may log on to simulated hosts.
struct Account {
    std::string user;                     ///< `user`, or `user@REALM` of a Kerberos principal
    std::optional<auth::Secret> password; ///< none: only Kerberos or a certificate lets it in
    std::string certificate = {};         ///< SHA-256 fingerprint of its client certificate
    Membership membership = {};
};

/// The text of a file. Throws invalid (message::hvsim_unreadable).
std::string read_file(const std::filesystem::path& path);
/// The first line of a file.
auth::Secret read_password(const std::filesystem::path& path);

/// A JSON list of `{"user": …, "password_file": …, "certificate": …, "rights": …, "local": …}`, all
/// but the user optional; rights are an administrator's unless given. Password files stand beside
/// it. Throws invalid (message::hvsim_bad_accounts, hvsim_unreadable).
std::vector<Account> read_accounts(const std::filesystem::path& path);

/// Fills in the accounts and certificates that log on.
void admit(const std::vector<Account>& accounts, Authentication& into);
AccessList access_of(const std::vector<Account>& accounts);

} // namespace watari::sim
