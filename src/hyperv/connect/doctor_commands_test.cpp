#include "hyperv/connect/doctor_commands.hpp"

#include "messages/auth.hpp"
#include "messages/http.hpp"
#include "messages/net.hpp"
#include "messages/wsman.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> texts(const Message& message, const CommandSubject& subject)
{
    std::vector<std::string> lines;
    for (const auto& command : commands_for(message.code, subject)) {
        lines.push_back(command.text);
    }
    return lines;
}

TEST(DoctorCommands, switch_tls_1_2_on_where_2008_r2_leaves_it_off)
{
    const auto lines =
        texts(message::tls_too_old{}, {.port = 5986, .hosts = CommandFor::ws2008r2sp1});
    EXPECT_THAT(lines, Contains(HasSubstr("TLS 1.2\\Server\" /v Enabled /t REG_DWORD /d 1")));
    EXPECT_THAT(lines,
                Contains(HasSubstr("TLS 1.2\\Server\" /v DisabledByDefault /t REG_DWORD /d 0")));
}

TEST(DoctorCommands, are_those_of_the_generation_once_it_is_known)
{
    const Message denied = message::wmi_access_denied{};
    EXPECT_THAT(texts(denied, {.user = "watari", .hosts = CommandFor::ws2008r2sp1}),
                Contains(HasSubstr("azman.msc")));
    const auto later = texts(denied, {.user = "watari", .hosts = CommandFor::ws2012_and_later});
    EXPECT_THAT(later, Each(Not(HasSubstr("azman.msc"))));
    EXPECT_THAT(later, Contains("net localgroup \"Hyper-V Administrators\" \"watari\" /add"));
    EXPECT_GT(texts(denied, {.user = "watari"}).size(), later.size());
}

TEST(DoctorCommands, name_port_host_and_scheme)
{
    EXPECT_THAT(texts(message::http_bad_answer{}, {.port = 8080}),
                Contains("netstat -ano | findstr :8080"));
    EXPECT_THAT(texts(message::kerberos_service_unknown{}, {.name = "hv-01.example.net"}),
                Contains("setspn -Q HTTP/hv-01.example.net"));
    EXPECT_THAT(texts(message::scheme_not_offered{}, {.scheme = "Negotiate"}),
                Contains("winrm set winrm/config/service/auth '@{Negotiate=\"true\"}'"));
}

TEST(DoctorCommands, never_carry_a_name_that_could_end_a_word_of_the_shell)
{
    const auto lines =
        texts(message::kerberos_service_unknown{}, {.name = "hv\"; Remove-Item C:\\ -Recurse; \""});
    EXPECT_THAT(lines, Contains("setspn -Q HTTP/<name>"));
    EXPECT_THAT(lines, Each(Not(HasSubstr("Remove-Item"))));
}

TEST(DoctorCommands, are_none_where_nothing_on_the_host_would_help)
{
    EXPECT_TRUE(texts(message::kerberos_configuration_bad{}, {}).empty());
    const Message ours = message::kerberos_configuration_bad{};
    EXPECT_FALSE(remedy_for(ours.code));
}

} // namespace
} // namespace watari::hyperv
