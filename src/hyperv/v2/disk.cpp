#include "hyperv/v2/disk.hpp"

#include "hyperv/v2/files.hpp"
#include "hyperv/v2/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v2.hpp"

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_ImageManagementService;
using DiskSettings = schema::v2::Msvm_VirtualHardDiskSettingData;
using DiskState = schema::v2::Msvm_VirtualHardDiskState;

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
    if (!disk.copy_of.empty()) {
        require_local(disk.copy_of);
    }
    if (!disk.parent.empty()) {
        require_local(disk.parent);
    } else {
        check_size(disk.size);
    }
}

schema::Object<DiskSettings> settings_of(const NewDisk& disk)
{
    schema::Object<DiskSettings> settings;
    const DiskKind kind = disk.parent.empty() ? disk.kind : DiskKind::differencing;
    settings.set(DiskSettings::Type, disk_type(kind))
        .set(DiskSettings::Format, disk_format(disk.format))
        .set(DiskSettings::Path, disk.path);
    if (!disk.parent.empty()) {
        settings.set(DiskSettings::ParentPath, disk.parent);
    } else if (disk.copy_of.empty()) {
        settings.set(DiskSettings::MaxInternalSize, disk.size.in_bytes());
    }
    // ConvertVirtualHardDisk wants these set; 0 is the default of the format (disk-formats.md 5).
    settings.set(DiskSettings::BlockSize, 0).set(DiskSettings::LogicalSectorSize, 0);
    return settings;
}

Task<Done> make_file(Act& act, const NewDisk& disk)
{
    if (disk.copy_of.empty()) {
        schema::Call<Service::CreateVirtualHardDisk> call;
        call.set(Service::CreateVirtualHardDisk::VirtualDiskSettingData, settings_of(disk));
        co_return co_await act.change(call);
    }
    schema::Call<Service::ConvertVirtualHardDisk> call;
    call.set(Service::ConvertVirtualHardDisk::SourcePath, disk.copy_of)
        .set(Service::ConvertVirtualHardDisk::VirtualDiskSettingData, settings_of(disk));
    co_return co_await act.change(call);
}

Task<Done> resize(Act& act, HostPath path, ByteSize size)
{
    schema::Call<Service::ResizeVirtualHardDisk> call;
    call.set(Service::ResizeVirtualHardDisk::Path, path)
        .set(Service::ResizeVirtualHardDisk::MaxInternalSize, size.in_bytes());
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

Task<std::optional<DiskFacts>> read_disk(Act& act, HostPath path)
{
    using Read = Service::GetVirtualHardDiskSettingData;
    schema::Call<Read> call;
    call.set(Read::Path, path);
    std::optional<cim::Instance> found;
    std::optional<Error> refused;
    try {
        found = (co_await act.ask(call)).get(Read::SettingData);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) {
            throw;
        }
        refused = error;
    }
    if (refused && refused->kind() == ErrorKind::conflict && co_await has_file(act, path)) {
        throw *refused; // the number 32768 alone does not tell a missing file from a damaged one
    }
    if (!found) {
        co_return std::nullopt;
    }
    const schema::Object<DiskSettings> settings{std::move(*found)};
    co_return DiskFacts{
        .path = settings.get(DiskSettings::Path).value_or(path),
        .format = disk_format_of(settings.get(DiskSettings::Format).value_or(0)),
        .kind = disk_kind_of(settings.get(DiskSettings::Type).value_or(0)),
        .size = ByteSize::bytes(settings.get(DiskSettings::MaxInternalSize).value_or(0)),
        .parent = settings.get(DiskSettings::ParentPath).value_or("")};
}

Task<std::optional<DiskFacts>> find_disk(Act& act, HostPath path)
{
    auto facts = co_await read_disk(act, path);
    if (!facts) {
        co_return std::nullopt;
    }
    using Read = Service::GetVirtualHardDiskState;
    schema::Call<Read> call;
    call.set(Read::Path, path);
    const auto answer = co_await act.ask(call);
    if (const auto found = answer.get(Read::State)) {
        const schema::Object<DiskState> state{*found};
        facts->file_size = ByteSize::bytes(state.get(DiskState::FileSize).value_or(0));
        facts->in_use = state.get(DiskState::InUse).value_or(false);
    }
    co_return facts;
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
    auto facts = refused ? co_await made_earlier(act, disk) : co_await read_disk(act, disk.path);
    if (!facts && refused) {
        throw *refused;
    }
    if (!facts) {
        act.require_certain(*done);
        throw_not_as_asked(act, disk.path, "no file");
    }
    if (!disk.copy_of.empty() && facts->size < disk.size) {
        co_await resize(act, disk.path, disk.size);
        facts = co_await read_disk(act, disk.path);
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
    auto facts = co_await read_disk(act, path);
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
    co_await require_growable(act, path);
    const Done done = co_await resize(act, path, size);
    facts = co_await read_disk(act, path);
    if (!facts || facts->size != size) {
        act.require_certain(done);
        throw_not_as_asked(act, path, "MaxInternalSize");
    }
    co_return std::move(*facts);
}

} // namespace watari::hyperv::v2
