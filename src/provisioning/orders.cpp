#include "provisioning/orders.hpp"

#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "provisioning/wishes.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/network.hpp"
#include "store/records/project.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::provisioning {

namespace {

using operations::NewOperation;
using store::Lifecycle;
using store::Transaction;
using store::VmRecord;

constexpr std::int64_t memory_step_mib =
    2; // Hyper-V counts memory in steps of 2 MiB on every generation (generations.json)
constexpr std::uint64_t sector = 512;

void check_sizes(std::int64_t memory_mib, std::uint64_t disk_bytes)
{
    if (memory_mib % memory_step_mib != 0) {
        throw Error{ErrorKind::invalid,
                    message::memory_not_even{.memory_mib = std::to_string(memory_mib)}};
    }
    if (disk_bytes % sector != 0) {
        throw Error{ErrorKind::invalid,
                    message::disk_not_sectors{.disk_bytes = std::to_string(disk_bytes)}};
    }
}

/// A disk from an image is never smaller than it; a differencing one is exactly as large.
void check_image(const store::ImageRecord& image, VmRecord& vm, bool size_given)
{
    if (vm.disk_source == store::DiskSource::differencing) {
        if (size_given && vm.wanted_disk_bytes != image.disk_bytes) {
            throw Error{
                ErrorKind::invalid,
                message::differencing_has_image_size{
                    .image = image.name, .size = std::to_string(image.disk_bytes.in_bytes())}};
        }
        vm.wanted_disk_bytes = image.disk_bytes;
    }
    if (vm.wanted_disk_bytes < image.disk_bytes) {
        throw Error{ErrorKind::invalid,
                    message::disk_smaller_than_image{.disk = vm.wanted_disk_bytes.human(),
                                                     .image = image.name,
                                                     .size = image.disk_bytes.human()}};
    }
}

VmRecord ordered_vm(Transaction& transaction, const VmOrder& order, store::ProjectId project)
{
    const auto plan = get_plan(transaction, order.plan);
    VmRecord vm;
    vm.project = project;
    vm.name = order.name;
    vm.plan = plan.id;
    vm.wanted_processors = order.processors.value_or(plan.processors);
    vm.wanted_memory_mib = order.memory_mib.value_or(plan.memory_mib);
    vm.wanted_disk_bytes = order.disk_bytes
                               ? ByteSize::bytes(static_cast<std::uint64_t>(*order.disk_bytes))
                               : plan.disk_bytes;
    vm.wanted_power = order.start ? store::WantedPower::running : store::WantedPower::off;
    check_sizes(vm.wanted_memory_mib, vm.wanted_disk_bytes.in_bytes());
    if (order.image) {
        const auto image = get_image(transaction, *order.image);
        vm.image = image.id;
        vm.disk_source = order.disk_source.value_or(store::DiskSource::copy);
        check_image(image, vm, order.disk_bytes.has_value());
    } else if (order.disk_source) {
        throw Error{ErrorKind::invalid, message::disk_source_without_image{}};
    }
    if (order.network) {
        const auto network = get_network(transaction, *order.network);
        vm.network = network.id;
        vm.vlan = network.vlan;
    }
    if (store::find_vm_by_name(transaction, project, vm.name)) {
        throw Error{ErrorKind::conflict, message::vm_name_taken{.vm = vm.name}};
    }
    store::check_quota(transaction, project,
                       {.vms = 1,
                        .processors = vm.wanted_processors,
                        .memory = ByteSize::mib(static_cast<std::uint64_t>(vm.wanted_memory_mib)),
                        .disk = vm.wanted_disk_bytes});
    return vm;
}

boost::json::object input_of(Transaction& transaction, const VmOrder& order)
{
    boost::json::object input;
    if (order.disk_format) {
        input["disk_format"] = *order.disk_format;
    }
    if (order.host) {
        input["host"] = get_host(transaction, *order.host).id.value().lower();
    }
    return input;
}

/// A VM that another operation works on is left alone.
VmRecord idle_vm(Transaction& transaction, store::ProjectId project, std::string_view name)
{
    auto vm = get_vm(transaction, project, name);
    if (vm.lifecycle == Lifecycle::deleted) {
        throw Error{ErrorKind::not_found, message::vm_unknown{.vm = std::string{name}}};
    }
    const auto busy = store::unfinished_operations_of(transaction, vm.id);
    if (!busy.empty()) {
        throw Error{ErrorKind::conflict,
                    message::vm_busy{.vm = vm.name, .operation = busy.front().id.value().lower()}};
    }
    return vm;
}

VmRecord ready_vm(Transaction& transaction, store::ProjectId project, std::string_view name)
{
    auto vm = idle_vm(transaction, project, name);
    if (vm.lifecycle != Lifecycle::ready) {
        throw Error{ErrorKind::conflict,
                    message::vm_not_ready{.vm = vm.name,
                                          .lifecycle = std::string{store::name_of(vm.lifecycle)}}};
    }
    return vm;
}

bool may_be_running(const VmRecord& vm)
{
    return vm.observed_power != store::ObservedPower::off &&
           vm.observed_power != store::ObservedPower::unknown;
}

boost::json::object sizes(std::int64_t processors, std::int64_t memory_mib, ByteSize disk)
{
    return {
        {"processors", processors}, {"memory_mib", memory_mib}, {"disk_bytes", disk.in_bytes()}};
}

/// Whether the change can be made while the VM runs; the host's own evidence decides.
bool needs_power_off(Transaction& transaction, const VmRecord& vm, std::int64_t processors,
                     std::int64_t memory_mib, ByteSize disk)
{
    const auto probe =
        fleet::recorded_probe(store::get<store::HostRecord>(transaction, host_of(vm)));
    const auto has = [&](hyperv::Capability capability) {
        return probe && probe->capabilities.has(capability);
    };
    return processors != vm.wanted_processors ||
           (memory_mib != vm.wanted_memory_mib && !has(hyperv::Capability::runtime_memory)) ||
           (disk != vm.wanted_disk_bytes &&
            !(has(hyperv::Capability::grow_online) && vm.generation == 2));
}

NewOperation prepare_resize(Transaction& transaction, const std::string& name,
                            const ResizeOrder& order, store::ProjectId project)
{
    auto vm = ready_vm(transaction, project, name);
    const auto plan = order.plan ? std::optional{get_plan(transaction, *order.plan)} : std::nullopt;
    const auto processors =
        order.processors.value_or(plan ? plan->processors : vm.wanted_processors);
    const auto memory_mib =
        order.memory_mib.value_or(plan ? plan->memory_mib : vm.wanted_memory_mib);
    const auto disk = order.disk_bytes
                          ? ByteSize::bytes(static_cast<std::uint64_t>(*order.disk_bytes))
                      : plan ? plan->disk_bytes
                             : vm.wanted_disk_bytes;
    check_sizes(memory_mib, disk.in_bytes());
    if (disk < vm.wanted_disk_bytes) {
        throw Error{ErrorKind::invalid,
                    message::disk_cannot_shrink{.vm = vm.name,
                                                .now = vm.wanted_disk_bytes.human(),
                                                .wanted = disk.human()}};
    }
    if (disk != vm.wanted_disk_bytes && vm.disk_source == store::DiskSource::differencing &&
        vm.disk_format == "vhd") {
        throw Error{ErrorKind::conflict, message::differencing_vhd_cannot_grow{.vm = vm.name}};
    }
    const bool restart =
        may_be_running(vm) && needs_power_off(transaction, vm, processors, memory_mib, disk);
    if (restart && !order.restart) {
        throw Error{ErrorKind::conflict, message::resize_needs_power_off{.vm = vm.name}};
    }
    boost::json::object input{
        {"from", sizes(vm.wanted_processors, vm.wanted_memory_mib, vm.wanted_disk_bytes)},
        {"to", sizes(processors, memory_mib, disk)},
        {"restart", restart}};
    if (plan) {
        input["plan"] = plan->id.value().lower();
    }
    vm.lifecycle = Lifecycle::resizing;
    store::update(transaction, vm);
    return {.kind = "resize_vm",
            .project = project,
            .vm = vm.id,
            .host = vm.host,
            .input = std::move(input)};
}

NewOperation prepare_delete(Transaction& transaction, const std::string& name, bool force,
                            store::ProjectId project)
{
    auto vm = idle_vm(transaction, project, name);
    if (may_be_running(vm) && !force) {
        throw Error{ErrorKind::conflict, message::delete_needs_force{.vm = vm.name}};
    }
    vm.lifecycle = Lifecycle::deleting;
    store::update(transaction, vm);
    return {.kind = "delete_vm",
            .project = project,
            .vm = vm.id,
            .host = vm.host,
            .input = boost::json::object{{"force", force}}};
}

void check_network(const store::NetworkRecord& network)
{
    if (network.vlan && (*network.vlan < 1 || *network.vlan > 4094)) {
        throw Error{ErrorKind::invalid,
                    message::vlan_out_of_range{.vlan = std::to_string(*network.vlan)}};
    }
    const auto first = network.mac_prefix.size() >= 2
                           ? std::stoul(network.mac_prefix.substr(0, 2), nullptr, 16)
                           : 1UL;
    if ((first & 1U) != 0) {
        throw Error{ErrorKind::invalid,
                    message::mac_prefix_is_multicast{.prefix = network.mac_prefix}};
    }
}

} // namespace

