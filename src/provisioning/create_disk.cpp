#include "messages/hyperv.hpp"
#include "messages/provisioning.hpp"
#include "provisioning/create_vm_steps.hpp"
#include "provisioning/machines.hpp"
#include "store/records/image.hpp"

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

/// The size of the image that the disk is a copy of; nullopt: it is none.
Task<std::optional<ByteSize>> size_of_source(StepContext& step, const VmRecord& vm)
{
    if (vm.disk_source != store::DiskSource::copy || !vm.image) {
        co_return std::nullopt;
    }
    co_return co_await step.store().read([id = *vm.image](Transaction& transaction) {
        return std::optional{store::get<store::ImageRecord>(transaction, id).disk_bytes};
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

/// The copy that an interrupted try began goes on without us and holds the image: its end is waited
/// for, as long as it may take.
bool earlier_copy_may_run(StepContext& step, const Error& failure)
{
    const auto began = step.operation().started;
    return step.may_have_sent() && failure.kind() == ErrorKind::conflict && began &&
           step.clock().now() < *began + disk_time_limit;
}

/// One copy of an image at a time on a host: parallel copies from one source collide
/// (call-sequences.md). Nobody's turn: no image is copied.
std::optional<Semaphore::Permit> turn_to_copy(Services& services, const VmRecord& vm,
                                              const hyperv::HostPath& image)
{
    if (image.empty()) {
        return std::nullopt;
    }
    auto turn = services.copies.try_emplace({host_of(vm), image}, 1).first->second.try_acquire();
    if (!turn) {
        throw Error{ErrorKind::conflict, message::image_in_use{.path = image}};
    }
    return turn;
}

/// A job's ErrorCode has 16 bits: the HRESULT of a sharing violation shows in its text only
/// (UNVERIFIED).
bool says_in_use(const Error& failure)
{
    const Message in_use = message::host_act_in_use{};
    return failure.code() == in_use.code || failure.peer().text.contains("0x80070020");
}

/// Why no disk was made, by what is to be done about it.
Error reason(StepContext& step, const hyperv::HostPath& image, const Error& failure)
{
    if (!image.empty() && says_in_use(failure)) {
        return Error{ErrorKind::conflict, message::image_in_use{.path = image}, failure.peer()};
    }
    return earlier_copy_may_run(step, failure) ? failure.with_kind(ErrorKind::unavailable)
                                               : failure;
}

} // namespace

/// A copy is only grown once it is complete, so its new size proves that it is; one that needs no
/// growing may have the whole size from its first moment, and is made again.
Task<Looked> look_for_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto source_size = co_await size_of_source(step, vm);
    if (source_size && *source_size >= vm.wanted_disk_bytes) {
        co_return Looked::not_done;
    }
    bool is_there = false;
    const auto found = co_await find_disk(services, step, vm, is_there);
    co_return found && found->size == vm.wanted_disk_bytes ? Looked::done : Looked::not_done;
}

/// What an interrupted copy left is not the disk ordered: it is ours by its name, so it goes first.
Task<> make_disk(Services& services, StepContext& step)
{
    const auto vm = co_await vm_of(step);
    const auto disk = disk_of(vm, step);
    const auto turn = turn_to_copy(services, vm, disk.copy_of);
    std::optional<Error> failure;
    try {
        if (step.may_have_sent()) {
            bool is_there = false;
            co_await find_disk(services, step, vm, is_there);
            if (is_there) {
                co_await delete_disk(services, step);
            }
        }
        co_await on_host<hyperv::DiskFacts>(
            services, step, host_of(vm), [&disk](hyperv::Driver& driver, hyperv::CallContext call) {
                return driver.create_disk(disk, std::move(call));
            });
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        throw reason(step, disk.copy_of, *failure);
    }
}

} // namespace watari::provisioning::creating
