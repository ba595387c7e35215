#include "hyperv/v1/disk.hpp"

#include "hyperv/v1/disk_holders.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v1.hpp"

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_ImageManagementService;
using DiskInfo = schema::v1::Msvm_VirtualHardDiskInfo;

constexpr std::uint64_t sector = 512;

void check_size(ByteSize size)
{
    if (size.in_bytes() == 0 || size.in_bytes() % sector != 0) {
        throw Error{ErrorKind::invalid, message::disk_size_not_aligned{.asked = size.human()}};
    }
}

void check(const Act& act, const NewDisk& disk, const Capabilities& capabilities)
{
    require_local(disk.path);
    if (disk.format == DiskFormat::vhdx) {
        capabilities.require(Capability::vhdx, act.host());
    }
    if (!disk.parent.empty() || disk.kind == DiskKind::differencing) {
        capabilities.require(Capability::differencing_from_image, act.host());
        require_local(disk.parent);
    }
    if (!disk.copy_of.empty()) {
        require_local(disk.copy_of);
    }
    if (disk.parent.empty()) {
        check_size(disk.size);
    }
}

Task<Done> copy_file(Act& act, const NewDisk& disk)
{
    using Convert = Service::ConvertVirtualHardDisk;
    schema::Call<Convert> call;
    call.set(Convert::SourcePath, disk.copy_of)
        .set(Convert::DestinationPath, disk.path)
        .set(Convert::Type, disk_type(disk.kind));
    co_return co_await act.change(call);
}

template <class Create>
Task<Done> create_new(Act& act, NewDisk disk)
{
    schema::Call<Create> call;
    call.set(Create::Path, disk.path).set(Create::MaxInternalSize, disk.size.in_bytes());
    co_return co_await act.change(call);
}

Task<Done> create_child(Act& act, const NewDisk& disk)
{
    using Create = Service::CreateDifferencingVirtualHardDisk;
    schema::Call<Create> call;
    call.set(Create::Path, disk.path).set(Create::ParentPath, disk.parent);
    co_return co_await act.change(call);
}

Task<Done> make_file(Act& act, const NewDisk& disk)
{
    if (!disk.copy_of.empty()) {
        co_return co_await copy_file(act, disk);
    }
    if (!disk.parent.empty()) {
        co_return co_await create_child(act, disk);
    }
    if (disk.kind == DiskKind::fixed) {
        co_return co_await create_new<Service::CreateFixedVirtualHardDisk>(act, disk);
    }
    co_return co_await create_new<Service::CreateDynamicVirtualHardDisk>(act, disk);
}

/// Never shrinks: the host refuses (documented).
Task<Done> expand(Act& act, HostPath path, ByteSize size)
{
    using Expand = Service::ExpandVirtualHardDisk;
    schema::Call<Expand> call;
    call.set(Expand::Path, path).set(Expand::MaxInternalSize, size.in_bytes());
    co_return co_await act.change(call);
}

/// What of `facts` is not as `disk` asks, in words of the schema; empty: all is. A copy may still
/// have its source's size.
std::string difference(const NewDisk& disk, const DiskFacts& facts, bool before_growing)
{
    if (facts.format != disk.format) {
        return "Format";
    }
    if (!disk.parent.empty()) {
        if (facts.kind != DiskKind::differencing) {
            return "Type";
        }
        return same_path(facts.parent, disk.parent) ? "" : "ParentPath";
    }
    if (facts.kind != disk.kind) {
        return "Type";
    }
    const bool size_fits =
        before_growing && !disk.copy_of.empty() ? facts.size <= disk.size : facts.size == disk.size;
    return size_fits ? "" : "MaxInternalSize";
}

/// After a refusal: the file that is there already, if it is what was asked for and nobody uses it.
Task<std::optional<DiskFacts>> made_earlier(Act& act, const NewDisk& disk)
{
    auto facts = co_await find_disk(act, disk.path);
    if (!facts) {
        co_return std::nullopt;
    }
    if (facts->in_use || !difference(disk, *facts, true).empty()) {
        throw Error{ErrorKind::conflict,
                    message::disk_exists{.host = act.host(), .path = disk.path}};
    }
    co_return facts;
}

