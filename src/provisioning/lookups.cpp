#include "messages/provisioning.hpp"
#include "provisioning/orders.hpp"
#include "store/records/network.hpp"

namespace watari::provisioning {

namespace {

/// By id when the text is one, else by name.
template <class Record, class FindByName>
std::optional<Record> find_either(store::Transaction& transaction, std::string_view id_or_name,
                                  FindByName find_by_name)
{
    if (const auto id = Uuid::parse(id_or_name)) {
        if (auto found = store::find<Record>(transaction, typename Record::Id{*id})) {
            return found;
        }
    }
    return find_by_name(id_or_name);
}

template <class Record>
Record found_or_throw(std::optional<Record> found, Message missing)
{
    if (!found) {
        throw Error{ErrorKind::not_found, std::move(missing)};
    }
    return std::move(*found);
}

} // namespace

store::HostRecord get_host(store::Transaction& transaction, std::string_view id_or_name)
{
    return found_or_throw(
        find_either<store::HostRecord>(
            transaction, id_or_name,
            [&](auto name) { return store::find_host_by_name(transaction, name); }),
        message::host_unknown{.host = std::string{id_or_name}});
}

store::VmRecord get_vm(store::Transaction& transaction, store::ProjectId project,
                       std::string_view id_or_name)
{
    auto found = find_either<store::VmRecord>(transaction, id_or_name, [&](auto name) {
        return store::find_vm_by_name(transaction, project, name);
    });
    if (found && found->project != project) {
        found.reset();
    }
    return found_or_throw(std::move(found), message::vm_unknown{.vm = std::string{id_or_name}});
}

store::PlanRecord get_plan(store::Transaction& transaction, std::string_view id_or_name)
{
    return found_or_throw(
        find_either<store::PlanRecord>(
            transaction, id_or_name,
            [&](auto name) { return store::find_plan_by_name(transaction, name); }),
        message::plan_unknown{.plan = std::string{id_or_name}});
}

store::ImageRecord get_image(store::Transaction& transaction, std::string_view id_or_name)
{
    return found_or_throw(
        find_either<store::ImageRecord>(
            transaction, id_or_name,
            [&](auto name) { return store::find_image_by_name(transaction, name); }),
        message::image_unknown{.image = std::string{id_or_name}});
}

store::NetworkRecord get_network(store::Transaction& transaction, std::string_view id_or_name)
{
    return found_or_throw(
        find_either<store::NetworkRecord>(
            transaction, id_or_name,
            [&](auto name) { return store::find_network_by_name(transaction, name); }),
        message::network_unknown{.network = std::string{id_or_name}});
}

} // namespace watari::provisioning
