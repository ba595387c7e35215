#include "auth/gss_errors.hpp"

#include "messages/auth.hpp"

#include <krb5/krb5.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace watari::auth {

namespace {

enum class Cause {
    clock_skew,
    ticket_expired,
    realm_unknown,
    kdc_unreachable,
    user_unknown,
    password_refused,
    password_expired,
    account_disabled,
    service_unknown,
    service_key_wrong,
    keytab_unusable,
    encryption_unsupported,
    configuration_bad,
    other,
};

struct Meaning {
    krb5_error_code code;
    Cause cause;
};

constexpr std::array meanings = {
    Meaning{KRB5KRB_AP_ERR_SKEW, Cause::clock_skew},
    Meaning{KRB5_KDCREP_SKEW, Cause::clock_skew},
    Meaning{KRB5KRB_AP_ERR_TKT_EXPIRED, Cause::ticket_expired},
    Meaning{KRB5KRB_AP_ERR_TKT_NYV, Cause::ticket_expired},
    Meaning{KRB5KDC_ERR_NEVER_VALID, Cause::ticket_expired},
    Meaning{KRB5_REALM_UNKNOWN, Cause::realm_unknown},
    Meaning{KRB5KDC_ERR_WRONG_REALM, Cause::realm_unknown},
    Meaning{KRB5_REALM_CANT_RESOLVE, Cause::realm_unknown},
    Meaning{KRB5_CONFIG_NODEFREALM, Cause::realm_unknown},
    Meaning{KRB5_ERR_HOST_REALM_UNKNOWN, Cause::realm_unknown},
    Meaning{KRB5_KDC_UNREACH, Cause::kdc_unreachable},
    Meaning{KRB5KDC_ERR_SVC_UNAVAILABLE, Cause::kdc_unreachable},
    Meaning{KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, Cause::user_unknown},
    Meaning{KRB5KDC_ERR_PREAUTH_FAILED, Cause::password_refused},
    Meaning{KRB5_PREAUTH_FAILED, Cause::password_refused},
    Meaning{KRB5KRB_AP_ERR_BAD_INTEGRITY, Cause::password_refused},
    Meaning{KRB5_LIBOS_CANTREADPWD, Cause::password_refused},
    Meaning{KRB5KDC_ERR_KEY_EXP, Cause::password_expired},
    Meaning{KRB5KDC_ERR_NAME_EXP, Cause::account_disabled},
    Meaning{KRB5KDC_ERR_CLIENT_REVOKED, Cause::account_disabled},
    Meaning{KRB5KDC_ERR_CLIENT_NOTYET, Cause::account_disabled},
    Meaning{KRB5KDC_ERR_POLICY, Cause::account_disabled},
    Meaning{KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Cause::service_unknown},
    Meaning{KRB5KDC_ERR_MUST_USE_USER2USER, Cause::service_unknown},
    Meaning{KRB5KRB_AP_ERR_MODIFIED, Cause::service_key_wrong},
    Meaning{KRB5KRB_AP_WRONG_PRINC, Cause::service_key_wrong},
    Meaning{KRB5KRB_AP_ERR_NOKEY, Cause::service_key_wrong},
    Meaning{KRB5KRB_AP_ERR_BADKEYVER, Cause::service_key_wrong},
    Meaning{KRB5_KT_NOTFOUND, Cause::keytab_unusable},
    Meaning{KRB5_KT_IOERR, Cause::keytab_unusable},
    Meaning{KRB5_KT_FORMAT, Cause::keytab_unusable},
    Meaning{KRB5_KEYTAB_BADVNO, Cause::keytab_unusable},
    Meaning{KRB5KDC_ERR_ETYPE_NOSUPP, Cause::encryption_unsupported},
    Meaning{KRB5_BAD_ENCTYPE, Cause::encryption_unsupported},
    Meaning{KRB5_PROG_ETYPE_NOSUPP, Cause::encryption_unsupported},
    Meaning{KRB5_CONFIG_BADFORMAT, Cause::configuration_bad},
    Meaning{KRB5_CONFIG_CANTOPEN, Cause::configuration_bad},
};

Cause cause_of(const gss::Failure& failed, const Party& party)
{
    const auto code = static_cast<std::int32_t>(failed.minor);
    if (code == KRB5_FCC_NOFILE && !party.keytab.empty()) { // no ticket could be made by its keys
        return Cause::keytab_unusable;
    }
    const auto found = std::ranges::find(meanings, code, &Meaning::code);
    if (found != meanings.end()) {
        return found->cause;
    }
    return GSS_ROUTINE_ERROR(failed.major) == GSS_S_CREDENTIALS_EXPIRED ? Cause::ticket_expired
                                                                        : Cause::other;
}

ErrorKind kind_of(Cause cause)
{
    if (cause == Cause::kdc_unreachable) {
        return ErrorKind::unavailable;
    }
    const bool is_local = cause == Cause::configuration_bad || cause == Cause::keytab_unusable;
    return is_local ? ErrorKind::invalid : ErrorKind::unauthenticated;
}

Message message_of(Cause cause, const Party& party)
{
    switch (cause) {
    case Cause::clock_skew:
        return message::kerberos_clock_skew{};
    case Cause::ticket_expired:
        return message::kerberos_ticket_expired{.user = party.user};
    case Cause::realm_unknown:
        return message::kerberos_realm_unknown{.user = party.user};
    case Cause::kdc_unreachable:
        return message::kerberos_kdc_unreachable{.user = party.user};
    case Cause::user_unknown:
        return message::kerberos_user_unknown{.user = party.user};
    case Cause::password_refused:
        return message::kerberos_password_refused{.user = party.user};
    case Cause::password_expired:
        return message::kerberos_password_expired{.user = party.user};
    case Cause::account_disabled:
        return message::kerberos_account_disabled{.user = party.user};
    case Cause::service_unknown:
        return message::kerberos_service_unknown{.service = party.service};
    case Cause::service_key_wrong:
        return message::kerberos_service_key_wrong{.service = party.service};
    case Cause::keytab_unusable:
        return message::kerberos_keytab_unusable{.path = party.keytab, .user = party.user};
    case Cause::encryption_unsupported:
        return message::kerberos_encryption_unsupported{.service = party.service,
                                                        .user = party.user};
    case Cause::configuration_bad:
        return message::kerberos_configuration_bad{};
    case Cause::other:
        break;
    }
    return message::kerberos_failed{.service = party.service, .user = party.user};
}

} // namespace

Error kerberos_error(const gss::Failure& failed, const Party& party)
{
    const Cause cause = cause_of(failed, party);
    return {kind_of(cause), message_of(cause, party), {.code = failed.minor, .text = failed.text}};
}

Error ntlm_error(const gss::Failure& failed, const Party& party)
{
    return {ErrorKind::unauthenticated,
            message::ntlm_failed{.user = party.user},
            {.code = failed.minor, .text = failed.text}};
}

} // namespace watari::auth
