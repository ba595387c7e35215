#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/image.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;

/// The host's volume the path is on; the facts are fresh.
hyperv::HostVolume volume_of(const store::HostRecord& host, const std::string& path)
{
    const auto facts = fleet::recorded_facts(host);
    const auto volume = std::ranges::find_if(facts.volumes, [&](const auto& candidate) {
        return hyperv::same_path(candidate.drive, hyperv::drive_of(path));
    });
    if (volume == facts.volumes.end()) {
        throw Error{ErrorKind::not_found,
                    message::volume_not_there{.drive = std::string{hyperv::drive_of(path)},
                                              .host = host.name}};
    }
    return *volume;
}

/// A folder that is not there is refused here: later every disk would be.
Task<> see_folder(Services& services, StepContext& step)
{
    const auto host = step.operation().host.value();
    co_await services.fleet.refresh(host, step.deadline(), call_context(services, step).on_request);
    const auto path = text_in(step.input(), "path").value();
    const auto record = co_await services.store.read([host](Transaction& transaction) {
        return store::get<store::HostRecord>(transaction, host);
    });
    volume_of(record, path);
    const auto found = co_await on_host<std::optional<hyperv::HostPath>>(
        services, step, host, [&path](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_folder(path, std::move(call));
        });
    if (!found) {
        throw Error{ErrorKind::not_found,
                    message::folder_not_there{.path = path, .host = record.name}};
    }
}

void commit_storage(Transaction& transaction, StepContext& step)
{
    const auto host = store::get<store::HostRecord>(transaction, step.operation().host.value());
    const store::StorageId id{Uuid::parse(text_in(step.input(), "storage").value()).value()};
    const auto path = text_in(step.input(), "path").value();
    const auto volume = volume_of(host, path);
    if (store::find<store::StorageRecord>(transaction, id)) {
        return;
    }
    store::insert(transaction, store::StorageRecord{.id = id,
                                                    .host = host.id,
                                                    .name = path,
                                                    .path = path,
                                                    .volume_size = volume.size,
                                                    .volume_free = volume.free});
}

/// Reads every replica named in the input; all must be the same size and format.
Task<> verify_replicas(Services& services, StepContext& step)
{
    boost::json::array verified;
    std::optional<hyperv::DiskFacts> first;
    for (const auto& replica : step.input().as_object().at("replicas").as_array()) {
        const store::HostId host{Uuid::parse(text_in(replica, "host").value()).value()};
        const auto path = text_in(replica, "path").value();
        const auto found = co_await on_host<std::optional<hyperv::DiskFacts>>(
            services, step, host, [&path](hyperv::Driver& driver, hyperv::CallContext call) {
                return driver.find_disk(path, std::move(call));
            });
        if (!found) {
            throw Error{ErrorKind::not_found,
                        message::image_not_there{
                            .path = path, .host = text_in(replica, "host_name").value_or("")}};
        }
        if (found->kind == hyperv::DiskKind::differencing) {
            throw Error{ErrorKind::invalid, message::image_is_differencing{.path = path}};
        }
        if (first && (first->size != found->size || first->format != found->format)) {
            throw Error{ErrorKind::invalid,
                        message::image_replicas_differ{.path = path, .other = first->path}};
        }
        first = first ? first : found;
        verified.push_back({{"host", host.value().lower()},
                            {"path", path},
                            {"file_bytes", found->file_size.in_bytes()}});
    }
    note(step, "format", boost::json::value(to_string(first.value().format)));
    note(step, "disk_bytes", boost::json::value(first.value().size.in_bytes()));
    note(step, "replicas", std::move(verified));
}

void commit_image(Transaction& transaction, StepContext& step)
{
    const store::ImageId id{Uuid::parse(text_in(step.input(), "image").value()).value()};
    if (store::find<store::ImageRecord>(transaction, id)) {
        return;
    }
    const auto& result = step.result();
    const auto name = text_in(step.input(), "name").value();
    const auto older = store::find_image_by_name(transaction, name);
    store::insert(transaction,
                  store::ImageRecord{.id = id,
                                     .name = name,
                                     .revision = older ? older->revision + 1 : 1,
                                     .format = text_in(result, "format").value(),
                                     .disk_bytes = ByteSize::bytes(static_cast<std::uint64_t>(
                                         number_in(result, "disk_bytes").value()))});
    for (const auto& replica : result.as_object().at("replicas").as_array()) {
        const auto replica_id = store::new_id<store::ReplicaId>(
            std::chrono::system_clock::time_point{transaction.now()}, step.random());
        store::insert(
            transaction,
            store::ImageReplicaRecord{
                .id = replica_id,
                .image = id,
                .host = store::HostId{Uuid::parse(text_in(replica, "host").value()).value()},
                .path = text_in(replica, "path").value(),
                .file_bytes = ByteSize::bytes(
                    static_cast<std::uint64_t>(number_in(replica, "file_bytes").value())),
                .verified = transaction.now()});
    }
}

} // namespace

operations::Workflow add_storage(Services& services)
{
    Services* s = &services;
    return {.name = "add_storage",
            .version = 1,
            .steps = {{.id = "storage",
                       .title = message::step_add_storage{},
                       .act = [s](StepContext& step) { return see_folder(*s, step); },
                       .commit = commit_storage}}};
}

operations::Workflow add_image(Services& services)
{
    Services* s = &services;
    return {.name = "add_image",
            .version = 1,
            .steps = {{.id = "verify",
                       .title = message::step_verify_image{},
                       .act = [s](StepContext& step) { return verify_replicas(*s, step); },
                       .commit = commit_image}}};
}

std::vector<operations::Workflow> all_workflows(Services& services)
{
    return {create_vm(services),     delete_vm(services),    resize_vm(services),
            start_vm(services),      stop_vm(services),      remove_twins(services),
            enroll_host(services),   update_host(services),  observe_host(services),
            allow_changes(services), refresh_host(services), remove_host(services),
            add_storage(services),   add_image(services),    add_network(services),
            add_plan(services)};
}

} // namespace watari::provisioning
