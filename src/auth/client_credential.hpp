#pragma once

#include "auth/gss.hpp"
#include "auth/negotiate.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace watari::auth {

/// What the connections of one account share: with Kerberos its tickets. Usable from several
/// threads.
class ClientCredential
{
public:
    explicit ClientCredential(NegotiateAccount account);
    ClientCredential(const ClientCredential&) = delete;
    ClientCredential& operator=(const ClientCredential&) = delete;
    ~ClientCredential();

    const NegotiateAccount& account() const noexcept { return account_; }
    bool is_kerberos() const noexcept;
    /// `user@REALM` or `DOMAIN\user`, as the mechanism reads it.
    const std::string& user() const noexcept { return user_; }
    /// Of the user; empty: the default realm of this machine.
    std::string realm() const;
    /// May wait for a KDC. Throws what kerberos_error() and ntlm_error() make.
    std::shared_ptr<const gss::Credential> get();
    /// The tickets have expired: the next get() acquires new ones.
    void drop(const std::shared_ptr<const gss::Credential>& expired);
    /// What Kerberos says where SPNEGO only said that nothing works. May wait for a KDC.
    gss::Failure why_no_ticket(gss_name_t target) const;

private:
    std::shared_ptr<const gss::Credential> acquire() const;
    std::shared_ptr<const gss::Credential> checked(gss::Acquired acquired) const;

    const NegotiateAccount account_;
    std::string user_;
    std::string cache_; ///< of tickets, in memory
    std::mutex lock_;
    std::shared_ptr<const gss::Credential> current_;
};

/// The mechanism that handles tokens, and the one that does the work inside it.
gss_OID outer_mechanism(Mechanism mechanism) noexcept;
gss_OID inner_mechanism(Mechanism mechanism) noexcept;

} // namespace watari::auth