Orders::Orders(Services& services, const store::SecretBox& secrets, operations::Engine& engine,
               Clock& clock, Random& random)
    : services_(services), secrets_(secrets), engine_(engine), clock_(clock), random_(random)
{
}

template <class Id>
Id Orders::fresh_id()
{
    return store::new_id<Id>(std::chrono::system_clock::time_point{clock_.now()}, random_);
}

Task<store::OperationRecord> Orders::accept(Asker asker,
                                            std::function<NewOperation(Transaction&)> prepare)
{
    const auto id = fresh_id<store::OperationId>();
    const auto accepted = co_await services_.store.transact([&](Transaction& transaction) {
        NewOperation operation = prepare(transaction);
        operation.id = id;
        operation.actor = asker.actor;
        operation.reason = asker.reason;
        operation.request_id = asker.request_id;
        const auto vm = operation.vm;
        auto record = engine_.submit(transaction, std::move(operation));
        if (vm) {
            auto row = store::get<VmRecord>(transaction, *vm);
            row.last_operation = record.id;
            store::update(transaction, row);
        }
        if (asker.with) {
            asker.with(transaction, record);
        }
        return record;
    });
    engine_.wake();
    co_return accepted;
}

Task<store::OperationRecord> Orders::create_vm(VmOrder order, Asker asker)
{
    const auto id = fresh_id<store::VmId>();
    co_return co_await accept(asker, [&order, &asker, id](Transaction& transaction) {
        auto vm = ordered_vm(transaction, order, asker.project);
        vm.id = id;
        auto input = input_of(transaction, order);
        const auto decision = place(transaction, wish_of(transaction, vm, input));
        if (decision.chosen() == nullptr) {
            throw NoPlace{decision};
        }
        store::insert(transaction, vm);
        return NewOperation{
            .kind = "create_vm", .project = asker.project, .vm = id, .input = std::move(input)};
    });
}

