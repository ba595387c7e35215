#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "provisioning/placement.hpp"
#include "provisioning/wishes.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/event.hpp"
#include "store/records/network.hpp"
#include "store/records/reservation.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <set>

namespace watari::provisioning {

namespace {

using operations::Looked;
using operations::StepContext;
using store::Transaction;
using store::VmRecord;

VmRecord ordered_vm(Transaction& transaction, const StepContext& step)
{
    return store::get<VmRecord>(transaction, step.operation().vm.value());
}

// place: a host, a storage, a path and an address are chosen and reserved before anything exists.

/// 00155D…00 to …FF of every host is given to VMs nobody addressed; ours must lie outside.
bool in_a_dynamic_range(const std::vector<store::HostRecord>& hosts, const std::string& mac)
{
    return std::ranges::any_of(hosts, [&](const auto& host) {
        const auto facts = fleet::recorded_facts(host);
        return !facts.mac_minimum.empty() && mac >= facts.mac_minimum && mac <= facts.mac_maximum;
    });
}

void take_address(Transaction& transaction, StepContext& step, VmRecord& vm,
                  const std::set<std::string>& seen)
{
    if (!vm.network) {
        return;
    }
    const auto hosts = store::list<store::HostRecord>(transaction);
    const auto taken = [&](const std::string& mac) {
        return seen.contains(mac) || in_a_dynamic_range(hosts, mac);
    };
    const store::AddressId id{
        Uuid::ordered(std::chrono::system_clock::time_point{step.clock().now()}, step.random())};
    vm.mac = store::allocate_address(transaction, id, *vm.network, vm.id, taken).mac;
}

void commit_place(Services& services, Transaction& transaction, StepContext& step)
{
    auto vm = ordered_vm(transaction, step);
    const Wish wish = wish_of(transaction, vm, step.input());
    const Decision decision = place(transaction, wish);
    note(step, "placement", to_json(decision));
    const auto* chosen = decision.chosen();
    if (chosen == nullptr) {
        throw NoPlace{decision};
    }
    const store::ReservationId reservation{
        Uuid::ordered(std::chrono::system_clock::time_point{step.clock().now()}, step.random())};
    reserve_place(transaction, reservation, vm.id, *chosen, wish);
    vm.host = chosen->host;
    vm.storage = chosen->storage;
    vm.disk_format = chosen->disk_format;
    vm.disk_path =
        chosen->storage_path + "\\" + vm.id.value().lower() + "-0." + chosen->disk_format;
    take_address(transaction, step, vm, services.fleet.macs_seen());
    store::update(transaction, vm);
    note(step, "host", boost::json::value(chosen->host_name));
    note(step, "switch",
         boost::json::value(chosen->binding ? chosen->binding->switch_id : std::string{}));
    note(step, "image_path",
         boost::json::value(chosen->replica ? chosen->replica->path : std::string{}));
    step.set_host(chosen->host);
}

void release_place(Transaction& transaction, StepContext& step)
{
    auto vm = ordered_vm(transaction, step);
    if (vm.host) {
        store::release(transaction, vm.id, *vm.host);
    }
    for (const auto& address : store::addresses_of(transaction, vm.id)) {
        store::remove<store::AddressRecord>(transaction, address.id);
    }
}

// disk: the file.

hyperv::NewDisk disk_of(const VmRecord& vm, const StepContext& step)
{
    hyperv::NewDisk disk;
    disk.path = vm.disk_path.value();
    disk.format = hyperv::disk_format_from(vm.disk_format.value()).value();
    disk.size = vm.wanted_disk_bytes;
    const auto image = text_in(step.result_of("place"), "image_path").value_or("");
    switch (vm.disk_source) {
    case store::DiskSource::empty:
        break;
    case store::DiskSource::copy:
        disk.copy_of = image;
        break;
    case store::DiskSource::differencing:
        disk.kind = hyperv::DiskKind::differencing;
        disk.parent = image;
        break;
    }
    return disk;
}

Task<> remove_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (!vm.host || !vm.disk_path) {
        co_return;
    }
    const auto path = *vm.disk_path;
    const hyperv::VmId id{vm.id.value()};
    co_await on_host<void>(services, step, *vm.host,
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.delete_disk(path, id, std::move(call));
                           });
}

