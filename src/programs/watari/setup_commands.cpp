#include "messages/cli.hpp"
#include "programs/watari/commands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

// Storages, images, plans and networks: what must be there before a VM can be ordered.

namespace watari::cli {

namespace {

using client::ExitCode;

Task<ExitCode> list_storages(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_storages(limit));
}

Task<ExitCode> add_storage(Session& session, contract::AddStorage body, std::string key)
{
    auto operation = co_await session.client.add_storage(std::move(body), session.key_or_new(key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> list_images(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_images(limit));
}

Task<ExitCode> show_image(Session& session, std::string name)
{
    co_return session.show(co_await session.client.get_image(std::move(name)));
}

struct ImageOrder {
    std::string name;
    std::vector<std::string> replicas; ///< HOST=PATH
    std::string key;
};

Task<ExitCode> add_image(Session& session, ImageOrder order)
{
    contract::AddImage body{.name = order.name};
    for (const auto& replica : order.replicas) {
        const auto equals = replica.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == replica.size()) {
            throw Error{ErrorKind::invalid, message::cli_replica_not_understood{.text = replica}};
        }
        body.replicas.push_back(
            {.host = replica.substr(0, equals), .path = replica.substr(equals + 1)});
    }
    auto operation =
        co_await session.client.add_image(std::move(body), session.key_or_new(order.key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> list_plans(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_plans(limit));
}

struct PlanOrder {
    contract::AddPlan body;
    std::string memory;
    std::string disk;
    std::string key;
};

Task<ExitCode> add_plan(Session& session, PlanOrder order)
{
    order.body.memory_mib = mib_from(order.memory);
    order.body.disk_bytes = bytes_from(order.disk);
    auto operation =
        co_await session.client.add_plan(std::move(order.body), session.key_or_new(order.key));
    co_return co_await session.follow(std::move(operation));
}

Task<ExitCode> list_networks(Session& session, std::size_t limit)
{
    co_return session.show_list(co_await session.client.list_networks(limit));
}

Task<ExitCode> add_network(Session& session, contract::AddNetwork body, std::string key)
{
    auto operation = co_await session.client.add_network(std::move(body), session.key_or_new(key));
    co_return co_await session.follow(std::move(operation));
}

void add_list(CLI::App& noun, const char* description, Action& action,
              Task<ExitCode> (*list)(Session&, std::size_t))
{
    const auto limit = std::make_shared<std::size_t>(100'000);
    auto* verb = add_verb(noun, "list", description);
    add_limit(*verb, *limit);
    verb->callback([&action, limit, list] {
        action = [limit, list](Session& session) { return list(session, *limit); };
    });
}

} // namespace

void add_storage_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "storage", "the folders of hosts where our files lie");
    add_list(noun, "list the storages", action, list_storages);
    const auto body = std::make_shared<contract::AddStorage>();
    const auto key = std::make_shared<std::string>();
    auto* verb = add_verb(noun, "add", "add an existing folder of a host");
    verb->add_option("--host", body->host, "name or id of the host")->required();
    verb->add_option("--path", body->path, "folder on the host, such as D:\\watari")->required();
    add_key(*verb, *key);
    verb->callback([&action, body, key] {
        action = [body, key](Session& session) { return add_storage(session, *body, *key); };
    });
}

void add_image_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "image", "the golden disks");
    add_list(noun, "list the images", action, list_images);
    const auto name = std::make_shared<std::string>();
    auto* show = add_verb(noun, "show", "show an image and its replicas");
    show->add_option("NAME", *name, "name or id")->required();
    show->callback([&action, name] {
        action = [name](Session& session) { return show_image(session, *name); };
    });
    const auto order = std::make_shared<ImageOrder>();
    auto* add = add_verb(noun, "add", "register an image; each replica is read and verified");
    add->add_option("NAME", order->name, "name of the image")->required();
    add->add_option("--replica", order->replicas,
                    "HOST=PATH of the disk file on a host; once per host")
        ->required();
    add_key(*add, order->key);
    add->callback([&action, order] {
        action = [order](Session& session) { return add_image(session, *order); };
    });
}

void add_plan_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "plan", "the sizes a customer can buy");
    add_list(noun, "list the plans", action, list_plans);
    const auto order = std::make_shared<PlanOrder>();
    auto* verb = add_verb(noun, "add", "add a plan");
    verb->add_option("NAME", order->body.name, "name of the plan")->required();
    verb->add_option("--processors", order->body.processors, "virtual processors")->required();
    verb->add_option("--memory", order->memory, "memory, such as 2GiB")->required();
    verb->add_option("--disk", order->disk, "disk, such as 40GiB")->required();
    add_key(*verb, order->key);
    verb->callback([&action, order] {
        action = [order](Session& session) { return add_plan(session, *order); };
    });
}

void add_network_commands(CLI::App& app, Action& action)
{
    auto& noun = *add_noun(app, "network", "the networks VMs can join");
    add_list(noun, "list the networks", action, list_networks);
    const auto body = std::make_shared<contract::AddNetwork>();
    const auto key = std::make_shared<std::string>();
    auto* verb =
        add_verb(noun, "add", "add a network; it is found on each host by its switch's name");
    verb->add_option("NAME", body->name, "name of the network")->required();
    verb->add_option("--switch", body->switch_, "name of the virtual switch on each host")
        ->required();
    verb->add_option("--vlan", body->vlan, "access VLAN (default: untagged)");
    verb->add_option("--mac-prefix", body->mac_prefix,
                     "first three bytes of our addresses, six hex digits (default 02155D)");
    add_key(*verb, *key);
    verb->callback([&action, body, key] {
        action = [body, key](Session& session) { return add_network(session, *body, *key); };
    });
}

} // namespace watari::cli
