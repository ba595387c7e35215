#include "client/wait.hpp"

#include "client/test_server.hpp"

namespace watari::client {
namespace {

using Waiting = StubServer;

Answer<contract::Operation> first()
{
    return {.value = operation_in("queued")};
}

TEST_F(Waiting, follows_an_operation_to_its_end)
{
    answers = {answer_with(operation_in("running")), answer_with(operation_in("running")),
               answer_with(operation_in("succeeded"))};
    serve();
    std::vector<std::string> states;
    WaitOptions options;
    options.on_progress = [&](const contract::Operation& operation) {
        states.push_back(operation.state);
    };
    const auto result = clock.run(wait_for_operation(client, clock, first(), options));
    EXPECT_EQ(states, (std::vector<std::string>{"queued", "running", "running", "succeeded"}));
    EXPECT_EQ(exit_code_of(result), ExitCode::ok);
    EXPECT_EQ(requests.at(0).target, "/v1/operations/0198f2c4-0000-7000-8000-000000000001");
    EXPECT_EQ(requests.at(0).headers.get("Prefer"), "wait=1");
    EXPECT_EQ(clock.now() - SimulatedClock::default_start, 2s);
}

TEST_F(Waiting, gives_8_when_the_operation_failed_or_was_cancelled)
{
    serve();
    for (const auto* state : {"failed", "cancelled"}) {
        answers = {answer_with(operation_in(state))};
        EXPECT_EQ(exit_code_of(clock.run(wait_for_operation(client, clock, first(), {}))),
                  ExitCode::operation_failed);
    }
    EXPECT_EQ(static_cast<int>(ExitCode::operation_failed), 8);
}

TEST_F(Waiting, gives_7_when_the_time_is_over_and_the_operation_goes_on)
{
    answers = {answer_with(operation_in("running"))};
    serve();
    const auto result = clock.run(
        wait_for_operation(client, clock, first(), {.deadline = Deadline::after(clock, 5s)}));
    EXPECT_EQ(exit_code_of(result), ExitCode::wait_timed_out);
    EXPECT_EQ(static_cast<int>(ExitCode::wait_timed_out), 7);
    EXPECT_EQ(result.last.value.state, "running");
    EXPECT_EQ(clock.now() - SimulatedClock::default_start, 5s);
}

TEST_F(Waiting, does_not_wait_for_what_has_ended)
{
    const auto result =
        clock.run(wait_for_operation(client, clock, {.value = operation_in("succeeded")}, {}));
    EXPECT_EQ(exit_code_of(result), ExitCode::ok);
    EXPECT_TRUE(requests.empty());
}

TEST_F(Waiting, goes_on_through_a_restart_of_the_server)
{
    answers = {answer_with(operation_in("running")), answer_with(operation_in("succeeded"))};
    serve();
    network.set_down(at.address, true);
    int lost = 0;
    WaitOptions options;
    options.on_lost = [&](const Error&) {
        if (++lost == 5) {
            network.set_down(at.address, false);
        }
    };
    EXPECT_EQ(exit_code_of(clock.run(wait_for_operation(client, clock, first(), options))),
              ExitCode::ok);
    EXPECT_EQ(lost, 5);
}

TEST_F(Waiting, gives_up_when_the_server_stays_away)
{
    const auto failure = failure_of(wait_for_operation(client, clock, first(), {.patience = 10s}));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), "cli_no_server");
    EXPECT_EQ(clock.now() - SimulatedClock::default_start, 10s);
}

TEST_F(Waiting, ends_at_once_when_the_server_refuses)
{
    answers = {answer_with(
        contract::Problem{
            .type = "about:blank", .title = "gone", .status = 404, .code = "operation_unknown"},
        404)};
    serve();
    EXPECT_EQ(exit_code_of(*failure_of(wait_for_operation(client, clock, first(), {}))),
              ExitCode::not_found);
}

} // namespace
} // namespace watari::client
