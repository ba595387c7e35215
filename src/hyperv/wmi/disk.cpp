#include "hyperv/wmi/disk.hpp"

#include "messages/hyperv.hpp"

namespace watari::hyperv::wmi {

namespace {

constexpr std::uint64_t sector = 512;

} // namespace

void require_sectors(ByteSize size)
{
    if (size.in_bytes() == 0 || size.in_bytes() % sector != 0) {
        throw Error{ErrorKind::invalid, message::disk_size_not_aligned{.asked = size.human()}};
    }
}

void check(const Act& act, const NewDisk& disk)
{
    require_local(disk.path);
    if (disk.format == DiskFormat::vhdx) {
        act.capabilities().require(Capability::vhdx, act.host());
    }
    if (!disk.copy_of.empty()) {
        require_local(disk.copy_of);
    }
    if (!disk.parent.empty() || disk.kind == DiskKind::differencing) {
        act.capabilities().require(Capability::differencing_from_image, act.host());
        require_local(disk.parent);
    } else {
        require_sectors(disk.size);
    }
}

void require_may_grow(const Act& act, const DiskFacts& disk, ByteSize size)
{
    if (disk.size > size) {
        throw Error{ErrorKind::conflict, message::disk_would_shrink{.asked = size.human(),
                                                                    .path = disk.path,
                                                                    .size = disk.size.human()}};
    }
    if (disk.kind == DiskKind::differencing && disk.format == DiskFormat::vhd) {
        throw Error{ErrorKind::conflict,
                    message::disk_is_differencing{.host = act.host(), .path = disk.path}};
    }
}

std::optional<DiskFacts> explain(const Act& act, const GrowDisk& wanted,
                                 const std::optional<DiskFacts>& facts)
{
    if (!facts) {
        throw_disk_missing(act, wanted.path);
    }
    require_may_grow(act, *facts, wanted.size);
    return facts->size == wanted.size ? facts : std::nullopt;
}

DiskFacts require_grown(const Act& act, const GrowDisk& wanted, const Done& done,
                        std::optional<DiskFacts> facts)
{
    if (!facts || facts->size != wanted.size) {
        act.require_certain(done);
        throw_disk_not_as_asked(act, wanted.path, "MaxInternalSize");
    }
    return std::move(*facts);
}

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

void require_made_earlier(const Act& act, const NewDisk& disk, const DiskFacts& facts)
{
    if (!disk.copy_of.empty() || facts.in_use || !difference(disk, facts, true).empty()) {
        throw Error{ErrorKind::conflict,
                    message::disk_exists{.host = act.host(), .path = disk.path}};
    }
}

} // namespace watari::hyperv::wmi
