#include "messages/provisioning.hpp"
#include "provisioning/machines.hpp"
#include "provisioning/placement.hpp"
#include "provisioning/workflows.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

using operations::StepContext;
using store::Transaction;
using store::VmRecord;

/// The sizes before and after, as the operation's input has them: "from" and "to" with processors,
/// memory_mib, disk_bytes.
struct Sizes {
    std::int64_t processors = 0;
    std::int64_t memory_mib = 0;
    ByteSize disk;
};

Sizes sizes_in(const boost::json::value& input, std::string_view which)
{
    const auto& json = input.as_object().at(which);
    return {.processors = number_in(json, "processors").value(),
            .memory_mib = number_in(json, "memory_mib").value(),
            .disk =
                ByteSize::bytes(static_cast<std::uint64_t>(number_in(json, "disk_bytes").value()))};
}

void set_wanted(VmRecord& vm, const Sizes& sizes)
{
    vm.wanted_processors = sizes.processors;
    vm.wanted_memory_mib = sizes.memory_mib;
    vm.wanted_disk_bytes = sizes.disk;
}

enum class Room { judged, there };

/// `there`: what an undo goes back to, or what was made already, is never refused.
void reserve_sizes(Transaction& transaction, const VmRecord& vm, const Sizes& sizes, Room room)
{
    auto reservation = store::find_reservation(transaction, vm.id, vm.host.value());
    if (!reservation) {
        throw Error{ErrorKind::conflict, message::vm_not_placed{.vm = vm.name}};
    }
    reservation->memory = ByteSize::mib(static_cast<std::uint64_t>(sizes.memory_mib));
    reservation->storage_bytes = storage_needed(sizes.disk, reservation->memory);
    reservation->processors = sizes.processors;
    store::reserve(transaction, *reservation,
                   room == Room::judged
                       ? limits_of(*read_host_view(transaction, *vm.host), vm.storage.value())
                       : store::CapacityLimits{});
}

/// Both sizes are held until the end: what may be undone must still find its room.
void commit_reserve(Transaction& transaction, StepContext& step)
{
    const auto vm = vm_of(transaction, step);
    auto both = sizes_in(step.input(), "from");
    const auto to = sizes_in(step.input(), "to");
    both.processors = std::max(both.processors, to.processors);
    both.memory_mib = std::max(both.memory_mib, to.memory_mib);
    both.disk = std::max(both.disk, to.disk);
    reserve_sizes(transaction, vm, both, Room::judged);
}

void uncommit_reserve(Transaction& transaction, StepContext& step)
{
    const auto vm = vm_of(transaction, step);
    auto sizes = sizes_in(step.input(), "from");
    sizes.disk = std::max(
        sizes.disk, vm.observed_disk_bytes.value_or(sizes.disk)); // a disk that grew stays grown
    reserve_sizes(transaction, vm, sizes, Room::there);
}

bool restarts(const StepContext& step)
{
    return flag_in(step.input(), "restart");
}

Task<> shut_down(Services& services, StepContext& step)
{
    if (restarts(step)) {
        co_await shut_down_machine(services, step);
    }
}

Task<> start_again(Services& services, StepContext& step)
{
    if (restarts(step)) {
        co_await start_machine(services, step);
    }
}

/// The guest is asked, because it may run for long when this is undone; one that cannot be asked is
/// still starting.
Task<> stop_again(Services& services, StepContext& step)
{
    if (!restarts(step)) {
        co_return;
    }
    bool takes_it = true;
    try {
        co_await shut_down_machine(services, step);
    } catch (const Error& error) {
        if (!is_guest_not_ready(error)) {
            throw;
        }
        takes_it = false;
    }
    if (!takes_it) {
        co_await turn_off_machine(services, step);
    }
}

Task<> set_resources(Services& services, StepContext& step, std::string_view from,
                     std::string_view to)
{
    const auto before = sizes_in(step.input(), from);
    const auto after = sizes_in(step.input(), to);
    const auto memory =
        before.memory_mib == after.memory_mib
            ? std::nullopt
            : std::optional{ByteSize::mib(static_cast<std::uint64_t>(after.memory_mib))};
    const auto processors = before.processors == after.processors
                                ? std::nullopt
                                : std::optional{static_cast<unsigned>(after.processors)};
    if (!memory && !processors) {
        co_return;
    }
    co_await on_machine(
        services, step,
        [&](hyperv::Driver& driver, hyperv::VmRef machine, hyperv::CallContext call) {
            return driver.set_resources(std::move(machine), memory, processors, std::move(call));
        });
}

