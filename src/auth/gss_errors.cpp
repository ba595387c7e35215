#include "auth/gss_errors.hpp"

#include "core/known_fault.hpp"
#include "faults/kerberos.hpp"
#include "messages/auth.hpp"

#include <krb5/krb5.h>

#include <algorithm>
#include <cstdint>

namespace watari::auth {

namespace {

/// By the minor status (data/faults/authentication.json; RFC 4120 7.5.9 and MIT's own).
const KnownFault& row_of(const gss::Failure& failed, const Party& party)
{
    using Key = FaultKey<std::int32_t>;
    const auto code = static_cast<std::int32_t>(failed.minor);
    if (code == KRB5_FCC_NOFILE && !party.keytab.empty()) { // no ticket could be made by its keys
        return *known_fault_of(message::kerberos_keytab_unusable{});
    }
    const auto found = std::ranges::find(kerberos_faults::codes, code, &Key::key);
    if (found != kerberos_faults::codes.end()) {
        return *find_known_fault(found->fault);
    }
    if (GSS_ROUTINE_ERROR(failed.major) == GSS_S_CREDENTIALS_EXPIRED) {
        return *known_fault_of(message::kerberos_ticket_expired{});
    }
    return *known_fault_of(message::kerberos_failed{});
}

} // namespace

Error kerberos_error(const gss::Failure& failed, const Party& party)
{
    const KnownFault& row = row_of(failed, party);
    return {
        row.read,
        message_of(row, {{"path", party.keytab}, {"service", party.service}, {"user", party.user}}),
        {.code = failed.minor, .text = failed.text}};
}

Error ntlm_error(const gss::Failure& failed, const Party& party)
{
    return {ErrorKind::unauthenticated,
            message::ntlm_failed{.user = party.user},
            {.code = failed.minor, .text = failed.text}};
}

} // namespace watari::auth
