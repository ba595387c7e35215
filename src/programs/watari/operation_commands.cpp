#include "messages/cli_help.hpp"
#include "programs/watari/commands.hpp"

namespace watari::cli {

namespace {

using client::ExitCode;

Task<ExitCode> show(Session& session, std::string id)
{
    const auto operation = co_await session.client.get_operation(std::move(id));
    session.out(session.options.json ? operation.json + "\n"
                                     : client::operation_text(operation.value, session.style()));
    co_return ExitCode::ok;
}

Task<ExitCode> wait(Session& session, std::string id)
{
    auto operation = co_await session.client.get_operation(std::move(id));
    co_return exit_code_of(co_await session.wait_for(std::move(operation)));
}

/// A cancelled operation is what was asked for here; one that came to another end was too far on.
Task<ExitCode> cancel(Session& session, std::string id)
{
    auto operation = co_await session.client.cancel_operation(std::move(id));
    if (!session.waits()) {
        co_return co_await session.follow(std::move(operation));
    }
    const auto result = co_await session.wait_for(std::move(operation));
    if (!result.ended) {
        co_return ExitCode::wait_timed_out;
    }
    co_return result.last.value.state == "cancelled" ? ExitCode::ok : ExitCode::conflict;
}

} // namespace

void add_operation_commands(Menu menu)
{
    auto noun = menu.noun("operation", message::help_operation{});
    add_list(noun, message::help_operation_list{}, &client::Client::list_operations, 50);
    const auto add = [&noun](const char* name, const Message& text, auto act) {
        add_one(noun, name, text, "ID", message::help_operation_id{}, act);
    };
    add("show", message::help_operation_show{}, show);
    add("wait", message::help_operation_wait{}, wait);
    add("cancel", message::help_operation_cancel{}, cancel);
}

} // namespace watari::cli
