#include "sim/switches.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace watari::sim {
namespace {

std::string refused(std::vector<std::string> texts)
{
    try {
        switches_from(texts);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        return error.code() + (error.frames().empty() ? "" : " " + error.frames().front());
    }
    return "accepted";
}

TEST(Switches, are_read_as_name_and_value_and_the_last_counts)
{
    const std::vector<std::string> texts{"define_system_returns=job", "fresh_requested_state=12",
                                         "define_system_returns=sync", "v1_global_actions=0/1/0"};
    const std::map<std::string, std::string> expected{{"define_system_returns", "sync"},
                                                      {"fresh_requested_state", "12"},
                                                      {"v1_global_actions", "0/1/0"}};
    EXPECT_EQ(switches_from(texts), expected);
    EXPECT_TRUE(switches_from({}).empty());
}

TEST(Switches, with_unknown_names_or_values_are_refused_and_named)
{
    EXPECT_EQ(refused({"define_system_returns=job", "nosuch=job"}),
              "switch_unknown reading --switch nosuch=job");
    EXPECT_EQ(refused({"define_system_returns=never"}),
              "switch_value_unknown reading --switch define_system_returns=never");
    EXPECT_EQ(refused({"define_system_returns="}),
              "switch_value_unknown reading --switch define_system_returns=");
    EXPECT_EQ(refused({"define_system_returns"}), "hvsim_bad_switch");
    EXPECT_EQ(refused({"=job"}), "hvsim_bad_switch");
}

TEST(Switches, are_described_with_values_and_the_default_of_each_generation)
{
    const std::string text = describe_switches();
    EXPECT_NE(text.find("unknown_embedded_property=32773|32768|fault\n    default 32773\n    A "),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("fresh_requested_state=5|12\n    default 12, from vnext 5\n"),
              std::string::npos);
}

} // namespace
} // namespace watari::sim
