#include "provisioning/create_vm_steps.hpp"
#include "provisioning/machines.hpp"

namespace watari::provisioning::creating {

using store::Transaction;
using store::VmRecord;

namespace {

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

/// The copy that an interrupted try began goes on without us and holds the image: its end is waited
/// for, as long as it may take.
bool earlier_copy_may_run(StepContext& step, const Error& failure)
{
    const auto began = step.operation().started;
    return step.may_have_sent() && failure.kind() == ErrorKind::conflict && began &&
           step.clock().now() < *began + disk_time_limit;
}

} // namespace

Task<Looked> look_for_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    bool is_there = false;
    const auto found = co_await find_disk(services, step, vm, is_there);
    co_return found && found->size == vm.wanted_disk_bytes ? Looked::done : Looked::not_done;
}

/// What an interrupted copy left is not the disk ordered: it is ours by its name, so it goes first.
Task<> make_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    if (step.may_have_sent()) {
        bool is_there = false;
        co_await find_disk(services, step, vm, is_there);
        if (is_there) {
            co_await delete_disk(services, step);
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

} // namespace watari::provisioning::creating
