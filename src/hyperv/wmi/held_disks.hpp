#pragma once

#include "core/clock.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv::wmi {

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
    /// Whether a checkpoint of any VM of the host continues a disk in a file of its own.
    bool have_checkpoints() const noexcept;
};

/// Whether the file's name is one that hosts give to the disks of checkpoints.
bool is_checkpoint_disk(std::string_view path);

} // namespace watari::hyperv::wmi
