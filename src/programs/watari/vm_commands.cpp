#include "programs/watari/commands.hpp"

#include <CLI/CLI.hpp>

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

Task<ExitCode> list(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_vms(limit));
}

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

void add_create(CLI::App& noun, Action& action)
{
    const auto order = std::make_shared<Creation>();
    auto& body = order->body;
    auto* verb = add_verb(noun, "create", "order a VM");
    verb->add_option("NAME", body.name, "name of the VM")->required();
    verb->add_option("--plan", body.plan, "size to order")->required();
    verb->add_option("--image", body.image, "golden disk (default: an empty disk)");
    verb->add_option("--disk-source", body.disk_source,
                     "how the disk comes from the image (default copy)")
        ->check(CLI::IsMember({"copy", "differencing"}));
    verb->add_option("--disk-format", body.disk_format, "disk format (default: the host's best)")
        ->check(CLI::IsMember({"vhd", "vhdx"}));
    verb->add_option("--network", body.network, "network to join");
    verb->add_option("--host", body.host, "only this host (default: placement chooses)");
    verb->add_flag("--no-start", order->no_start, "leave it off");
    verb->add_option("--memory", order->memory, "instead of the plan's, such as 2GiB");
    verb->add_option("--processors", body.processors, "instead of the plan's");
    verb->add_option("--disk", order->disk, "instead of the plan's, such as 40GiB");
    verb->add_flag("--plan-only", order->plan_only, "order nothing; show what would be done");
    verb->add_option("--reason", body.reason, "why, for the record");
    add_key(*verb, order->key);
    verb->callback([&action, order] {
        action = [order](Session& session) { return create(session, *order); };
    });
}

void add_resize(CLI::App& noun, Action& action)
{
    const auto order = std::make_shared<Resize>();
    auto* verb = add_verb(noun, "resize", "change plan, memory, processors or disk");
    verb->add_option("NAME", order->vm, "name or id")->required();
    verb->add_option("--plan", order->body.plan, "the new plan");
    verb->add_option("--memory", order->memory, "such as 4GiB");
    verb->add_option("--processors", order->body.processors, "virtual processors");
    verb->add_option("--disk", order->disk, "such as 80GiB; a disk only grows");
    verb->add_flag("--restart", order->restart,
                   "shut down and start again where the change needs it");
    add_key(*verb, order->key);
    verb->callback([&action, order] {
        action = [order](Session& session) { return resize(session, *order); };
    });
}

struct Verb {
    const char* name;
    const char* description;
    const char* force = nullptr; ///< what --force does
    bool has_key = false;
};

void add_choice(CLI::App& noun, const Verb& how, Action& action,
                Task<ExitCode> (*act)(Session&, Choice))
{
    const auto choice = std::make_shared<Choice>();
    auto* verb = add_verb(noun, how.name, how.description);
    verb->add_option("NAME", choice->vm, "name or id")->required();
    if (how.force != nullptr) {
        verb->add_flag("--force", choice->force, how.force);
    }
    if (how.has_key) {
        add_key(*verb, choice->key);
    }
    verb->callback([&action, choice, act] {
        action = [choice, act](Session& session) { return act(session, *choice); };
    });
}

} // namespace

void add_vm_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "vm", "the VMs");
    const auto limit = std::make_shared<std::size_t>(100'000);
    auto* verb = add_verb(noun, "list", "list the VMs, newest first");
    add_limit(*verb, *limit);
    verb->callback(
        [&action, limit] { action = [limit](Session& session) { return list(session, *limit); }; });
    const auto name = std::make_shared<std::string>();
    auto* one = add_verb(noun, "show", "show a VM");
    one->add_option("NAME", *name, "name or id")->required();
    one->callback(
        [&action, name] { action = [name](Session& session) { return show(session, *name); }; });
    add_create(noun, action);
    add_choice(noun, {.name = "start", .description = "start a VM", .has_key = true}, action,
               start);
    add_choice(noun,
               {.name = "stop",
                .description = "shut the guest down",
                .force = "cut the power",
                .has_key = true},
               action, stop);
    add_resize(noun, action);
    add_choice(noun,
               {.name = "delete",
                .description = "delete a VM and its own files",
                .force = "even if it runs"},
               action, remove);
}

} // namespace watari::cli
