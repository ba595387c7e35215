#include "client/diagnosis_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace watari::client {
namespace {

using testing::HasSubstr;
using testing::Not;

contract::Diagnosis diagnosis()
{
    contract::Diagnosis made{.address = "10.0.0.1",
                             .port = 5985,
                             .name = "hv-01.example.net",
                             .user = "watari",
                             .scheme = "ntlm"};
    made.hops = {{.id = "name",
                  .title = "Name",
                  .state = "passed",
                  .seen = "hv-01 has the address 10.0.0.1.",
                  .took_ms = 3},
                 {.id = "rights",
                  .title = "権限",
                  .state = "failed",
                  .seen = "The host does not let this account.",
                  .native_code = 5,
                  .peer_text = "Access is denied.\x1b[31m",
                  .cause = "It is in no group.",
                  .remedy = "Give the account its rights.",
                  .commands = {{"all", "Get-Service vmms"},
                               {"ws2008r2sp1", "azman.msc"},
                               {"ws2012_and_later", "net localgroup"}},
                  .took_ms = 1200},
                 {.id = "namespace", .title = "NS", .state = "skipped", .seen = "Not looked at."}};
    return made;
}

TEST(DiagnosisText, says_below_the_failed_hop_what_to_run)
{
    const auto text = text_of(diagnosis(), {});
    EXPECT_THAT(text, HasSubstr("hv-01.example.net  10.0.0.1:5985  ntlm  watari\n"));
    EXPECT_THAT(text, HasSubstr("✓ Name     3 ms  hv-01 has the address 10.0.0.1.\n"));
    EXPECT_THAT(text, HasSubstr("✗ 権限    1.2 s  The host does not let this account.\n"
                                "    It says: Access is denied.?[31m\n"
                                "    It is in no group.\n"
                                "    Give the account its rights.\n"
                                "    On the host, in Windows PowerShell as administrator:\n"
                                "      Get-Service vmms\n"
                                "      # Windows Server 2008 R2:\n"
                                "      azman.msc\n"
                                "      # Windows Server 2012 and later:\n"
                                "      net localgroup\n"));
    EXPECT_THAT(text, HasSubstr("- NS             Not looked at.\n"));
    EXPECT_THAT(text, HasSubstr("✗ stands in the way"));
}

TEST(DiagnosisText, is_said_in_japanese_too)
{
    auto healthy = diagnosis();
    healthy.hops.resize(1);
    healthy.healthy = true;
    const auto text = text_of(healthy, {.language = Language::ja});
    EXPECT_THAT(text, HasSubstr("問題はありません。"));
    EXPECT_THAT(text, Not(HasSubstr("ホスト上で")));
}

} // namespace
} // namespace watari::client
