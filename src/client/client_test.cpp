#include "client/test_server.hpp"

namespace watari::client {
namespace {

using ClientOfServer = StubServer;

TEST_F(ClientOfServer, sends_token_language_and_body)
{
    answers = {answer_with(operation_in("queued"), 202)};
    serve();
    const auto answer = clock.run(client.create_vm({.name = "desk 1", .plan = "m"}, "key-1"));
    EXPECT_EQ(answer.value.state, "queued");
    EXPECT_EQ(answer.json, answers.front().body);
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].method + " " + requests[0].target, "POST /v1/vms");
    EXPECT_EQ(requests[0].headers.get("Authorization"), "Bearer secret");
    EXPECT_EQ(requests[0].headers.get("Accept-Language"), "ja");
    EXPECT_EQ(requests[0].headers.get("Idempotency-Key"), "key-1");
    EXPECT_EQ(requests[0].body, R"({"name":"desk 1","plan":"m"})");
}

TEST_F(ClientOfServer, puts_any_name_into_one_segment_of_the_path)
{
    answers = {answer_with(operation_in("queued"), 202)};
    serve();
    clock.run(client.delete_vm("a/b?c 机", true));
    EXPECT_EQ(requests.at(0).method + " " + requests.at(0).target,
              "DELETE /v1/vms/a%2Fb%3Fc%20%E6%9C%BA?force=true");
}

TEST_F(ClientOfServer, sends_a_cut_order_once_more_with_the_same_key)
{
    answers = {dropped(), answer_with(operation_in("queued"), 202)};
    serve();
    clock.run(client.create_vm({.name = "desk-1", .plan = "m"}, "key-1"));
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].headers.get("Idempotency-Key"), "key-1");
    EXPECT_EQ(requests[1].headers.get("Idempotency-Key"), "key-1");
    EXPECT_EQ(requests[0].body, requests[1].body);
}

TEST_F(ClientOfServer, names_the_key_when_the_order_is_cut_twice)
{
    answers = {dropped()};
    serve();
    const auto failure = failure_of(client.create_vm({.name = "desk-1", .plan = "m"}, "key-1"));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->kind(), ErrorKind::outcome_unknown);
    EXPECT_NE(render(*failure, Language::en).find("--idempotency-key key-1"), std::string::npos);
    EXPECT_EQ(requests.size(), 2U);
    EXPECT_EQ(exit_code_of(*failure), ExitCode::failed);
}

TEST_F(ClientOfServer, never_repeats_what_has_no_key)
{
    answers = {dropped()};
    serve();
    const auto failure = failure_of(client.delete_vm("desk-1", false));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->kind(), ErrorKind::outcome_unknown);
    EXPECT_EQ(requests.size(), 1U);
}

TEST_F(ClientOfServer, says_that_there_is_no_server)
{
    const auto failure = failure_of(client.get_vm("desk-1"));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), "cli_no_server");
    EXPECT_TRUE(render(*failure, Language::en)
                    .starts_with("There is no watarid at 10.0.0.1:8420. Start it with"));
}

TEST_F(ClientOfServer, gives_the_servers_words_as_they_are)
{
    contract::Problem problem{.type = "about:blank",
                              .title = "要求に 1 件の問題があります。",
                              .status = 400,
                              .code = "request_invalid",
                              .kind = "invalid",
                              .errors = {{.pointer = "/processors",
                                          .code = "field_too_large",
                                          .detail = "2048 以下を指定してください。"}}};
    answers = {answer_with(problem, 400)};
    serve();
    const auto failure = failure_of(client.get_vm("desk-1"));
    ASSERT_TRUE(failure);
    try {
        clock.run(client.get_vm("desk-1"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(text_of(error, Language::en),
                  "要求に 1 件の問題があります。\n  processors: 2048 以下を指定してください。");
        EXPECT_EQ(exit_code_of(error), ExitCode::usage);
    }
}

TEST_F(ClientOfServer, shows_the_cause_and_the_remedy_on_lines_of_their_own)
{
    contract::Problem problem{.type = "urn:watari:error:wsman_quota",
                              .title = "Refused.",
                              .status = 429,
                              .code = "wsman_quota",
                              .kind = "exhausted",
                              .cause = "Too much at once.",
                              .remedy = "Wait a minute."};
    EXPECT_EQ(text_of(problem), "Refused.\n  Too much at once.\n  → Wait a minute.");
    const Error here{ErrorKind::unsupported, Message{"ntlm_not_installed", {}}};
    EXPECT_TRUE(
        text_of(here, Language::en).ends_with("\n  → Install it: apt-get install gss-ntlmssp"))
        << text_of(here, Language::en);
}

TEST_F(ClientOfServer, gives_each_refusal_its_exit_code)
{
    const std::vector<std::pair<int, ExitCode>> cases{
        {401, ExitCode::not_allowed}, {403, ExitCode::not_allowed}, {404, ExitCode::not_found},
        {409, ExitCode::conflict},    {429, ExitCode::capacity},    {422, ExitCode::failed},
        {503, ExitCode::failed},      {500, ExitCode::failed}};
    serve();
    for (const auto& [status, code] : cases) {
        answers = {answer_with(
            contract::Problem{.type = "about:blank", .title = "no", .status = status, .code = "no"},
            status)};
        const auto failure = failure_of(client.get_vm("desk-1"));
        ASSERT_TRUE(failure);
        EXPECT_EQ(exit_code_of(*failure), code) << status;
    }
}

TEST_F(ClientOfServer, recognises_a_server_that_is_not_ours)
{
    answers = {json_answer(404, "<html>nginx</html>")};
    serve();
    EXPECT_EQ(failure_of(client.get_vm("desk-1"))->code(), "cli_not_our_server");
    for (const auto* body : {"", "<html>", "[]", "{}", R"({"id":5})"}) {
        answers = {json_answer(200, body)};
        EXPECT_EQ(failure_of(client.get_vm("desk-1"))->code(), "cli_answer_not_understood") << body;
    }
}

TEST_F(ClientOfServer, reads_lists_page_by_page_up_to_the_limit)
{
    const contract::Plan plan{.id = "0198f2c4-0000-7000-8000-000000000001",
                              .name = "m",
                              .created = "2026-01-01T00:00:00Z",
                              .updated = "2026-01-01T00:00:00Z"};
    answers = {answer_with(contract::PlanList{.items = {plan, plan}, .next_page_token = "t/1"}),
               answer_with(contract::PlanList{.items = {plan}})};
    serve();
    const auto all = clock.run(client.list_plans(1000));
    EXPECT_EQ(all.value.items.size(), 3U);
    EXPECT_EQ(boost::json::parse(all.json).at("items").as_array().size(), 3U);
    EXPECT_EQ(requests.at(1).target, "/v1/plans?page_size=500&page_token=t%2F1");

    answers = {answer_with(contract::PlanList{.items = {plan, plan}, .next_page_token = "t"})};
    const auto some = clock.run(client.list_plans(2));
    EXPECT_EQ(some.value.items.size(), 2U);
    EXPECT_TRUE(some.value.next_page_token);
    EXPECT_EQ(requests.back().target, "/v1/plans?page_size=2");
}

} // namespace
} // namespace watari::client
