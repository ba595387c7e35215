#include "sim/host/copies.hpp"
#include "sim/host/disk_rules.hpp"
#include "sim/host/v2/given.hpp"

#include "cim/cim_xml.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v2 {

namespace {

constexpr std::uint16_t job_create = 1;
constexpr std::uint16_t job_compact = 3;
constexpr std::uint16_t job_expand = 4;
constexpr std::uint16_t job_merge = 5;
constexpr std::uint16_t job_convert = 6;
constexpr std::uint64_t gib = 1ULL << 30;

std::string path_in(const MethodCall& call, std::string_view name)
{
    const std::string* text = call.input[name].string();
    if (text == nullptr || text->empty()) {
        refuse(code::invalid_parameter, fmt::format("{} is missing", name));
    }
    return *text;
}

DiskSpec spec_in(Repository& repository, const Host& host, const MethodCall& call)
{
    const cim::Instance given =
        repository.embedded(path_in(call, "VirtualDiskSettingData"), call.method);
    const std::string* path = given["Path"].string();
    const auto format = given["Format"].unsigned_integer().value_or(3);
    const auto kind = given["Type"].unsigned_integer().value_or(3);
    if (path == nullptr || (format != 2 && format != 3) || kind < 2 || kind > 4) {
        refuse(code::invalid_parameter, "Path, Format or Type is missing or out of range");
    }
    DiskSpec spec{.path = *path,
                  .format = static_cast<DiskFormat>(format),
                  .kind = static_cast<DiskKind>(kind)};
    spec.block_size = static_cast<std::uint32_t>(given["BlockSize"].unsigned_integer().value_or(0));
    spec.logical_sector =
        static_cast<std::uint32_t>(given["LogicalSectorSize"].unsigned_integer().value_or(512));
    spec.logical_sector = spec.logical_sector == 0 ? 512 : spec.logical_sector;
    spec.physical_sector =
        static_cast<std::uint32_t>(given["PhysicalSectorSize"].unsigned_integer().value_or(0));
    if (const std::string* parent = given["ParentPath"].string();
        parent != nullptr && spec.kind == DiskKind::differencing) {
        spec.parent = *parent;
    }
    complete(host.profile(), spec, given["MaxInternalSize"].unsigned_integer().value_or(0));
    return spec;
}

std::chrono::nanoseconds copy_time(const Host& host, std::uint64_t bytes)
{
    return host.options().durations.disk_create +
           host.options().durations.disk_copy_per_gib * static_cast<std::int64_t>(bytes / gib);
}

/// While a disk job runs, nobody else may open its files.
MethodAnswer disk_job(
    Host& host, std::uint16_t type, std::string text, std::chrono::nanoseconds duration,
    std::vector<std::string> files, std::function<void()> act,
    std::function<void()> abandon = [] {})
{
    const std::string holder = "job " + Uuid::random(host.random()).upper();
    Storage& storage = host.storage();
    try {
        for (const std::string& file : files) {
            storage.lock(storage.local_path(file), true, holder);
        }
    } catch (const Error& error) {
        storage.unlock(holder);
        const std::uint32_t number = refusal_code(error);
        const std::string why = error.peer().text;
        return started(host, host.jobs().start({.job_class = JobClass::storage,
                                                .type = type,
                                                .text = std::move(text),
                                                .duration = host.options().durations.settings,
                                                .finish = [number, why] { refuse(number, why); }}));
    }
    const auto finish = [&storage, holder, act = std::move(act)] {
        storage.unlock(holder);
        act();
    };
    return started(host,
                   host.jobs().start({.job_class = JobClass::storage,
                                      .type = type,
                                      .text = std::move(text),
                                      .duration = duration,
                                      .cancellable = true,
                                      .finish = finish,
                                      .abandon = [&storage, holder, abandon = std::move(abandon)] {
                                          storage.unlock(holder);
                                          abandon();
                                      }}));
}

MethodAnswer create_disk(Repository& repository, Host& host, const MethodCall& call)
{
    const DiskSpec spec = spec_in(repository, host, call);
    static_cast<void>(host.storage().local_path(spec.path));
    const auto duration = spec.kind == DiskKind::fixed
                              ? copy_time(host, spec.size)
                              : std::chrono::nanoseconds{host.options().durations.disk_create};
    return disk_job(host, job_create, "Creating Virtual Hard Disk", duration, {spec.path},
                    [&host, spec] { host.storage().create_disk(spec); });
}

MethodAnswer convert_disk(Repository& repository, Host& host, const MethodCall& call)
{
    const std::string source = path_in(call, "SourcePath");
    const DiskSpec spec = spec_in(repository, host, call);
    const auto file = host.storage().file(source);
    // Copies of one source collide: each wants the source for itself (call-sequences.md; how a
    // reader's lock would look is UNVERIFIED).
    return disk_job(
        host, job_convert, "Converting Virtual Hard Disk", copy_time(host, file ? file->size : 0),
        {source, spec.path}, [&host, source, spec] { host.storage().convert_disk(source, spec); },
        [&host, source, spec] { interrupt_copy(host, source, spec); });
}

bool may_resize_open(Host& host, const std::string& path)
{
    // 2012 R2 and later, VHDX on a SCSI controller (call-sequences.md).
    if (host.generation() < Generation::ws2012r2) {
        return false;
    }
    for (const auto& vm : host.vms()) {
        for (const Device& device : vm->settings.devices) {
            if (device.kind != DeviceKind::hard_disk || !cim::same_name(device.path, path)) {
                continue;
            }
            const Device* drive = vm->settings.find(device.parent);
            const Device* controller =
                drive == nullptr ? nullptr : vm->settings.find(drive->parent);
            return controller != nullptr && controller->kind == DeviceKind::scsi_controller &&
                   host.storage().disk(path).spec.format == DiskFormat::vhdx;
        }
    }
    return false;
}

MethodAnswer resize_disk(Host& host, const MethodCall& call)
{
    const std::string path = host.storage().local_path(path_in(call, "Path"));
    const auto size = call.input["MaxInternalSize"].unsigned_integer();
    if (!size) {
        refuse(code::invalid_parameter, "MaxInternalSize is missing");
    }
    check_disk_size(host.profile(), *size);
    if (host.profile().is("resize_vhd_returns", "sync")) {
        host.storage().resize_disk(path, *size);
        return {};
    }
    std::vector<std::string> files{path};
    if (host.storage().file_exists(path) && host.storage().locked(path) &&
        may_resize_open(host, path)) {
        files.clear();
    }
    return disk_job(host, job_expand, "Expanding Virtual Hard Disk",
                    host.options().durations.disk_create, files,
                    [&host, path, size = *size] { host.storage().resize_disk(path, size); });
}

MethodAnswer merge_disk(Host& host, const MethodCall& call)
{
    const std::string child = path_in(call, "SourcePath");
    const std::string into = path_in(call, "DestinationPath");
    return disk_job(host, job_merge, "Merging Virtual Disk", host.options().durations.merge_per_gib,
                    {child, into},
                    [&host, child, into] { host.storage().merge_disk(child, into); });
}

MethodAnswer compact_disk(Host& host, const MethodCall& call)
{
    const std::string path = path_in(call, "Path");
    return disk_job(host, job_compact, "Compacting Virtual Hard Disk",
                    host.options().durations.disk_create, {path},
                    [&host, path] { static_cast<void>(host.storage().disk(path)); });
}

MethodAnswer set_parent(Host& host, const MethodCall& call)
{
    host.storage().set_parent(path_in(call, "ChildPath"), path_in(call, "ParentPath"));
    return {};
}

template <class Fill>
MethodAnswer disk_text(Repository& repository, std::string_view class_name,
                       std::string_view parameter, const Fill& fill)
{
    cim::Instance raw{std::string{class_name}};
    fill(raw);
    const schema::ClassInfo* info = repository.catalogue().find(class_name);
    cim::Instance typed{std::string{class_name}};
    for (const schema::PropertyInfo& property : info->properties) {
        typed.append({.name = property.name,
                      .type = property.type,
                      .is_array = property.is_array,
                      .value = raw[property.name]});
    }
    MethodAnswer answer;
    put(answer.output, parameter, cim::to_cim_xml_with_nulls(typed));
    return answer;
}

MethodAnswer setting_data(Repository& repository, Host& host, const MethodCall& call)
{
    const DiskInfo disk = host.storage().disk(path_in(call, "Path"));
    return disk_text(repository, "Msvm_VirtualHardDiskSettingData", "SettingData",
                     [&](cim::Instance& row) {
                         put(row, "Path", disk.spec.path);
                         put(row, "Format", static_cast<int>(disk.spec.format));
                         put(row, "Type", static_cast<int>(disk.spec.kind));
                         put(row, "MaxInternalSize", disk.spec.size);
                         put(row, "BlockSize", disk.spec.block_size);
                         put(row, "LogicalSectorSize", disk.spec.logical_sector);
                         put(row, "PhysicalSectorSize", disk.spec.physical_sector);
                         put(row, "VirtualDiskId", disk.virtual_disk_id.upper());
                         put(row, "Caption", "Virtual Hard Disk Setting Data");
                         put(row, "Description", "Setting Data for a Virtual Hard Disk.");
                         put(row, "ElementName", disk.spec.path);
                         put(row, "InstanceID", disk.virtual_disk_id.upper());
                         if (disk.spec.kind == DiskKind::differencing) {
                             put(row, "ParentPath", disk.spec.parent);
                         }
                     });
}

MethodAnswer disk_state(Repository& repository, Host& host, const MethodCall& call)
{
    const DiskInfo disk = host.storage().disk(path_in(call, "Path"));
    const auto lock = host.storage().locked(disk.spec.path);
    return disk_text(repository, "Msvm_VirtualHardDiskState", "State", [&](cim::Instance& row) {
        put(row, "FileSize", disk.file_size);
        put(row, "InUse", lock.has_value());
        put(row, "MinInternalSize", disk.spec.size);
        put(row, "PhysicalSectorSize", disk.spec.physical_sector);
        put(row, "Alignment", 1);
        put(row, "FragmentationPercentage", 0);
        put(row, "Timestamp", moment(host.clock().now()));
    });
}

} // namespace

