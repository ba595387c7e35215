#include "hyperv/v2/disk_holders.hpp"

#include "hyperv/v2/act.hpp"
#include "hyperv/v2/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v2.hpp"

namespace watari::hyperv::v2 {

using Medium = schema::v2::Msvm_StorageAllocationSettingData;
using Settings = schema::v2::Msvm_VirtualSystemSettingData;

namespace {

/// Checkpoints continue a disk in a file of this kind.
bool is_checkpoint_disk(std::string_view path)
{
    const std::string name = cim::folded(path);
    return name.ends_with(".avhd") || name.ends_with(".avhdx");
}

} // namespace

const HeldDisk* HeldDisks::find(std::string_view path) const noexcept
{
    for (const HeldDisk& disk : disks) {
        if (same_path(disk.path, path)) {
            return &disk;
        }
    }
    return nullptr;
}

Task<HeldDisks> read_held_disks(Act& act)
{
    HeldDisks held{.read_at = act.clock().steady()};
    const auto media = co_await act.query("select * from Msvm_StorageAllocationSettingData");
    for (const auto& instance : media) {
        const schema::Object<Medium> medium{instance};
        for (const auto& path : medium.get(Medium::HostResource)) {
            held.disks.push_back({medium.get(Medium::InstanceID).value_or(""), path});
        }
    }
    co_return held;
}

Task<> require_growable(Act& act, HostPath path)
{
    const HeldDisks held = co_await read_held_disks(act);
    if (std::ranges::none_of(held.disks,
                             [](const HeldDisk& disk) { return is_checkpoint_disk(disk.path); })) {
        co_return; // no checkpoint on the whole host
    }
    for (const HeldDisk& disk : held.disks) {
        const auto owner = owner_of(disk.medium_id);
        if (!owner || !same_path(disk.path, path)) {
            continue;
        }
        const auto found = co_await act.find(settings_path(HostVmId{*owner}));
        if (!found) {
            continue;
        }
        const schema::Object<Settings> settings{*found};
        const bool is_checkpoint = settings.get(Settings::VirtualSystemType)
                                       .value_or("")
                                       .starts_with(system_type::snapshot_prefix);
        if (is_checkpoint || !settings.get(Settings::Parent).value_or("").empty()) {
            throw Error{ErrorKind::conflict,
                        message::disk_has_checkpoints{
                            .holder = settings.get(Settings::ElementName).value_or(""),
                            .host = act.host(),
                            .path = path}};
        }
    }
}

} // namespace watari::hyperv::v2
