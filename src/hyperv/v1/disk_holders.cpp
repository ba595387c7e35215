#include "hyperv/v1/dialect.hpp"
#include "hyperv/wmi/summary.hpp"
#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using Medium = Machine::Resource;
using Settings = Machine::Settings;

/// `web-0_1B2C.vhd` after `web-0.vhd`.
bool is_named_after(std::string_view child, std::string_view path)
{
    const std::string stem = cim::folded(path.substr(0, path.rfind('.')));
    return cim::folded(child).starts_with(stem);
}

/// The disk is open, or a saved state depends on it.
Task<> refuse_in_use(Act& act, HostPath path, const wmi::HeldDisk* holder)
{
    const auto owner = holder != nullptr ? wmi::owner_of(holder->medium_id) : std::nullopt;
    std::optional<VmSummary> vm;
    if (owner) {
        vm = co_await wmi::find_summary<Dialect>(act, HostVmId{*owner});
    }
    if (vm) {
        wmi::throw_must_be_off(*vm);
    }
    throw Error{ErrorKind::conflict,
                message::disk_in_use{.holder = holder != nullptr ? holder->medium_id : "-",
                                     .host = act.host(),
                                     .path = path}};
}

} // namespace

Task<wmi::HeldDisks> Images::read_held_disks(Act& act)
{
    wmi::HeldDisks held{.read_at = act.clock().steady()};
    const auto media =
        co_await act.query(fmt::format("select * from {} where ResourceSubType='{}'",
                                       Medium::class_name, sub_type::virtual_hard_disk));
    for (const auto& instance : media) {
        const schema::Object<Medium> medium{instance};
        if (auto path = hard_disk_in(medium); !path.empty()) {
            held.disks.push_back({medium.get(Medium::InstanceID).value_or(""), std::move(path)});
        }
    }
    co_return held;
}

Task<> Images::require_growable(Act& act, const DiskFacts& disk)
{
    const wmi::HeldDisks held = co_await read_held_disks(act);
    if (disk.in_use) {
        co_await refuse_in_use(act, disk.path, held.find(disk.path));
    }
    for (const wmi::HeldDisk& other : held.disks) {
        if (same_path(other.path, disk.path)) {
            const auto owner = wmi::owner_of(other.medium_id);
            std::optional<cim::Instance> found;
            if (owner && held.have_checkpoints()) {
                found = co_await act.find(wmi::settings_path<Dialect::Classes>(HostVmId{*owner}));
            }
            const schema::Object<Settings> settings{found.value_or(cim::Instance{})};
            if (settings.get(Settings::SettingType) == checkpoint_settings ||
                !settings.get(Settings::Parent).value_or("").empty()) {
                wmi::throw_has_checkpoints(act, disk.path,
                                           settings.get(Settings::ElementName).value_or(""));
            }
        } else if (wmi::is_checkpoint_disk(other.path) || is_named_after(other.path, disk.path)) {
            // A checkpoint that waits for its merge is in nobody's settings: only the file tells.
            if (co_await wmi::descends_from<Images>(act, other.path, disk.path)) {
                wmi::throw_has_checkpoints(act, disk.path, other.path);
            }
        }
    }
}

} // namespace watari::hyperv::v1
