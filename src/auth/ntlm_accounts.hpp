#pragma once

#include "auth/scheme.hpp"

#include <string>
#include <vector>

namespace watari::auth {

/// Accounts for the acceptor of gss-ntlmssp, which reads them from a file with every logon: one
/// that lives in memory, has no name and ends with this object (docs/decisions/0011).
class NtlmAccounts
{
public:
    /// Throws invalid (message::ntlm_accounts_unusable), unsupported
    /// (message::ntlm_hash_unavailable).
    explicit NtlmAccounts(const std::vector<Credentials>& accounts);
    NtlmAccounts(const NtlmAccounts&) = delete;
    NtlmAccounts& operator=(const NtlmAccounts&) = delete;
    ~NtlmAccounts();

    const std::string& path() const noexcept { return path_; }

private:
    int file_ = -1;
    std::string path_;
};

} // namespace watari::auth
