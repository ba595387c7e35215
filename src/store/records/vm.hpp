#pragma once

#include "store/records/record.hpp"

namespace watari::store {

enum class Lifecycle {
    creating,
    ready,
    resizing,
    deleting,
    deleted,
    failed,
    ownership_lost,
    missing
};

/// What we want a VM to be.
enum class WantedPower { off, running };

/// What a VM was when last seen.
enum class ObservedPower {
    unknown,
    off,
    starting,
    running,
    pausing,
    paused,
    resuming,
    saving,
    saved,
    stopping,
    resetting
};

/// Where a VM's system disk comes from.
enum class DiskSource { empty, copy, differencing };

/// A virtual machine. `wanted_*` is what was ordered, `observed_*` what its host showed last.
struct VmRecord {
    using Id = VmId;

    VmId id = {};
    ProjectId project = {};
    std::string name = {}; ///< unique in its project among those not deleted
    std::optional<PlanId> plan = {};
    std::int64_t wanted_processors = 1;
    std::int64_t wanted_memory_mib = 0;
    ByteSize wanted_disk_bytes = {};
    WantedPower wanted_power = WantedPower::running;
    std::optional<HostId> host = {};
    std::optional<Uuid> host_guid =
        {}; ///< the name the host gave it; with `host` it says where the VM lives
    std::optional<StorageId> storage = {};
    std::optional<std::string> disk_path =
        {}; ///< recorded before the file is made; unique on its host among those not deleted
    std::optional<std::string> disk_format = {}; ///< vhd, vhdx
    DiskSource disk_source = DiskSource::empty;
    std::optional<ImageId> image = {};
    std::int64_t generation = 1; ///< the VM's, 1 or 2
    std::optional<NetworkId> network = {};
    std::optional<std::int64_t> vlan = {};
    std::optional<std::string> mac = {}; ///< 12 upper-case hex digits
    Lifecycle lifecycle = Lifecycle::creating;
    ObservedPower observed_power = ObservedPower::unknown;
    std::optional<std::int64_t> observed_processors = {};
    std::optional<std::int64_t> observed_memory_mib = {};
    std::optional<ByteSize> observed_disk_bytes = {};
    std::optional<WallTime> observed_at = {};
    std::optional<OperationId> last_operation = {};
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};
    std::optional<WallTime> deleted = {};

    friend bool operator==(const VmRecord&, const VmRecord&) = default;
};

template <>
struct EnumNames<Lifecycle> {
    static constexpr std::pair<Lifecycle, std::string_view> names[] = {
        {Lifecycle::creating, "creating"}, {Lifecycle::ready, "ready"},
        {Lifecycle::resizing, "resizing"}, {Lifecycle::deleting, "deleting"},
        {Lifecycle::deleted, "deleted"},   {Lifecycle::failed, "failed"},
        {Lifecycle::missing, "missing"},   {Lifecycle::ownership_lost, "ownership_lost"}};
};

template <>
struct EnumNames<WantedPower> {
    static constexpr std::pair<WantedPower, std::string_view> names[] = {
        {WantedPower::off, "off"}, {WantedPower::running, "running"}};
};

template <>
struct EnumNames<ObservedPower> {
    static constexpr std::pair<ObservedPower, std::string_view> names[] = {
        {ObservedPower::unknown, "unknown"},    {ObservedPower::off, "off"},
        {ObservedPower::starting, "starting"},  {ObservedPower::running, "running"},
        {ObservedPower::pausing, "pausing"},    {ObservedPower::paused, "paused"},
        {ObservedPower::resuming, "resuming"},  {ObservedPower::saving, "saving"},
        {ObservedPower::saved, "saved"},        {ObservedPower::stopping, "stopping"},
        {ObservedPower::resetting, "resetting"}};
};

template <>
struct EnumNames<DiskSource> {
    static constexpr std::pair<DiskSource, std::string_view> names[] = {
        {DiskSource::empty, "empty"},
        {DiskSource::copy, "copy"},
        {DiskSource::differencing, "differencing"}};
};

/// Among those not deleted.
std::optional<VmRecord> find_vm_by_name(Transaction& transaction, ProjectId project,
                                        std::string_view name);
/// Notes the newest operation about the VM. Throws not_found.
void set_last_operation(Transaction& transaction, VmId vm, OperationId operation);
/// Those not deleted.
std::vector<VmRecord> vms_of_host(Transaction& transaction, HostId host);
std::size_t count_vms_of_host(Transaction& transaction, HostId host);

} // namespace watari::store
