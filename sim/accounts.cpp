#include "sim/accounts.hpp"

#include "core/error.hpp"
#include "messages/sim.hpp"
#include "net/certificates.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

namespace watari::sim {

namespace {

namespace json = boost::json;

class Reader
{
public:
    explicit Reader(const std::filesystem::path& path) : path_(path) {}

    std::vector<Account> read() const
    {
        boost::system::error_code failed;
        const json::value document = json::parse(read_file(path_), failed);
        if (failed || !document.is_array()) {
            fail("it is no JSON list");
        }
        std::vector<Account> accounts;
        accounts.reserve(document.as_array().size());
        for (const json::value& entry : document.as_array()) {
            accounts.push_back(account(entry));
        }
        return accounts;
    }

private:
    [[noreturn]] void fail(std::string why) const
    {
        throw Error{ErrorKind::invalid,
                    message::hvsim_bad_accounts{.path = path_.string(), .why = std::move(why)}};
    }

    std::string text(const json::value& member, std::string_view key) const
    {
        if (!member.is_string() || member.as_string().empty()) {
            fail(fmt::format("\"{}\" is no text", key));
        }
        return std::string{member.as_string()};
    }

    Rights rights(const json::value& member) const
    {
        const std::string name = text(member, "rights");
        const auto rights = rights_from(name);
        if (!rights) {
            fail(fmt::format("there are no rights \"{}\", only administrator, "
                             "hyper-v-administrator, reader and none",
                             name));
        }
        return *rights;
    }

    std::string fingerprint(const json::value& member) const
    {
        auto fingerprint = net::fingerprint_from(text(member, "certificate"));
        if (!fingerprint) {
            fail("\"certificate\" is no SHA-256 fingerprint");
        }
        return std::move(*fingerprint);
    }

    Account account(const json::value& entry) const
    {
        if (!entry.is_object()) {
            fail("an account is no object");
        }
        Account account;
        for (const auto& [key, member] : entry.as_object()) {
            if (key == "user") {
                account.user = text(member, key);
            } else if (key == "password_file") {
                account.password = read_password(path_.parent_path() / text(member, key));
            } else if (key == "certificate") {
                account.certificate = fingerprint(member);
            } else if (key == "rights") {
                account.membership.rights = rights(member);
            } else if (key == "local" && member.is_bool()) {
                account.membership.is_local = member.as_bool();
            } else {
                fail(fmt::format("an account cannot have this \"{}\"", std::string_view{key}));
            }
        }
        if (account.user.empty()) {
            fail("an account has no \"user\"");
        }
        return account;
    }

    std::filesystem::path path_;
};

} // namespace

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || std::filesystem::is_directory(path)) {
        throw Error{ErrorKind::invalid, message::hvsim_unreadable{.path = path.string()}};
    }
    return text.str();
}

auth::Secret read_password(const std::filesystem::path& path)
{
    std::string text = read_file(path);
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    return auth::Secret{std::move(text)};
}

std::vector<Account> read_accounts(const std::filesystem::path& path)
{
    return Reader{path}.read();
}

void admit(const std::vector<Account>& accounts, Authentication& into)
{
    for (const Account& account : accounts) {
        if (account.password) {
            into.accounts.push_back({.user = account.user, .password = *account.password});
        }
        if (!account.certificate.empty()) {
            into.certificates.emplace(account.certificate, account.user);
        }
    }
}

AccessList access_of(const std::vector<Account>& accounts)
{
    AccessList access;
    access.set_others({.rights = Rights::none});
    for (const Account& account : accounts) {
        access.set(account.user, account.membership);
    }
    return access;
}

} // namespace watari::sim
