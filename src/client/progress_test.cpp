#include "client/progress.hpp"

#include <gtest/gtest.h>

namespace watari::client {
namespace {

contract::Operation creating()
{
    contract::Operation operation{
        .id = "1", .kind = "create_vm", .state = "running", .created = "2026-01-01T00:00:00Z"};
    operation.steps = {{.id = "place",
                        .title = "Choose a host",
                        .state = "done",
                        .attempts = 1,
                        .milliseconds = 12},
                       {.id = "disk",
                        .title = "Make the disk",
                        .state = "running",
                        .attempts = 2,
                        .requests = 3,
                        .percent = 40},
                       {.id = "start", .title = "Start", .state = "pending"}};
    return operation;
}

contract::Operation created()
{
    auto operation = creating();
    operation.state = "succeeded";
    operation.ended = "2026-01-01T00:00:03.450Z";
    operation.resource_name = "desk-1";
    operation.host_name = "sim-2012r2";
    operation.namespace_ = "v2";
    operation.requests = 14;
    operation.requests_budget = 20;
    operation.host_job_polls = 5;
    operation.steps[1] = {.id = "disk",
                          .title = "Make the disk",
                          .state = "done",
                          .attempts = 2,
                          .requests = 4,
                          .milliseconds = 3400};
    operation.steps[2].state = "skipped";
    return operation;
}

struct Screen {
    std::string text;
    Progress::Write writer()
    {
        return [this](std::string_view piece) { text += piece; };
    }
};

TEST(Progress, prints_one_line_per_finished_step_without_a_terminal)
{
    Screen screen;
    Progress progress{{}, false, screen.writer()};
    progress.show(creating());
    progress.show(creating());
    EXPECT_EQ(screen.text, "  ✓ Choose a host      12 ms\n");
    progress.show(created());
    progress.end(created());
    EXPECT_EQ(screen.text, "  ✓ Choose a host      12 ms\n"
                           "  ✓ Make the disk      3.4 s  requests 4  attempts 2\n"
                           "  - Start\n"
                           "✓ create_vm desk-1 succeeded (3.4 s)\n"
                           "  host sim-2012r2, namespace v2\n"
                           "  requests 14 of 20, and 5 to follow host jobs\n");
}

TEST(Progress, changes_only_the_lines_that_changed_on_a_terminal)
{
    Screen screen;
    Progress progress{{.columns = 80}, true, screen.writer()};
    progress.show(creating());
    EXPECT_EQ(screen.text, "\r\x1b[2K  ✓ Choose a host      12 ms\n"
                           "\r\x1b[2K  … Make the disk       40 %  requests 3  attempts 2\n"
                           "\r\x1b[2K  · Start\n");
    screen.text.clear();
    auto later = creating();
    later.steps[1].percent = 80;
    progress.show(later);
    EXPECT_EQ(screen.text,
              "\x1b[3A\n\r\x1b[2K  … Make the disk       80 %  requests 3  attempts 2\n\n");
    screen.text.clear();
    progress.show(later);
    EXPECT_EQ(screen.text, "");
}

TEST(Progress, cuts_lines_that_would_wrap)
{
    for (const auto& line : step_lines(creating(), {.columns = 24})) {
        EXPECT_LT(line.size(), 30U) << line;
    }
    EXPECT_EQ(step_lines(creating(), {.columns = 24})[1], "  … Make the disk     …");
}

TEST(Progress, shows_what_failed_and_the_servers_words)
{
    auto operation = creating();
    operation.state = "failed";
    operation.steps[1].state = "failed";
    operation.steps[1].percent.reset();
    operation.steps[1].error = "no space";
    operation.error = contract::Problem{.title = "D: is full.",
                                        .status = 409,
                                        .detail = "D: is full. [32768]",
                                        .code = "disk_full"};
    Screen screen;
    Progress progress{{}, false, screen.writer()};
    progress.show(operation);
    progress.end(operation);
    EXPECT_EQ(screen.text, "  ✓ Choose a host      12 ms\n"
                           "  ✗ Make the disk             requests 3  attempts 2\n"
                           "      no space\n"
                           "✗ create_vm failed\n"
                           "  D: is full. [32768]\n");
}

TEST(Progress, says_once_that_the_server_is_gone_and_takes_it_back)
{
    Screen screen;
    Progress progress{{.columns = 80}, true, screen.writer()};
    progress.show(creating());
    screen.text.clear();
    progress.lost();
    progress.lost();
    EXPECT_EQ(screen.text, "\x1b[3A\n\n\n\r\x1b[2K  The server does not answer; trying again. The "
                           "operation goes on by itself.\n");
    screen.text.clear();
    progress.show(creating());
    EXPECT_EQ(screen.text, "\x1b[4A\n\n\n\x1b[J");
}

TEST(Progress, says_why_an_operation_is_held_up)
{
    auto operation = creating();
    operation.state = "blocked";
    operation.error =
        contract::Problem{.title = "sim-1 does not answer.", .status = 503, .code = "host_gone"};
    Screen screen;
    Progress progress{{.columns = 80}, true, screen.writer()};
    progress.show(operation);
    EXPECT_NE(screen.text.find("blocked: sim-1 does not answer. It goes on by itself."),
              std::string::npos)
        << screen.text;
}

TEST(Progress, says_why_a_step_fails_in_full_and_once)
{
    auto operation = creating();
    operation.state = "waiting";
    operation.steps[1].error = "sim-1 refused the connection. Look whether its service runs.";
    operation.error = contract::Problem{
        .title = *operation.steps[1].error, .status = 503, .code = "connection_refused"};
    Screen screen;
    Progress progress{{.columns = 50}, true, screen.writer()};
    progress.show(operation);
    EXPECT_NE(screen.text.find("\r\x1b[2K      sim-1 refused the connection. Look whether\n"
                               "\r\x1b[2K      its service runs.\n"),
              std::string::npos)
        << screen.text;
    EXPECT_NE(screen.text.find("  waiting: it goes on by itself.\n"), std::string::npos)
        << screen.text;
}

TEST(Progress, says_once_why_an_operation_is_held_up_without_a_terminal)
{
    auto operation = creating();
    operation.steps.clear();
    operation.state = "waiting";
    operation.error =
        contract::Problem{.title = "sim-1 does not answer.", .status = 503, .code = "host_gone"};
    Screen screen;
    Progress progress{{}, false, screen.writer()};
    progress.show(operation);
    progress.show(operation);
    EXPECT_EQ(screen.text, "  waiting: sim-1 does not answer. It goes on by itself.\n");
}

TEST(Progress, tells_requests_of_the_budget_only_when_nothing_was_undone)
{
    auto operation = created();
    operation.state = "failed";
    EXPECT_NE(ending_text(operation, {}).find("  requests 14, and 5"), std::string::npos);
    operation = created();
    operation.requests = 0;
    operation.requests_budget.reset();
    EXPECT_EQ(ending_text(operation, {}).find("requests"), std::string::npos);
}

TEST(Duration, is_short)
{
    EXPECT_EQ(duration_text(0, Language::en), "0 ms");
    EXPECT_EQ(duration_text(999, Language::en), "999 ms");
    EXPECT_EQ(duration_text(1999, Language::en), "1.9 s");
    EXPECT_EQ(duration_text(125'000, Language::en), "2 min 5 s");
    EXPECT_EQ(duration_text(125'000, Language::ja), "2 分 5 秒");
}

} // namespace
} // namespace watari::client