Task<> grow_disk(Services& services, StepContext& step)
{
    const auto to = sizes_in(step.input(), "to");
    if (to.disk == sizes_in(step.input(), "from").disk) {
        co_return;
    }
    const auto vm = co_await vm_of(step);
    const hyperv::GrowDisk disk{.path = vm.disk_path.value(),
                                .size = to.disk,
                                .recorded = vm.disk_source == store::DiskSource::differencing
                                                ? std::nullopt
                                                : vm.observed_disk_bytes};
    co_await on_host<hyperv::DiskFacts>(services, step, host_of(vm),
                                        [&](hyperv::Driver& driver, hyperv::CallContext call) {
                                            return driver.grow_disk(disk, std::move(call));
                                        });
}

void commit_grown(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    vm.observed_disk_bytes = sizes_in(step.input(), "to").disk;
    vm.wanted_disk_bytes = *vm.observed_disk_bytes;
    store::update(transaction, vm);
}

/// A disk cannot shrink: what a failed try left grown is recorded as it is.
Task<> see_disk(Services& services, StepContext& step)
{
    if (sizes_in(step.input(), "to").disk == sizes_in(step.input(), "from").disk) {
        co_return;
    }
    const auto vm = co_await vm_of(step);
    const auto path = vm.disk_path.value();
    const auto found = co_await on_host<std::optional<hyperv::DiskFacts>>(
        services, step, host_of(vm), [&path](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_disk(path, std::move(call));
        });
    if (found) {
        note(step, "disk_bytes", boost::json::value(found->size.in_bytes()));
    }
}

void record_disk(Transaction& transaction, StepContext& step)
{
    if (const auto seen = number_in(step.result(), "disk_bytes")) {
        auto vm = vm_of(transaction, step);
        vm.observed_disk_bytes = ByteSize::bytes(static_cast<std::uint64_t>(*seen));
        vm.wanted_disk_bytes = *vm.observed_disk_bytes;
        store::update(transaction, vm);
    }
}

void commit_resized(Transaction& transaction, StepContext& step)
{
    auto vm = vm_of(transaction, step);
    const auto to = sizes_in(step.input(), "to");
    set_wanted(vm, to);
    vm.observed_processors = to.processors;
    vm.observed_memory_mib = to.memory_mib;
    if (const auto plan = text_in(step.input(), "plan")) {
        vm.plan = store::PlanId{Uuid::parse(*plan).value()};
    }
    reserve_sizes(transaction, vm, to, Room::there);
    store::update(transaction, vm);
    append_vm_event(transaction, vm, "vm.resized", step.operation().id);
}

void commit_end(Transaction& transaction, const store::OperationRecord& operation)
{
    auto vm = store::get<VmRecord>(transaction, operation.vm.value());
    if (vm.lifecycle == store::Lifecycle::resizing) {
        vm.lifecycle = store::Lifecycle::ready;
        if (operation.state != store::OperationState::succeeded) {
            auto sizes = sizes_in(operation.input, "from");
            sizes.disk = std::max(
                sizes.disk, vm.observed_disk_bytes.value_or(sizes.disk)); // what grew stays grown
            set_wanted(vm, sizes);
        }
        store::update(transaction, vm);
    }
}

} // namespace

operations::Workflow resize_vm(Services& services)
{
    Services* s = &services;
    return {
        .name = "resize_vm",
        .version = 1,
        .steps =
            {
                {.id = "reserve",
                 .title = message::step_reserve{},
                 .commit = commit_reserve,
                 .uncommit = uncommit_reserve,
                 .retry_exhausted = false},
                {.id = "shut_down",
                 .title = message::step_shut_down{},
                 .act = [s](StepContext& step) { return shut_down(*s, step); },
                 .undo = [s](StepContext& step) { return if_there(start_again(*s, step)); },
                 .time_limit = std::chrono::minutes{10},
                 .waits_for = is_guest_not_ready},
                {.id = "disk",
                 .title = message::step_grow_disk{},
                 .act = [s](StepContext& step) { return grow_disk(*s, step); },
                 .undo = [s](StepContext& step) { return see_disk(*s, step); },
                 .commit = commit_grown,
                 .uncommit = record_disk,
                 .time_limit = std::chrono::minutes{30}},
                {.id = "resources",
                 .title = message::step_set_resources{},
                 .act = [s](StepContext& step) { return set_resources(*s, step, "from", "to"); },
                 .undo =
                     [s](StepContext& step) {
                         return if_there(set_resources(*s, step, "to", "from"));
                     }},
                {.id = "start",
                 .title = message::step_start{},
                 .act = [s](StepContext& step) { return start_again(*s, step); },
                 .undo = [s](StepContext& step) { return if_there(stop_again(*s, step)); },
                 .commit = commit_resized,
                 .time_limit = std::chrono::minutes{10}},
            },
        .ended = commit_end,
    };
}

} // namespace watari::provisioning
