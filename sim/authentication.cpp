#include "sim/authentication.hpp"

#include "core/error.hpp"
#include "messages/sim.hpp"

#include <algorithm>
#include <set>

namespace watari::sim {

namespace {

std::set<std::string, std::less<>> names_in(std::string_view list)
{
    std::set<std::string, std::less<>> names;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        names.emplace(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return names;
}

void check(const std::set<std::string, std::less<>>& names)
{
    for (const std::string& name : names) {
        if (name != "negotiate" && name != "ntlm" && name != "kerberos" && name != "basic" &&
            name != "certificate") {
            throw Error{ErrorKind::invalid, message::hvsim_bad_auth{.scheme = name}};
        }
    }
}

} // namespace

bool Entrance::offers(Scheme scheme) const noexcept
{
    return std::ranges::find(schemes, scheme) != schemes.end();
}

/// Offered in the order of Windows hosts: Negotiate, Kerberos, Basic (UNVERIFIED, wsman.md 10.2).
Entrance authentication(const Authentication& options)
{
    const auto names = names_in(options.schemes);
    check(names);
    const bool has_ntlm = names.contains("negotiate") || names.contains("ntlm");
    const bool has_kerberos =
        names.contains("kerberos") || (names.contains("negotiate") && !options.keytab.empty());
    if (has_kerberos && options.keytab.empty()) {
        throw Error{ErrorKind::invalid, message::hvsim_no_keytab{}};
    }
    Entrance entrance;
    std::vector<auth::MakeServerScheme> makers;
    if (has_ntlm || has_kerberos) {
        makers.push_back(auth::negotiate_server(
            {.accounts = has_ntlm ? options.accounts : std::vector<auth::Credentials>{},
             .keytab = has_kerberos ? options.keytab : std::string{},
             .binding = options.binding}));
        entrance.schemes.push_back(Scheme::negotiate);
    }
    if (has_kerberos) {
        entrance.schemes.push_back(Scheme::kerberos);
    }
    if (names.contains("basic")) {
        makers.push_back(auth::basic_server(options.accounts));
        entrance.schemes.push_back(Scheme::basic);
    }
    if (names.contains("certificate")) {
        makers.push_back(auth::certificate_server(options.certificates));
        entrance.schemes.push_back(Scheme::certificate);
    }
    entrance.make_scheme = auth::offering(std::move(makers));
    return entrance;
}

std::vector<std::string> security_profiles(const Entrance& entrance)
{
    const std::string prefix = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/";
    std::vector<std::string> profiles;
    const auto add = [&](std::string_view name) { profiles.push_back(prefix + std::string{name}); };
    if (entrance.offers(Scheme::basic)) {
        add("http/basic");
        add("https/basic");
    }
    if (entrance.offers(Scheme::negotiate) || entrance.offers(Scheme::kerberos)) {
        add("http/spnego-kerberos");
        add("https/spnego-kerberos");
    }
    if (entrance.offers(Scheme::certificate)) {
        add("https/mutual");
    }
    return profiles;
}

} // namespace watari::sim