/// A look that may fail while the first error is what matters.
bool says_nothing_about_files(const Error& error)
{
    switch (error.kind()) {
    case ErrorKind::conflict:
    case ErrorKind::invalid:
    case ErrorKind::denied:
    case ErrorKind::not_found:
        return false;
    default:
        return true;
    }
}

[[noreturn]] void throw_not_as_asked(const Act& act, const HostPath& path, std::string what)
{
    throw Error{
        ErrorKind::conflict,
        message::disk_not_as_asked{.host = act.host(), .path = path, .what = std::move(what)}};
}

[[noreturn]] void throw_missing(const Act& act, const HostPath& path)
{
    throw Error{ErrorKind::not_found, message::disk_missing{.host = act.host(), .path = path}};
}

} // namespace

Task<std::optional<DiskFacts>> find_disk(Act& act, HostPath path)
{
    using Read = Service::GetVirtualHardDiskInfo;
    schema::Call<Read> call;
    call.set(Read::Path, path);
    std::optional<cim::Instance> found;
    try {
        found = (co_await act.ask(call)).get(Read::Info);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    if (!found) {
        co_return std::nullopt;
    }
    const schema::Object<DiskInfo> info{std::move(*found)};
    co_return DiskFacts{.path = path,
                        .format = DiskFormat::vhd, // this service knows no other
                        .kind = disk_kind_of(info.get(DiskInfo::Type).value_or(0)),
                        .size = ByteSize::bytes(info.get(DiskInfo::MaxInternalSize).value_or(0)),
                        .file_size = ByteSize::bytes(info.get(DiskInfo::FileSize).value_or(0)),
                        .parent = info.get(DiskInfo::ParentPath).value_or(""),
                        .in_use = info.get(DiskInfo::InUse).value_or(false) ||
                                  info.get(DiskInfo::InSavedState).value_or(false)};
}

Task<DiskFacts> create_disk(Act& act, NewDisk disk)
{
    check(act, disk, act.shared().capabilities);
    std::optional<Done> done;
    std::optional<Error> refused;
    try {
        done = co_await make_file(act, disk);
    } catch (const Error& error) {
        if (says_nothing_about_files(error)) {
            throw;
        }
        refused = error;
    }
    auto facts = refused ? co_await made_earlier(act, disk) : co_await find_disk(act, disk.path);
    if (!facts && refused) {
        throw *refused;
    }
    if (!facts) {
        act.require_certain(*done);
        throw_not_as_asked(act, disk.path, "no file");
    }
    if (!disk.copy_of.empty() && facts->size < disk.size) {
        co_await expand(act, disk.path, disk.size);
        facts = co_await find_disk(act, disk.path);
        if (!facts) {
            throw_missing(act, disk.path);
        }
    }
    if (auto what = difference(disk, *facts, false); !what.empty()) {
        throw_not_as_asked(act, disk.path, std::move(what));
    }
    co_return std::move(*facts);
}

Task<DiskFacts> grow_disk(Act& act, HostPath path, ByteSize size)
{
    require_local(path);
    check_size(size);
    auto facts = co_await find_disk(act, path);
    if (!facts) {
        throw_missing(act, path);
    }
    if (facts->size == size) {
        co_return std::move(*facts);
    }
    if (facts->size > size) {
        throw Error{ErrorKind::conflict, message::disk_would_shrink{.asked = size.human(),
                                                                    .path = path,
                                                                    .size = facts->size.human()}};
    }
    if (facts->kind == DiskKind::differencing && facts->format == DiskFormat::vhd) {
        throw Error{ErrorKind::conflict,
                    message::disk_is_differencing{.host = act.host(), .path = path}};
    }
    co_await require_growable(act, *facts);
    const Done done = co_await expand(act, path, size);
    facts = co_await find_disk(act, path);
    if (!facts || facts->size != size) {
        act.require_certain(done);
        throw_not_as_asked(act, path, "MaxInternalSize");
    }
    co_return std::move(*facts);
}

} // namespace watari::hyperv::v1