/// nullopt: no file, or one no reader understands (then `is_there` says so).
Task<std::optional<hyperv::DiskFacts>> find_disk(Services& services, StepContext& step,
                                                 const VmRecord& vm, bool& is_there)
{
    const auto path = vm.disk_path.value();
    std::optional<hyperv::DiskFacts> found;
    try {
        found = co_await on_host<std::optional<hyperv::DiskFacts>>(
            services, step, host_of(vm), [&path](hyperv::Driver& driver, hyperv::CallContext call) {
                return driver.find_disk(path, std::move(call));
            });
        is_there = found.has_value();
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::invalid) {
            throw;
        }
        is_there = true;
    }
    co_return found;
}

Task<Looked> look_for_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    bool is_there = false;
    const auto found = co_await find_disk(services, step, vm, is_there);
    co_return found && found->size == vm.wanted_disk_bytes ? Looked::done : Looked::not_done;
}

constexpr std::chrono::hours disk_time_limit{2};

/// The copy that an interrupted try began goes on without us and holds the image: its end is waited
/// for, as long as it may take.
bool earlier_copy_may_run(StepContext& step, const Error& failure)
{
    const auto began = step.operation().started;
    return step.may_have_sent() && failure.kind() == ErrorKind::conflict && began &&
           step.clock().now() < *began + disk_time_limit;
}

/// What an interrupted copy left is not the disk ordered: it is ours by its name, so it goes first.
Task<> make_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (step.may_have_sent()) {
        bool is_there = false;
        co_await find_disk(services, step, vm, is_there);
        if (is_there) {
            co_await remove_disk(services, step);
        }
    }
    const auto disk = disk_of(vm, step);
    std::optional<Error> failure;
    try {
        co_await on_host<hyperv::DiskFacts>(
            services, step, host_of(vm), [&disk](hyperv::Driver& driver, hyperv::CallContext call) {
                return driver.create_disk(disk, std::move(call));
            });
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        throw earlier_copy_may_run(step, *failure) ? failure->with_kind(ErrorKind::unavailable)
                                                   : std::move(*failure);
    }
}

// define: the machine, marked from its first moment.

hyperv::VmSpec spec_of(const Services& services, const VmRecord& vm)
{
    hyperv::VmSpec spec;
    spec.mark = mark_of(services, vm.id);
    spec.name = vm.name;
    spec.folder = folder_of_vm(vm);
    spec.vm_generation = static_cast<unsigned>(vm.generation);
    spec.processors = static_cast<unsigned>(vm.wanted_processors);
    spec.memory = ByteSize::mib(static_cast<std::uint64_t>(vm.wanted_memory_mib));
    return spec;
}

Task<std::vector<hyperv::VmSummary>> marked_vms(Services& services, StepContext& step,
                                                const VmRecord& vm)
{
    const auto mark = mark_of(services, vm.id);
    co_return co_await on_host<std::vector<hyperv::VmSummary>>(
        services, step, host_of(vm), [&mark](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_by_mark(mark, std::move(call));
        });
}

Task<> remove_machine(Services& services, StepContext& step, const VmRecord& vm,
                      hyperv::HostVmId guid)
{
    const hyperv::VmRef machine{
        .guid = guid, .mark = mark_of(services, vm.id), .folder = folder_of_vm(vm)};
    co_await on_host<void>(services, step, host_of(vm),
                           [&machine](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.delete_vm(machine, true, std::move(call));
                           });
}

Task<std::optional<hyperv::Vm>> find_machine(Services& services, StepContext& step,
                                             const VmRecord& vm, hyperv::HostVmId guid)
{
    co_return co_await on_host<std::optional<hyperv::Vm>>(
        services, step, host_of(vm), [guid](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.find_vm(guid, std::move(call));
        });
}