Task<WorkPlan> Orders::plan_create_vm(VmOrder order, Asker asker)
{
    WorkPlan plan;
    auto workflow = provisioning::create_vm(services_);
    for (const auto& step : workflow.steps) {
        plan.steps.emplace_back(step.id, step.title);
    }
    co_await services_.store.read([&](Transaction& transaction) {
        try {
            const auto vm = ordered_vm(transaction, order, asker.project);
            plan.placement =
                place(transaction, wish_of(transaction, vm, input_of(transaction, order)));
            const auto* chosen = plan.placement.chosen();
            if (chosen == nullptr) {
                throw NoPlace{plan.placement};
            }
            plan.host = chosen->host_name;
            plan.ns = store::get<store::HostRecord>(transaction, chosen->host)
                          .namespace_used.value_or("");
            plan.requests_budget = requests_budget("create_vm", plan.ns, vm.disk_source, 1);
        } catch (const Error& refusal) {
            plan.refusals.push_back(refusal);
        }
    });
    co_return plan;
}

Task<store::OperationRecord> Orders::delete_vm(std::string vm, bool force, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        return prepare_delete(transaction, vm, force, asker.project);
    });
}

Task<store::OperationRecord> Orders::start_vm(std::string vm, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        const auto record = ready_vm(transaction, asker.project, vm);
        return NewOperation{
            .kind = "start_vm", .project = asker.project, .vm = record.id, .host = record.host};
    });
}

Task<store::OperationRecord> Orders::stop_vm(std::string vm, bool force, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        const auto record = ready_vm(transaction, asker.project, vm);
        return NewOperation{.kind = "stop_vm",
                            .project = asker.project,
                            .vm = record.id,
                            .host = record.host,
                            .input = boost::json::object{{"force", force}}};
    });
}

Task<store::OperationRecord> Orders::resize_vm(std::string vm, ResizeOrder order, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        return prepare_resize(transaction, vm, order, asker.project);
    });
}

