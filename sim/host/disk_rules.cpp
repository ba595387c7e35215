#include "sim/host/disk_rules.hpp"

#include "sim/engine/words.hpp"

#include <fmt/format.h>

namespace watari::sim::host {

void check_disk_size(const Profile& profile, std::uint64_t size)
{
    constexpr std::uint64_t three_mib = 3U << 20U;
    if (size < three_mib && profile.is("vhd_minimum_size", "three_mib")) {
        refuse(code::invalid_parameter, fmt::format("{} is no size for a virtual hard disk", size));
    }
}

void complete(const Profile& profile, DiskSpec& spec, std::uint64_t size_given)
{
    if (spec.kind == DiskKind::differencing) {
        if (size_given != 0 && profile.is("vhd_differencing_max_size", "refused")) {
            refuse(code::invalid_parameter, "A differencing disk has the size of its parent");
        }
        spec.size = 0;
        return;
    }
    spec.size = size_given;
    if (size_given != 0) {
        check_disk_size(profile, size_given);
    }
    if (spec.format == DiskFormat::vhdx && spec.physical_sector == 0) {
        spec.physical_sector = static_cast<std::uint32_t>(profile.number("vhdx_physical_sector"));
    }
}

} // namespace watari::sim::host
