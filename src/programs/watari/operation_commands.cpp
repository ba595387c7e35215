#include "programs/watari/commands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace watari::cli {

namespace {

using client::ExitCode;

Task<ExitCode> list(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_operations(limit));
}

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

void add_operation_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "operation", "the work under way and done");
    const auto id = std::make_shared<std::string>();
    const auto limit = std::make_shared<std::size_t>(50);
    auto* verb =
        add_verb(noun, "list", "list operations, newest first (50 unless --limit says otherwise)");
    add_limit(*verb, *limit);
    verb->callback(
        [&action, limit] { action = [limit](Session& session) { return list(session, *limit); }; });
    const auto add = [&](const char* name, const char* description,
                         Task<ExitCode> (*act)(Session&, std::string)) {
        auto* one = add_verb(noun, name, description);
        one->add_option("ID", *id, "id of the operation")->required();
        one->callback([&action, id, act] {
            action = [id, act](Session& session) { return act(session, *id); };
        });
    };
    add("show", "show an operation, its steps and where it was placed", show);
    add("wait", "follow an operation to its end", wait);
    add("cancel", "ask an operation to stop and undo what it did", cancel);
}

} // namespace watari::cli