Task<store::OperationRecord> Orders::enroll_host(HostOrder order, Asker asker)
{
    const auto id = fresh_id<store::HostId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        if (store::find_host_by_name(transaction, order.name)) {
            throw Error{ErrorKind::conflict, message::host_name_taken{.host = order.name}};
        }
        store::insert(transaction,
                      store::HostRecord{.id = id,
                                        .name = order.name,
                                        .address = order.address,
                                        .port = order.port,
                                        .user = order.user,
                                        .namespace_choice = order.ns,
                                        .memory_reserve = ByteSize::mib(
                                            static_cast<std::uint64_t>(order.memory_reserve_mib))});
        store::set_host_password(transaction, secrets_, id, order.password);
        return NewOperation{.kind = "enroll_host", .host = id};
    });
}

Task<store::OperationRecord> Orders::refresh_host(std::string host, Asker asker)
{
    co_return co_await accept(asker, [&](Transaction& transaction) {
        return NewOperation{.kind = "refresh_host", .host = get_host(transaction, host).id};
    });
}

Task<store::OperationRecord> Orders::remove_host(std::string host, Asker asker)
{
    store::HostId removed;
    const auto accepted = co_await accept(asker, [&](Transaction& transaction) {
        const auto record = get_host(transaction, host);
        if (!store::vms_of_host(transaction, record.id).empty()) {
            throw Error{ErrorKind::conflict, message::host_has_vms{.host = record.name}};
        }
        removed = record.id;
        return NewOperation{.kind = "remove_host",
                            .input = boost::json::object{{"host", record.id.value().lower()},
                                                         {"name", record.name}}};
    });
    services_.fleet.forget(removed);
    co_return accepted;
}

Task<store::OperationRecord> Orders::add_storage(std::string host, std::string path, Asker asker)
{
    hyperv::require_local(path);
    while (path.size() > 3 && (path.ends_with('\\') || path.ends_with('/'))) {
        path.pop_back();
    }
    const auto id = fresh_id<store::StorageId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        const auto record = get_host(transaction, host);
        for (const auto& storage : store::storages_of(transaction, record.id)) {
            if (hyperv::same_path(storage.path, path)) {
                throw Error{ErrorKind::conflict,
                            message::storage_known{.path = path, .host = record.name}};
            }
        }
        return NewOperation{
            .kind = "add_storage",
            .host = record.id,
            .input = boost::json::object{{"storage", id.value().lower()}, {"path", path}}};
    });
}

Task<store::OperationRecord> Orders::add_image(std::string name, std::vector<ReplicaOrder> replicas,
                                               Asker asker)
{
    const auto id = fresh_id<store::ImageId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        boost::json::array wanted;
        for (const auto& replica : replicas) {
            hyperv::require_local(replica.path);
            const auto host = get_host(transaction, replica.host);
            wanted.push_back({{"host", host.id.value().lower()},
                              {"host_name", host.name},
                              {"path", replica.path}});
        }
        return NewOperation{.kind = "add_image",
                            .input = boost::json::object{{"image", id.value().lower()},
                                                         {"name", name},
                                                         {"replicas", std::move(wanted)}}};
    });
}

Task<store::OperationRecord> Orders::add_plan(store::PlanRecord plan, Asker asker)
{
    plan.id = fresh_id<store::PlanId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        check_sizes(plan.memory_mib, plan.disk_bytes.in_bytes());
        if (store::find_plan_by_name(transaction, plan.name)) {
            throw Error{ErrorKind::conflict, message::plan_name_taken{.plan = plan.name}};
        }
        store::insert(transaction, plan);
        return NewOperation{.kind = "add_plan",
                            .input = boost::json::object{{"plan", plan.id.value().lower()}}};
    });
}

Task<store::OperationRecord> Orders::add_network(store::NetworkRecord network, Asker asker)
{
    network.id = fresh_id<store::NetworkId>();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        check_network(network);
        if (store::find_network_by_name(transaction, network.name)) {
            throw Error{ErrorKind::conflict, message::network_name_taken{.network = network.name}};
        }
        store::insert(transaction, network);
        return NewOperation{.kind = "add_network",
                            .input = boost::json::object{{"network", network.id.value().lower()}}};
    });
}

Task<store::OperationRecord> Orders::cancel(store::OperationId operation, Asker asker)
{
    const auto record = co_await services_.store.transact([&](Transaction& transaction) {
        return engine_.request_cancel(transaction, operation, asker.actor);
    });
    engine_.wake();
    co_return record;
}

} // namespace watari::provisioning
