// Orders about VMs.
#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "messages/wsman.hpp"
#include "provisioning/orders.hpp"
#include "provisioning/sizes.hpp"
#include "provisioning/wishes.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/network.hpp"
#include "store/records/project.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

using operations::NewOperation;
using store::Lifecycle;
using store::Transaction;
using store::VmRecord;

ByteSize mebibytes(std::int64_t count)
{
    return ByteSize::mib(static_cast<std::uint64_t>(count));
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
                        .memory = mebibytes(vm.wanted_memory_mib),
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

/// Refused before there is an operation: it could only wait.
void require_changes_allowed(Transaction& transaction, const VmRecord& vm)
{
    const auto host = vm.host ? store::find_host_label(transaction, *vm.host) : std::nullopt;
    if (host && host->observe) {
        throw Error{ErrorKind::conflict, message::host_is_observed{.host = host->name}};
    }
}

/// A VM that another operation works on is left alone, and so is one on a host that is observed.
void require_idle(Transaction& transaction, const VmRecord& vm)
{
    const auto busy = store::unfinished_operations_of(transaction, vm.id);
    if (!busy.empty()) {
        throw Error{ErrorKind::conflict,
                    message::vm_busy{.vm = vm.name, .operation = busy.front().id.value().lower()}};
    }
    require_changes_allowed(transaction, vm);
}

VmRecord idle_vm(Transaction& transaction, store::ProjectId project, std::string_view name)
{
    auto vm = get_vm(transaction, project, name);
    if (vm.lifecycle == Lifecycle::deleted) {
        throw Error{ErrorKind::not_found, message::vm_unknown{.vm = std::string{name}}};
    }
    require_idle(transaction, vm);
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
    // Both sizes count until it is known which one stays: an undo takes nobody else's quota.
    const auto from = vm;
    vm.wanted_processors = std::max(vm.wanted_processors, processors);
    vm.wanted_memory_mib = std::max(vm.wanted_memory_mib, memory_mib);
    vm.wanted_disk_bytes = disk;
    store::check_quota(transaction, project,
                       {.processors = vm.wanted_processors - from.wanted_processors,
                        .memory = mebibytes(vm.wanted_memory_mib - from.wanted_memory_mib),
                        .disk = disk - from.wanted_disk_bytes});
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

} // namespace

Task<store::OperationRecord> Orders::create_vm(VmOrder order, Asker asker)
{
    const auto id = fresh_id<store::VmId>();
    const auto hosts = co_await services_.inventory.latest();
    co_return co_await accept(asker, [&](Transaction& transaction) {
        auto vm = ordered_vm(transaction, order, asker.project);
        vm.id = id;
        auto input = input_of(transaction, order);
        const Decision decision{hosts, wish_of(transaction, vm, input)};
        if (!decision.found()) {
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
    const auto hosts = co_await services_.inventory.latest();
    co_await services_.store.read([&](Transaction& transaction) {
        try {
            const auto vm = ordered_vm(transaction, order, asker.project);
            plan.placement =
                Decision{hosts, wish_of(transaction, vm, input_of(transaction, order))};
            const auto chosen = plan.placement.chosen();
            if (!chosen) {
                throw NoPlace{plan.placement};
            }
            plan.host = chosen->host->name;
            const auto label = store::find_host_label(transaction, chosen->host->id);
            plan.ns = label ? label->namespace_used.value_or("") : "";
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

Task<store::OperationRecord> Orders::remove_twins(store::VmId vm)
{
    const Asker asker{.project = {},
                      .actor = "watarid",
                      .request_id = Uuid::random(random_).lower(),
                      .reason = "a second machine with its mark was seen"};
    co_return co_await accept(asker, [&](Transaction& transaction) {
        const auto record = store::get<VmRecord>(transaction, vm);
        require_idle(transaction, record);
        return NewOperation{.kind = "remove_twins",
                            .project = record.project,
                            .vm = record.id,
                            .host = record.host};
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

} // namespace watari::provisioning
