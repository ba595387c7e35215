#pragma once

#include "core/clock.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv::v1 {

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
/// Throws conflict: message::vm_must_be_off or disk_in_use when somebody has it open, and
/// message::disk_has_checkpoints when a checkpoint or child depends on it: a 2008-era host grows
/// such a disk all the same and the VM never starts again (disk-formats.md 5). Of children that are
/// no checkpoints only those named after the disk are seen. One class-wide query, and one request
/// per suspicious file where there are any.
Task<> require_growable(Act& act, DiskFacts disk);

} // namespace watari::hyperv::v1