/// Done is one machine with our mark and everything define gives it.
Task<Looked> look_for_machine(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto marked = co_await marked_vms(services, step, vm);
    if (marked.size() != 1 || marked.front().mark != mark_of(services, vm.id)) {
        co_return Looked::not_done;
    }
    const auto found = co_await find_machine(services, step, vm, marked.front().guid);
    const bool complete =
        found && found->summary.name == vm.name &&
        found->summary.processors == vm.wanted_processors &&
        found->memory == ByteSize::mib(static_cast<std::uint64_t>(vm.wanted_memory_mib));
    if (complete) {
        note(step, "guid", boost::json::value(found->summary.guid.value().lower()));
    }
    co_return complete ? Looked::done : Looked::not_done;
}

/// What an interrupted try left. A lost request that ran late can have made a twin: it was never
/// started and nothing of it is recorded, so it goes.
Task<std::optional<hyperv::HostVmId>> earlier_machine(Services& services, StepContext& step,
                                                      const VmRecord& vm)
{
    if (!step.may_have_sent()) {
        co_return std::nullopt;
    }
    auto found = co_await marked_vms(services, step, vm);
    std::ranges::sort(found, {}, &hyperv::VmSummary::guid);
    for (std::size_t i = 1; i < found.size(); ++i) {
        co_await remove_machine(services, step, vm, found[i].guid);
    }
    co_return found.empty() ? std::nullopt : std::optional{found.front().guid};
}

std::optional<hyperv::HostVmId> machine_in(const boost::json::value& result)
{
    const auto text = text_in(result, "guid");
    const auto guid = text ? Uuid::parse(*text) : std::nullopt;
    return guid ? std::optional{hyperv::HostVmId{*guid}} : std::nullopt;
}

Task<> define_machine(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto spec = spec_of(services, vm);
    const auto earlier = co_await earlier_machine(services, step, vm);
    const auto guid = co_await on_host<hyperv::HostVmId>(
        services, step, host_of(vm), [&](hyperv::Driver& driver, hyperv::CallContext call) {
            return driver.define_vm(spec, earlier, std::move(call));
        });
    note(step, "guid", boost::json::value(guid.value().lower()));
}

void commit_machine(Transaction& transaction, StepContext& step)
{
    auto vm = ordered_vm(transaction, step);
    vm.host_guid = machine_in(step.result()).value().value();
    store::update(transaction, vm);
}

Task<> undefine_machine(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    for (const auto& machine : co_await marked_vms(services, step, vm)) {
        co_await remove_machine(services, step, vm, machine.guid);
    }
}

void forget_machine(Transaction& transaction, StepContext& step)
{
    auto vm = ordered_vm(transaction, step);
    vm.host_guid = std::nullopt;
    store::update(transaction, vm);
}

// devices: the disk and the NIC.

Task<> add_devices(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    std::vector<hyperv::DiskAttachment> disks;
    disks.push_back({.path = vm.disk_path.value(), .slot = {}});
    if (vm.generation == 2) {
        disks.back().slot.controller = hyperv::ControllerType::scsi;
    }
    std::vector<hyperv::NicAttachment> nics;
    if (vm.mac) {
        hyperv::NicAttachment nic;
        nic.channel =
            vm.id.value(); // stays when the VM is re-created elsewhere: the guest keeps its adapter
        nic.mac = hyperv::MacAddress{*vm.mac};
        nic.switch_id = text_in(step.result_of("place"), "switch").value_or("");
        nic.vlan = vm.vlan ? std::optional{static_cast<unsigned>(*vm.vlan)} : std::nullopt;
        nics.push_back(std::move(nic));
    }
    const auto machine = reference(services, vm);
    co_await on_host<void>(services, step, host_of(vm),
                           [&](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.add_devices(machine, disks, nics, std::move(call));
                           });
}

Task<Looked> look_for_devices(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto found = co_await find_machine(services, step, vm, reference(services, vm).guid);
    const bool has_disk = found && std::ranges::any_of(found->disks, [&](const auto& disk) {
                              return hyperv::same_path(disk.path, *vm.disk_path);
                          });
    const bool has_nic =
        !vm.mac ||
        (found && std::ranges::any_of(found->nics, [&](const auto& nic) {
             return nic.mac.digits == *vm.mac &&
                    (!vm.vlan || nic.vlan == static_cast<unsigned>(*vm.vlan)) &&
                    hyperv::same_path(nic.switch_id,
                                      text_in(step.result_of("place"), "switch").value_or(""));
         }));
    co_return has_disk&& has_nic ? Looked::done : Looked::not_done;
}

