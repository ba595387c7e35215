#include "sim/authentication.hpp"

#include "core/error.hpp"
#include "messages/sim.hpp"

#include <algorithm>

namespace watari::sim {

namespace {

std::vector<std::string> names_in(std::string_view list)
{
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        names.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return names;
}

} // namespace

/// Offered in the order of Windows hosts: Negotiate, Kerberos, Basic (UNVERIFIED, wsman.md 10.2).
auth::MakeServerScheme authentication(const Authentication& options)
{
    const std::vector<std::string> names = names_in(options.schemes);
    for (const std::string& name : names) {
        if (name != "basic" && name != "ntlm" && name != "kerberos" && name != "certificate") {
            throw Error{ErrorKind::invalid, message::hvsim_bad_auth{.scheme = name}};
        }
    }
    const auto asked = [&names](std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    };
    if (asked("kerberos") && options.keytab.empty()) {
        throw Error{ErrorKind::invalid, message::hvsim_no_keytab{}};
    }
    std::vector<auth::MakeServerScheme> schemes;
    if (asked("ntlm") || asked("kerberos")) {
        schemes.push_back(auth::negotiate_server(
            {.accounts = asked("ntlm") ? options.accounts : std::vector<auth::Credentials>{},
             .keytab = asked("kerberos") ? options.keytab : std::string{},
             .binding = options.binding}));
    }
    if (asked("basic")) {
        schemes.push_back(auth::basic_server(options.accounts));
    }
    if (asked("certificate")) {
        schemes.push_back(auth::certificate_server(options.certificates));
    }
    return auth::offering(std::move(schemes));
}

} // namespace watari::sim
