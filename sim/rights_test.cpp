#include "sim/rights.hpp"

#include "sim/accounts.hpp"
#include "sim/testing.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace watari::sim {
namespace {

constexpr std::uint32_t access_denied = 5;

/// What a member may do of: read v2, call v2, read cimv2, call cimv2, write cimv2, identify.
std::string may(Membership member, std::map<std::string, std::string> switches = {})
{
    Profile profile = Profile::defaults(Generation::ws2012r2);
    for (const auto& [name, value] : switches) {
        profile.set(name, value);
    }
    const wsman::RequestBody call = wsman::Invoke{.method = "M"};
    std::string answers;
    for (const auto& request :
         {TestHost::request(schema::v2_namespace, "*", wsman::Enumerate{}),
          TestHost::request(schema::v2_namespace, "Msvm_ComputerSystem", call),
          TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk", wsman::Get{}),
          TestHost::request(schema::cimv2_namespace, "CIM_DataFile", call),
          TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk", wsman::Put{}),
          TestHost::request("", "", wsman::Identify{})}) {
        const auto fault = denied(member, request, profile);
        answers += fault ? '-' : '+';
        if (fault) {
            EXPECT_EQ(fault->code, access_denied);
            EXPECT_EQ(fault->subcode, "wsman:AccessDenied");
        }
    }
    return answers;
}

TEST(Rights, follow_the_groups_of_an_account)
{
    EXPECT_EQ(may({.rights = Rights::administrator}), "++++++");
    EXPECT_EQ(may({.rights = Rights::hyper_v_administrator}), "+++--+");
    EXPECT_EQ(may({.rights = Rights::reader}), "+-+--+");
    EXPECT_EQ(may({.rights = Rights::none}), "-----+");
}

TEST(Rights, of_a_local_administrator_are_filtered_until_the_policy_is_set)
{
    const Membership local{.rights = Rights::administrator, .is_local = true};
    EXPECT_EQ(may(local), "-----+");
    EXPECT_EQ(may(local, {{"local_administrator_token", "full"}}), "++++++");
    EXPECT_EQ(may({.rights = Rights::reader, .is_local = true}), "+-+--+");
}

TEST(Rights, are_everything_where_nobody_is_listed)
{
    AccessList access;
    EXPECT_EQ(access.of("anybody").rights, Rights::administrator);
    access.set("Watcher", {.rights = Rights::reader});
    access.set_others({.rights = Rights::none});
    EXPECT_EQ(access.of("WATCHER").rights, Rights::reader);
    EXPECT_EQ(access.of("anybody").rights, Rights::none);
}

class AccountsFile : public testing::Test
{
protected:
    AccountsFile() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
    ~AccountsFile() override { std::filesystem::remove_all(folder); }

    std::string write(const std::string& name, const std::string& text) const
    {
        const std::string path = folder + "/" + name;
        std::ofstream{path} << text;
        return path;
    }
    /// Why the file is refused: the error's code and its last argument.
    std::string refused(const std::string& text) const
    {
        try {
            read_accounts(write("accounts.json", text));
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::invalid);
            return error.code() + ": " + error.message().arguments.back().second;
        }
        return "accepted";
    }

    std::string folder =
        (std::filesystem::temp_directory_path() / "watari-accounts-XXXXXX").string();
};

TEST_F(AccountsFile, names_who_may_log_on_and_what_they_may_do)
{
    write("watcher.txt", "secret\nsecond line\n");
    const std::string print(64, 'a');
    const auto accounts = read_accounts(write(
        "accounts.json",
        R"([{"user": "Watcher", "password_file": "watcher.txt", "rights": "reader", "local": true},
            {"user": "hyperv@EXAMPLE.TEST", "rights": "hyper-v-administrator"},
            {"user": "robot", "certificate": ")" +
            print + R"("}])"));
    ASSERT_EQ(accounts.size(), 3U);
    EXPECT_EQ(accounts[0].password->reveal(), "secret");
    EXPECT_TRUE(accounts[0].membership.is_local);
    EXPECT_FALSE(accounts[1].password);
    Authentication logons;
    admit(accounts, logons);
    ASSERT_EQ(logons.accounts.size(), 1U);
    EXPECT_EQ(logons.accounts.front().user, "Watcher");
    ASSERT_EQ(logons.certificates.size(), 1U);
    EXPECT_TRUE(logons.certificates.begin()->first.starts_with("AA:AA:"));
    EXPECT_EQ(logons.certificates.begin()->second, "robot");
    const AccessList access = access_of(accounts);
    EXPECT_EQ(access.of("watcher").rights, Rights::reader);
    EXPECT_EQ(access.of("hyperv@example.test").rights, Rights::hyper_v_administrator);
    EXPECT_EQ(access.of("robot").rights, Rights::administrator);
    EXPECT_EQ(access.of("Administrator").rights, Rights::none);
}

TEST_F(AccountsFile, is_refused_with_the_reason)
{
    EXPECT_EQ(refused("no list"), "hvsim_bad_accounts: it is no JSON list");
    EXPECT_EQ(refused(R"({"user": "a"})"), "hvsim_bad_accounts: it is no JSON list");
    EXPECT_EQ(refused(R"(["a"])"), "hvsim_bad_accounts: an account is no object");
    EXPECT_EQ(refused(R"([{}])"), "hvsim_bad_accounts: an account has no \"user\"");
    EXPECT_EQ(refused(R"([{"user": 1}])"), "hvsim_bad_accounts: \"user\" is no text");
    EXPECT_EQ(refused(R"([{"user": "a", "password": "secret"}])"),
              "hvsim_bad_accounts: an account cannot have this \"password\"");
    EXPECT_EQ(refused(R"([{"user": "a", "local": "yes"}])"),
              "hvsim_bad_accounts: an account cannot have this \"local\"");
    EXPECT_EQ(refused(R"([{"user": "a", "certificate": "12"}])"),
              "hvsim_bad_accounts: \"certificate\" is no SHA-256 fingerprint");
    EXPECT_EQ(refused(R"([{"user": "a", "rights": "root"}])"),
              "hvsim_bad_accounts: there are no rights \"root\", only administrator, "
              "hyper-v-administrator, reader and none");
    EXPECT_EQ(refused(R"([{"user": "a", "password_file": "none.txt"}])"),
              "hvsim_unreadable: " + folder + "/none.txt");
}

} // namespace
} // namespace watari::sim
