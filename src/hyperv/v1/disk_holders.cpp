#include "hyperv/v1/disk_holders.hpp"

#include "hyperv/v1/act.hpp"
#include "hyperv/v1/disk.hpp"
#include "hyperv/v1/machine.hpp"
#include "hyperv/v1/summary.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v1.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

using Medium = schema::v1::Msvm_ResourceAllocationSettingData;
using Settings = schema::v1::Msvm_VirtualSystemSettingData;

namespace {

/// Checkpoints continue a disk in a file of this kind.
bool is_checkpoint_disk(std::string_view path)
{
    return cim::folded(path).ends_with(".avhd");
}

/// `web-0_1B2C.vhd` after `web-0.vhd`.
bool is_named_after(std::string_view child, std::string_view path)
{
    const std::string stem = cim::folded(path.substr(0, path.rfind('.')));
    return cim::folded(child).starts_with(stem);
}

/// A chain longer than this is broken or a circle.
constexpr int chain_max = 64;

[[noreturn]] void throw_has_children(const Act& act, const HostPath& path, std::string holder)
{
    throw Error{ErrorKind::conflict, message::disk_has_checkpoints{.holder = std::move(holder),
                                                                   .host = act.host(),
                                                                   .path = path}};
}

/// The disk is open, or a saved state depends on it.
Task<> refuse_in_use(Act& act, HostPath path, const HeldDisk* holder)
{
    const auto owner = holder != nullptr ? owner_of(holder->medium_id) : std::nullopt;
    std::optional<VmSummary> vm;
    if (owner) {
        vm = co_await find_summary(act, HostVmId{*owner});
    }
    if (vm) {
        throw Error{
            ErrorKind::conflict,
            message::vm_must_be_off{.name = vm->name, .state = std::string{to_string(vm->state)}}};
    }
    throw Error{ErrorKind::conflict,
                message::disk_in_use{.holder = holder != nullptr ? holder->medium_id : "-",
                                     .host = act.host(),
                                     .path = path}};
}

/// Whether one of the chain's parents is `path`.
Task<bool> descends_from(Act& act, HostPath child, HostPath path)
{
    for (int i = 0; i < chain_max && !child.empty(); ++i) {
        const auto facts = co_await find_disk(act, child);
        if (!facts) {
            co_return false;
        }
        if (same_path(facts->parent, path)) {
            co_return true;
        }
        child = facts->parent;
    }
    co_return false;
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

Task<> require_growable(Act& act, DiskFacts disk)
{
    const HeldDisks held = co_await read_held_disks(act);
    if (disk.in_use) {
        co_await refuse_in_use(act, disk.path, held.find(disk.path));
    }
    const bool has_checkpoints = std::ranges::any_of(
        held.disks, [](const HeldDisk& other) { return is_checkpoint_disk(other.path); });
    for (const HeldDisk& other : held.disks) {
        if (same_path(other.path, disk.path)) {
            const auto owner = owner_of(other.medium_id);
            std::optional<cim::Instance> found;
            if (owner && has_checkpoints) {
                found = co_await act.find(settings_path(HostVmId{*owner}));
            }
            const schema::Object<Settings> settings{found.value_or(cim::Instance{})};
            if (settings.get(Settings::SettingType) == checkpoint_settings ||
                !settings.get(Settings::Parent).value_or("").empty()) {
                throw_has_children(act, disk.path,
                                   settings.get(Settings::ElementName).value_or(""));
            }
        } else if (is_checkpoint_disk(other.path) || is_named_after(other.path, disk.path)) {
            // A checkpoint that waits for its merge is in nobody's settings: only the file tells.
            if (co_await descends_from(act, other.path, disk.path)) {
                throw_has_children(act, disk.path, other.path);
            }
        }
    }
}

} // namespace watari::hyperv::v1