Methods image_methods(Repository& repository, Host& host)
{
    Methods methods;
    methods["CreateVirtualHardDisk"] = [&](const MethodCall& call) {
        return create_disk(repository, host, call);
    };
    methods["ConvertVirtualHardDisk"] = [&](const MethodCall& call) {
        return convert_disk(repository, host, call);
    };
    methods["ResizeVirtualHardDisk"] = [&](const MethodCall& call) {
        return resize_disk(host, call);
    };
    methods["MergeVirtualHardDisk"] = [&](const MethodCall& call) {
        return merge_disk(host, call);
    };
    methods["CompactVirtualHardDisk"] = [&](const MethodCall& call) {
        return compact_disk(host, call);
    };
    methods["SetParentVirtualHardDisk"] = [&](const MethodCall& call) {
        return set_parent(host, call);
    };
    methods["GetVirtualHardDiskSettingData"] = [&](const MethodCall& call) {
        return setting_data(repository, host, call);
    };
    methods["GetVirtualHardDiskState"] = [&](const MethodCall& call) {
        return disk_state(repository, host, call);
    };
    methods["ValidateVirtualHardDisk"] = [&](const MethodCall& call) -> MethodAnswer {
        static_cast<void>(host.storage().chain(path_in(call, "Path")));
        return {};
    };
    return methods;
}

} // namespace watari::sim::host::v2
