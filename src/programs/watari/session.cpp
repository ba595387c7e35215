#include "programs/watari/session.hpp"

#include "core/uuid.hpp"
#include "messages/cli.hpp"

#include <iostream>

namespace watari::cli {

std::string Session::key_or_new(const std::string& given) const
{
    return given.empty() ? Uuid::random(random).lower() : given;
}

void Session::out(std::string_view text) const
{
    std::cout << text << std::flush;
}

void Session::err(std::string_view text) const
{
    std::cerr << text << std::flush;
}

void Session::note(const Message& message) const
{
    err(render(message, options.language) + "\n");
}

void Session::note_more(bool is_there_more) const
{
    if (is_there_more) {
        note(message::cli_there_is_more{});
    }
}

Task<client::ExitCode> Session::follow(client::Answer<contract::Operation> operation)
{
    if (waits()) {
        co_return exit_code_of(co_await wait_for(std::move(operation)));
    }
    out(options.json ? operation.json + "\n" : operation.value.id + "\n");
    if (options.is_terminal_err) {
        note(message::cli_accepted{.operation = operation.value.id});
    }
    co_return client::ExitCode::ok;
}

Task<client::WaitResult> Session::wait_for(client::Answer<contract::Operation> operation)
{
    waiting_for = operation.value.id;
    client::Progress progress{
        {.language = options.language, .colours = options.colours_err, .columns = options.columns},
        options.is_terminal_err,
        [this](std::string_view text) { err(text); }};
    client::WaitOptions how{.deadline =
                                Deadline::after(clock, seconds{options.wait_timeout_seconds})};
    how.on_progress = [&progress](const contract::Operation& now) { progress.show(now); };
    how.on_lost = [&progress](const Error&) { progress.lost(); };
    const auto result =
        co_await client::wait_for_operation(client, clock, std::move(operation), std::move(how));
    waiting_for.clear();
    if (result.ended) {
        progress.end(result.last.value);
    } else {
        note(message::cli_wait_timed_out{.seconds = std::to_string(options.wait_timeout_seconds),
                                         .state = result.last.value.state,
                                         .operation = result.last.value.id});
    }
    if (options.json) {
        out(result.last.json + "\n");
    }
    co_return result;
}

} // namespace watari::cli
