#pragma once

#include "core/clock.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv::v2 {

class Act;

/// A disk file as a VM's or checkpoint's settings hold it.
struct HeldDisk {
    std::string medium_id; ///< InstanceID of the medium's settings
    HostPath path;
};

/// Every disk file that the settings of any VM or checkpoint of the host name, at one moment.
struct HeldDisks {
    std::vector<HeldDisk> disks = {};
    std::optional<SteadyTime> read_at = {};

    const HeldDisk* find(std::string_view path) const noexcept;
};

/// One class-wide query.
Task<HeldDisks> read_held_disks(Act& act);
/// Throws conflict (message::disk_has_checkpoints) when a checkpoint holds the disk or its VM has
/// checkpoints: hosts were seen to grow such a disk and to lose the VM (disk-formats.md 5). One
/// class-wide query, and one Get where the host has checkpoint disks at all.
Task<> require_growable(Act& act, HostPath path);

} // namespace watari::hyperv::v2
