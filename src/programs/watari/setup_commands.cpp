#include "messages/cli.hpp"
#include "messages/cli_help.hpp"
#include "programs/watari/commands.hpp"

#include <memory>

// Storages, images, plans and networks: what must be there before a VM can be ordered.

namespace watari::cli {

namespace {

using client::ExitCode;

Task<ExitCode> add_storage(Session& session, contract::AddStorage body, std::string key)
{
    auto operation = co_await session.client.add_storage(std::move(body), session.key_or_new(key));
    co_return co_await session.follow(std::move(operation));
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

Task<ExitCode> add_network(Session& session, contract::AddNetwork body, std::string key)
{
    auto operation = co_await session.client.add_network(std::move(body), session.key_or_new(key));
    co_return co_await session.follow(std::move(operation));
}

} // namespace

void add_storage_commands(Menu menu)
{
    auto noun = menu.noun("storage", message::help_storage{});
    add_list(noun, message::help_storage_list{}, &client::Client::list_storages);
    const auto body = std::make_shared<contract::AddStorage>();
    const auto key = std::make_shared<std::string>();
    noun.verb("add", message::help_storage_add{})
        .needs("--host", body->host, message::help_storage_host{})
        .needs("--path", body->path, message::help_storage_path{})
        .key(*key)
        .does([body, key](Session& session) { return add_storage(session, *body, *key); });
}

void add_image_commands(Menu menu)
{
    auto noun = menu.noun("image", message::help_image{});
    add_list(noun, message::help_image_list{}, &client::Client::list_images);
    add_one(noun, "show", message::help_image_show{}, "NAME", message::help_name_or_id{},
            show_image);
    const auto order = std::make_shared<ImageOrder>();
    noun.verb("add", message::help_image_add{})
        .needs("NAME", order->name, message::help_image_name{})
        .needs("--replica", order->replicas, message::help_image_replica{})
        .key(order->key)
        .does([order](Session& session) { return add_image(session, *order); });
}

void add_plan_commands(Menu menu)
{
    auto noun = menu.noun("plan", message::help_plan{});
    add_list(noun, message::help_plan_list{}, &client::Client::list_plans);
    const auto order = std::make_shared<PlanOrder>();
    noun.verb("add", message::help_plan_add{})
        .needs("NAME", order->body.name, message::help_plan_name{})
        .needs_number("--processors", order->body.processors, message::help_processors{})
        .needs("--memory", order->memory, message::help_memory{})
        .needs("--disk", order->disk, message::help_disk{})
        .key(order->key)
        .does([order](Session& session) { return add_plan(session, *order); });
}

void add_network_commands(Menu menu)
{
    auto noun = menu.noun("network", message::help_network{});
    add_list(noun, message::help_network_list{}, &client::Client::list_networks);
    const auto body = std::make_shared<contract::AddNetwork>();
    const auto key = std::make_shared<std::string>();
    noun.verb("add", message::help_network_add{})
        .needs("NAME", body->name, message::help_network_name{})
        .needs("--switch", body->switch_, message::help_network_switch{})
        .number("--vlan", body->vlan, message::help_network_vlan{})
        .option("--mac-prefix", body->mac_prefix, message::help_network_mac_prefix{})
        .key(*key)
        .does([body, key](Session& session) { return add_network(session, *body, *key); });
}

} // namespace watari::cli
