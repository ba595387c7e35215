#include "hyperv/v2/dialect.hpp"
#include "hyperv/wmi/files.hpp"

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_ImageManagementService;
using DiskSettings = schema::v2::Msvm_VirtualHardDiskSettingData;
using DiskState = schema::v2::Msvm_VirtualHardDiskState;
using Medium = Machine::Medium;

schema::Object<DiskSettings> settings_of(const NewDisk& disk)
{
    schema::Object<DiskSettings> settings;
    const DiskKind kind = disk.parent.empty() ? disk.kind : DiskKind::differencing;
    settings.set(DiskSettings::Type, wmi::disk_type(kind))
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

} // namespace

Task<std::optional<DiskFacts>> Images::read(Act& act, HostPath path)
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
    if (refused && refused->kind() == ErrorKind::conflict && co_await wmi::has_file(act, path)) {
        throw *refused; // the number 32768 alone does not tell a missing file from a damaged one
    }
    if (!found) {
        co_return std::nullopt;
    }
    const schema::Object<DiskSettings> settings{std::move(*found)};
    co_return DiskFacts{
        .path = settings.get(DiskSettings::Path).value_or(path),
        .format = disk_format_of(settings.get(DiskSettings::Format).value_or(0)),
        .kind = wmi::disk_kind_of(settings.get(DiskSettings::Type).value_or(0)),
        .size = ByteSize::bytes(settings.get(DiskSettings::MaxInternalSize).value_or(0)),
        .parent = settings.get(DiskSettings::ParentPath).value_or("")};
}

Task<std::optional<DiskFacts>> Images::find(Act& act, HostPath path)
{
    auto facts = co_await read(act, path);
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

Task<Done> Images::make(Act& act, const NewDisk& disk)
{
    if (disk.copy_of.empty()) {
        using Create = Service::CreateVirtualHardDisk;
        schema::Call<Create> call;
        call.set(Create::VirtualDiskSettingData, settings_of(disk));
        co_return co_await act.change(call);
    }
    using Convert = Service::ConvertVirtualHardDisk;
    schema::Call<Convert> call;
    call.set(Convert::SourcePath, disk.copy_of)
        .set(Convert::VirtualDiskSettingData, settings_of(disk));
    co_return co_await act.change(call);
}

Task<Done> Images::resize(Act& act, HostPath path, ByteSize size)
{
    using Resize = Service::ResizeVirtualHardDisk;
    schema::Call<Resize> call;
    call.set(Resize::Path, path).set(Resize::MaxInternalSize, size.in_bytes());
    co_return co_await act.change(call);
}

Task<wmi::HeldDisks> Images::read_held_disks(Act& act)
{
    wmi::HeldDisks held{.read_at = act.clock().steady()};
    const auto media = co_await act.query("select * from Msvm_StorageAllocationSettingData");
    for (const auto& instance : media) {
        const schema::Object<Medium> medium{instance};
        for (const auto& path : medium.get(Medium::HostResource)) {
            held.disks.push_back({medium.get(Medium::InstanceID).value_or(""), path});
        }
    }
    co_return held;
}

/// Hosts were seen to grow a disk with a checkpoint and to lose the VM (disk-formats.md 5).
Task<> Images::require_growable(Act& act, const DiskFacts& disk)
{
    const wmi::HeldDisks held = co_await read_held_disks(act);
    if (!held.have_checkpoints()) {
        co_return; // no checkpoint on the whole host
    }
    for (const wmi::HeldDisk& other : held.disks) {
        if (!same_path(other.path, disk.path)) {
            // A checkpoint that waits for its merge is in nobody's settings: only the file tells.
            if (wmi::is_checkpoint_disk(other.path) &&
                co_await wmi::descends_from<Images>(act, other.path, disk.path)) {
                wmi::throw_has_checkpoints(act, disk.path, other.path);
            }
            continue;
        }
        const auto owner = wmi::owner_of(other.medium_id);
        if (!owner) {
            continue;
        }
        const auto found =
            co_await act.find(wmi::settings_path<Dialect::Classes>(HostVmId{*owner}));
        if (!found) {
            continue;
        }
        Machine holder{{.settings = schema::Object<Machine::Settings>{*found}}};
        const auto parent = holder.settings->get(Machine::Settings::Parent).value_or("");
        if (holder.is_checkpoint() || !parent.empty()) {
            wmi::throw_has_checkpoints(act, disk.path, holder.name());
        }
    }
}

} // namespace watari::hyperv::v2