// start

Task<> start(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (vm.wanted_power != store::WantedPower::running) {
        co_return;
    }
    const auto machine = reference(services, vm);
    co_await on_host<void>(services, step, host_of(vm),
                           [&machine](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.start(machine, std::move(call));
                           });
}

Task<Looked> look_for_running(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto found = co_await find_machine(services, step, vm, reference(services, vm).guid);
    co_return found && found->summary.state == hyperv::PowerState::running ? Looked::done
                                                                           : Looked::not_done;
}

Task<> turn_off(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (!vm.host_guid) {
        co_return;
    }
    const auto machine = reference(services, vm);
    co_await on_host<void>(services, step, host_of(vm),
                           [&machine](hyperv::Driver& driver, hyperv::CallContext call) {
                               return driver.turn_off(machine, std::move(call));
                           });
}

void commit_ready(Transaction& transaction, StepContext& step)
{
    auto vm = ordered_vm(transaction, step);
    vm.lifecycle = store::Lifecycle::ready;
    vm.observed_power = vm.wanted_power == store::WantedPower::running
                            ? store::ObservedPower::running
                            : store::ObservedPower::off;
    vm.observed_processors = vm.wanted_processors;
    vm.observed_memory_mib = vm.wanted_memory_mib;
    vm.observed_disk_bytes = vm.wanted_disk_bytes;
    vm.observed_at = transaction.now();
    store::update(transaction, vm);
    store::append(transaction, store::EventRecord{.kind = "vm.created",
                                                  .project = vm.project,
                                                  .subject_kind = "vm",
                                                  .subject = vm.id.value(),
                                                  .operation = step.operation().id});
}

/// An order that was undone leaves nothing but its own record.
void commit_end(Transaction& transaction, const store::OperationRecord& operation)
{
    auto vm = store::get<VmRecord>(transaction, operation.vm.value());
    if (operation.state != store::OperationState::succeeded) {
        vm.lifecycle = store::Lifecycle::deleted;
        vm.deleted = transaction.now();
        store::update(transaction, vm);
    }
}

} // namespace

operations::Workflow create_vm(Services& services)
{
    Services* s = &services;
    return {
        .name = "create_vm",
        .version = 1,
        .steps =
            {
                {.id = "place",
                 .title = message::step_place{},
                 .commit = [s](Transaction& transaction,
                               StepContext& step) { commit_place(*s, transaction, step); },
                 .uncommit = release_place,
                 .retry_exhausted = false},
                {.id = "disk",
                 .title = message::step_make_disk{},
                 .look = [s](StepContext& step) { return look_for_disk(*s, step); },
                 .act = [s](StepContext& step) { return make_disk(*s, step); },
                 .undo = [s](StepContext& step) { return remove_disk(*s, step); },
                 .time_limit = disk_time_limit},
                {.id = "define",
                 .title = message::step_define{},
                 .look = [s](StepContext& step) { return look_for_machine(*s, step); },
                 .act = [s](StepContext& step) { return define_machine(*s, step); },
                 .undo = [s](StepContext& step) { return undefine_machine(*s, step); },
                 .commit = commit_machine,
                 .uncommit = forget_machine},
                {.id = "devices",
                 .title = message::step_add_devices{},
                 .look = [s](StepContext& step) { return look_for_devices(*s, step); },
                 .act = [s](StepContext& step) { return add_devices(*s, step); }},
                {.id = "start",
                 .title = message::step_start{},
                 .look = [s](StepContext& step) { return look_for_running(*s, step); },
                 .act = [s](StepContext& step) { return start(*s, step); },
                 .undo = [s](StepContext& step) { return turn_off(*s, step); },
                 .commit = commit_ready,
                 .time_limit = std::chrono::minutes{10}},
            },
        .ended = commit_end,
    };
}

} // namespace watari::provisioning
