#include "auth/client_credential.hpp"

#include "auth/gss_errors.hpp"
#include "auth/text.hpp"

#include <fmt/format.h>
#include <krb5/krb5.h>

#include <algorithm>

namespace watari::auth {

namespace {

bool is_kerberos_mechanism(Mechanism mechanism)
{
    return mechanism == Mechanism::kerberos || mechanism == Mechanism::spnego_kerberos;
}

char upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

std::string upper(std::string_view text)
{
    std::string raised{text};
    std::ranges::transform(raised, raised.begin(), [](char letter) { return upper(letter); });
    return raised;
}

/// Kerberos writes `DOMAIN\user` as `user@DOMAIN`, and Windows realms are in capitals.
std::string kerberos_user(std::string_view user)
{
    if (const auto slash = user.find('\\'); slash != std::string_view::npos) {
        return std::string{user.substr(slash + 1)} + "@" + upper(user.substr(0, slash));
    }
    const auto at = user.rfind('@');
    if (at == std::string_view::npos) {
        return std::string{user};
    }
    return std::string{user.substr(0, at + 1)} + upper(user.substr(at + 1));
}

} // namespace

gss_OID outer_mechanism(Mechanism mechanism) noexcept
{
    switch (mechanism) {
    case Mechanism::ntlm:
        return gss::ntlm_mechanism();
    case Mechanism::kerberos:
        return gss::kerberos_mechanism();
    case Mechanism::spnego_ntlm:
    case Mechanism::spnego_kerberos:
        break;
    }
    return gss::spnego_mechanism();
}

gss_OID inner_mechanism(Mechanism mechanism) noexcept
{
    return is_kerberos_mechanism(mechanism) ? gss::kerberos_mechanism() : gss::ntlm_mechanism();
}

ClientCredential::ClientCredential(NegotiateAccount account)
    : account_(std::move(account)),
      user_(is_kerberos_mechanism(account_.mechanism) ? kerberos_user(account_.user)
                                                      : account_.user),
      cache_(fmt::format("MEMORY:watari-{}", fmt::ptr(this)))
{
}

/// The next account may live at the same address: it must not find these tickets.
ClientCredential::~ClientCredential()
{
    krb5_context context = nullptr;
    if (!is_kerberos() || krb5_init_context(&context) != 0) {
        return;
    }
    krb5_ccache tickets = nullptr;
    if (krb5_cc_resolve(context, cache_.c_str(), &tickets) == 0) {
        krb5_cc_destroy(context, tickets);
    }
    krb5_free_context(context);
}

gss::Failure ClientCredential::why_no_ticket(gss_name_t target) const
{
    const gss::Name name = gss::import(user_, GSS_C_NT_USER_NAME);
    const gss_OID kerberos = gss::kerberos_mechanism();
    const gss::Acquired acquired =
        gss::acquire({.name = name.get(), .mechanism = kerberos, .usage = GSS_C_INITIATE},
                     {{"ccache", Secret{cache_}}});
    if (!acquired.credential) {
        return acquired.failure;
    }
    gss::Context context;
    gss::Buffer token;
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_init_sec_context(
        &minor, acquired.credential.get(), context.out(), target, kerberos, GSS_C_MUTUAL_FLAG, 0,
        GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, nullptr, token.out(), nullptr, nullptr);
    return GSS_ERROR(major) ? gss::failure(major, minor, kerberos) : gss::Failure{};
}

bool ClientCredential::is_kerberos() const noexcept
{
    return is_kerberos_mechanism(account_.mechanism);
}

std::string ClientCredential::realm() const
{
    const auto at = user_.rfind('@');
    return at == std::string::npos ? std::string{} : user_.substr(at + 1);
}

std::shared_ptr<const gss::Credential> ClientCredential::get()
{
    const std::lock_guard held{lock_};
    if (!current_) {
        current_ = acquire();
    }
    return current_;
}

void ClientCredential::drop(const std::shared_ptr<const gss::Credential>& expired)
{
    const std::lock_guard held{lock_};
    if (current_ == expired) {
        current_.reset();
    }
}

/// Stores instead of gss_acquire_cred_with_password(): that would try Kerberos with the password of
/// an NTLM account where SPNEGO is asked for. A Kerberos ticket is acquired outside SPNEGO, which
/// would hide why it cannot be had.
std::shared_ptr<const gss::Credential> ClientCredential::acquire() const
{
    const gss::Name name = gss::import(user_, GSS_C_NT_USER_NAME);
    const gss_OID outer = outer_mechanism(account_.mechanism);
    const gss_OID inner = inner_mechanism(account_.mechanism);
    const gss::Request direct{.name = name.get(), .mechanism = inner, .usage = GSS_C_INITIATE};
    const gss::Request inside{
        .name = name.get(), .mechanism = outer, .inside = inner, .usage = GSS_C_INITIATE};
    if (!is_kerberos()) {
        const gss::Store store{{"ntlmssp_password", account_.password}};
        return checked(gss::acquire(outer == inner ? direct : inside, store));
    }
    const std::pair<std::string, Secret> cache{"ccache", Secret{cache_}};
    auto credential = checked(gss::acquire(
        direct, account_.keytab.empty()
                    ? gss::Store{{"password", account_.password}}
                    : gss::Store{cache, {"client_keytab", Secret{"FILE:" + account_.keytab}}}));
    if (outer == inner) {
        return credential;
    }
    if (account_.keytab.empty()) {
        gss::keep(*credential, inner, {cache});
    }
    return checked(gss::acquire(inside, {cache}));
}

std::shared_ptr<const gss::Credential> ClientCredential::checked(gss::Acquired acquired) const
{
    if (!acquired.credential) {
        const Party party{.user = user_,
                          .service = account_.service + "/" + account_.host,
                          .keytab = account_.keytab};
        throw is_kerberos() ? kerberos_error(acquired.failure, party)
                            : ntlm_error(acquired.failure, party);
    }
    return std::make_shared<const gss::Credential>(std::move(acquired.credential));
}

} // namespace watari::auth
