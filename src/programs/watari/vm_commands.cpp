#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "programs/watari/commands.hpp"

#include <memory>

namespace watari::cli {

namespace {

using client::ExitCode;

struct Creation {
    contract::CreateVm body;
    std::string memory;
    std::string disk;
    std::string key;
    bool no_start = false;
    bool plan_only = false;
};

struct Resize {
    std::string vm;
    contract::ResizeVm body;
    std::string memory;
    std::string disk;
    std::string key;
    bool restart = false;
};

struct Choice {
    std::string vm;
    bool force = false;
    std::string key;
};

Task<ExitCode> show(Session& session, std::string vm)
{
    co_return session.show(co_await session.client.get_vm(std::move(vm)));
}

/// A plan with refusals is an answer, but not a yes.
Task<ExitCode> show_plan(Session& session, contract::CreateVm body)
{
    const auto plan = co_await session.client.plan_vm(std::move(body));
    session.out(session.options.json ? plan.json + "\n"
                                     : client::work_plan_text(plan.value, session.style()));
    co_return plan.value.refusals.empty()
        ? ExitCode::ok
        : exit_code_of(client::ClientProblem{plan.value.refusals.front()});
}

Task<ExitCode> create(Session& session, Creation creation)
{
    creation.body.memory_mib = optional_mib_from(creation.memory);
    creation.body.disk_bytes = optional_bytes_from(creation.disk);
    if (creation.no_start) {
        creation.body.start = false;
    }
    if (creation.plan_only) {
        co_return co_await show_plan(session, std::move(creation.body));
    }
    auto operation = co_await session.client.create_vm(std::move(creation.body),
                                                       session.key_or_new(creation.key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> start(Session& session, Choice choice)
{
    auto operation = co_await session.client.start_vm(choice.vm, session.key_or_new(choice.key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> stop(Session& session, Choice choice)
{
    contract::StopVm body;
    if (choice.force) {
        body.force = true;
    }
    auto operation =
        co_await session.client.stop_vm(choice.vm, body, session.key_or_new(choice.key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> resize(Session& session, Resize resize)
{
    const auto& wanted = resize.body;
    if (!wanted.plan && !wanted.processors && resize.memory.empty() && resize.disk.empty()) {
        throw Error{ErrorKind::invalid, message::cli_resize_nothing{}};
    }
    resize.body.memory_mib = optional_mib_from(resize.memory);
    resize.body.disk_bytes = optional_bytes_from(resize.disk);
    if (resize.restart) {
        resize.body.restart = true;
    }
    auto operation = co_await session.client.resize_vm(resize.vm, std::move(resize.body),
                                                       session.key_or_new(resize.key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> remove(Session& session, Choice choice)
{
    auto operation = co_await session.client.delete_vm(choice.vm, choice.force);
    co_return co_await session.follow(std::move(operation));
}

void add_create(Noun& noun)
{
    const auto order = std::make_shared<Creation>();
    auto& body = order->body;
    noun.verb("create", message::help_vm_create{})
        .needs("NAME", body.name, message::help_vm_name{})
        .needs("--plan", body.plan, message::help_vm_plan{})
        .option("--image", body.image, message::help_vm_image{})
        .one_of("--disk-source", body.disk_source, {"copy", "differencing"},
                message::help_vm_disk_source{})
        .one_of("--disk-format", body.disk_format, {"vhd", "vhdx"}, message::help_vm_disk_format{})
        .option("--network", body.network, message::help_vm_network{})
        .option("--host", body.host, message::help_vm_host{})
        .flag("--no-start", order->no_start, message::help_vm_no_start{})
        .option("--memory", order->memory, message::help_vm_memory{})
        .number("--processors", body.processors, message::help_vm_processors{})
        .option("--disk", order->disk, message::help_vm_disk{})
        .flag("--plan-only", order->plan_only, message::help_vm_plan_only{})
        .option("--reason", body.reason, message::help_vm_reason{})
        .key(order->key)
        .does([order](Session& session) { return create(session, *order); });
}

void add_resize(Noun& noun)
{
    const auto order = std::make_shared<Resize>();
    noun.verb("resize", message::help_vm_resize{})
        .needs("NAME", order->vm, message::help_name_or_id{})
        .option("--plan", order->body.plan, message::help_vm_resize_plan{})
        .option("--memory", order->memory, message::help_memory{})
        .number("--processors", order->body.processors, message::help_processors{})
        .option("--disk", order->disk, message::help_vm_resize_disk{})
        .flag("--restart", order->restart, message::help_vm_resize_restart{})
        .key(order->key)
        .does([order](Session& session) { return resize(session, *order); });
}

void add_power_and_end(Noun& noun)
{
    const auto choice = std::make_shared<Choice>();
    const auto verb = [&](const char* name, const Message& text) {
        return noun.verb(name, text).needs("NAME", choice->vm, message::help_name_or_id{});
    };
    const auto does = [choice](Task<ExitCode> (*act)(Session&, Choice)) {
        return [choice, act](Session& session) { return act(session, *choice); };
    };
    verb("start", message::help_vm_start{}).key(choice->key).does(does(start));
    verb("stop", message::help_vm_stop{})
        .flag("--force", choice->force, message::help_vm_stop_force{})
        .key(choice->key)
        .does(does(stop));
    verb("delete", message::help_vm_delete{})
        .flag("--force", choice->force, message::help_vm_delete_force{})
        .does(does(remove));
}

} // namespace

void add_vm_commands(Menu menu)
{
    auto noun = menu.noun("vm", message::help_vm{});
    add_list(noun, message::help_vm_list{}, &client::Client::list_vms);
    add_one(noun, "show", message::help_vm_show{}, "NAME", message::help_name_or_id{}, show);
    add_create(noun);
    add_resize(noun);
    add_power_and_end(noun);
}

} // namespace watari::cli
