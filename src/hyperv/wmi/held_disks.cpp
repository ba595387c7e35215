#include "hyperv/wmi/held_disks.hpp"

#include "cim/value.hpp"

#include <algorithm>

namespace watari::hyperv::wmi {

const HeldDisk* HeldDisks::find(std::string_view path) const noexcept
{
    const auto at = std::ranges::find_if(
        disks, [&](const HeldDisk& disk) { return same_path(disk.path, path); });
    return at == disks.end() ? nullptr : &*at;
}

bool HeldDisks::have_checkpoints() const noexcept
{
    return std::ranges::any_of(disks,
                               [](const HeldDisk& disk) { return is_checkpoint_disk(disk.path); });
}

bool is_checkpoint_disk(std::string_view path)
{
    const std::string name = cim::folded(path);
    return name.ends_with(".avhd") || name.ends_with(".avhdx");
}

} // namespace watari::hyperv::wmi
