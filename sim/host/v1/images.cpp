#include "sim/host/copies.hpp"
#include "sim/host/disk_rules.hpp"
#include "sim/host/v1/view.hpp"

#include "cim/cim_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

/// Msvm_ImageManagementService: VHD files only, one argument list per act (disk-formats.md 5,
/// column v1).
namespace watari::sim::host::v1 {

namespace {

constexpr std::uint64_t gib = 1ULL << 30;
constexpr std::uint64_t smallest_dynamic =
    3ULL << 20; ///< documented: a dynamic disk of size 0 gets 3 MiB

/// JobType as v2 numbers them; this namespace does not show it.
namespace job_type {
constexpr std::uint16_t create = 1;
constexpr std::uint16_t compact = 3;
constexpr std::uint16_t expand = 4;
constexpr std::uint16_t merge = 5;
constexpr std::uint16_t convert = 6;
constexpr std::uint16_t validate = 9;
} // namespace job_type

std::string vhd_path(const View& view, const MethodCall& call, std::string_view parameter)
{
    std::string path = view.host().storage().local_path(text_of(call.input, parameter));
    const auto dot = path.rfind('.');
    const std::string extension = dot == std::string::npos ? std::string{} : path.substr(dot + 1);
    if (!cim::same_name(extension, "vhd") && !cim::same_name(extension, "avhd")) {
        refuse(code::invalid_parameter, fmt::format("'{}' is no VHD file", path));
    }
    return path;
}

std::uint64_t size_given(const MethodCall& call)
{
    const auto size = call.input["MaxInternalSize"].unsigned_integer();
    if (!size) {
        refuse(code::invalid_parameter, "MaxInternalSize is missing");
    }
    return *size;
}

std::chrono::nanoseconds per_gib(std::chrono::milliseconds each, std::uint64_t bytes)
{
    return each * static_cast<std::int64_t>(1 + bytes / gib);
}

/// What a storage job does: files it holds while it runs, the look before it starts, the act at its
/// end.
struct DiskAct {
    std::uint16_t type = 0;
    std::string text;
    std::chrono::nanoseconds duration{0};
    std::vector<std::string> read;    ///< held so that nobody writes
    std::vector<std::string> written; ///< held alone
    std::function<void()> check = {};
    std::function<void()> act;
    std::function<void()> abandon = [] {};
};

MethodAnswer start(const View& view, DiskAct wanted)
{
    Storage& storage = view.host().storage();
    const std::string holder = "job " + Uuid::random(view.host().random()).upper();
    const auto begin = [&] {
        if (wanted.check) {
            wanted.check();
        }
        try {
            for (const std::string& path : wanted.read) {
                storage.lock(path, false, holder);
            }
            for (const std::string& path : wanted.written) {
                storage.lock(path, true, holder);
            }
        } catch (const Error&) {
            storage.unlock(holder);
            throw;
        }
    };
    JobRequest request{.job_class = JobClass::storage,
                       .type = wanted.type,
                       .text = wanted.text,
                       .duration = wanted.duration,
                       .cancellable = true,
                       .affected = {Subject{.kind = Subject::Kind::host}}};
    request.finish = [&storage, holder, act = std::move(wanted.act)] {
        storage.unlock(holder);
        act();
    };
    request.abandon = [&storage, holder, abandon = std::move(wanted.abandon)] {
        storage.unlock(holder);
        abandon();
    };
    try {
        begin();
    } catch (const Error& error) {
        if (!error.peer().code || !view.profile().is("validation_errors", "job")) {
            throw;
        }
        request.finish = [number = *error.peer().code, text = error.peer().text] {
            refuse(number, text);
        };
        request.abandon = nullptr;
        request.duration = view.host().options().durations.settings;
    }
    return view.started(view.host().jobs().start(std::move(request)));
}

MethodAnswer create(const View& view, DiskSpec spec)
{
    Storage& storage = view.host().storage();
    const Durations& durations = view.host().options().durations;
    const bool is_fixed = spec.kind == DiskKind::fixed;
    return start(view, {.type = job_type::create,
                        .text = "Creating Virtual Hard Disk",
                        .duration = is_fixed ? per_gib(durations.disk_copy_per_gib, spec.size)
                                             : std::chrono::nanoseconds{durations.disk_create},
                        .check = [&storage, &spec] { storage.check_create(spec); },
                        .act = [&storage, spec] { storage.create_disk(spec); }});
}

MethodAnswer create_dynamic(const View& view, const MethodCall& call)
{
    const std::uint64_t size = size_given(call);
    DiskSpec spec{.path = vhd_path(view, call, "Path"), .kind = DiskKind::dynamic};
    complete(view.profile(), spec, size == 0 ? smallest_dynamic : size);
    return create(view, std::move(spec));
}

MethodAnswer create_fixed(const View& view, const MethodCall& call)
{
    DiskSpec spec{.path = vhd_path(view, call, "Path"), .kind = DiskKind::fixed};
    complete(view.profile(), spec, size_given(call));
    return create(view, std::move(spec));
}

MethodAnswer create_differencing(const View& view, const MethodCall& call)
{
    return create(view, {.path = vhd_path(view, call, "Path"),
                         .kind = DiskKind::differencing,
                         .parent = vhd_path(view, call, "ParentPath")});
}

MethodAnswer expand(const View& view, const MethodCall& call)
{
    Storage& storage = view.host().storage();
    const std::string path = vhd_path(view, call, "Path");
    const std::uint64_t size = size_given(call);
    check_disk_size(view.profile(), size);
    // A host of 2008 expands a disk although a snapshot's child hangs on it; the VM then fails to
    // start (disk-formats.md 5).
    const bool despite_children = view.profile().is("vhd_grow_with_children", "accepted");
    return start(
        view, {.type = job_type::expand,
               .text = "Expanding Virtual Hard Disk",
               .duration = view.host().options().durations.disk_create,
               .written = {path},
               .check = [&] { storage.check_resize(path, size, despite_children); },
               .act = [&storage, path, size,
                       despite_children] { storage.resize_disk(path, size, despite_children); }});
}

MethodAnswer convert(const View& view, const MethodCall& call)
{
    Storage& storage = view.host().storage();
    const std::string source = vhd_path(view, call, "SourcePath");
    const auto kind = call.input["Type"].unsigned_integer().value_or(0);
    if (kind != 2 && kind != 3) {
        refuse(code::invalid_parameter, "Type is neither 2 (fixed) nor 3 (dynamic)");
    }
    DiskSpec target{.path = vhd_path(view, call, "DestinationPath"),
                    .kind = static_cast<DiskKind>(kind)};
    const std::uint64_t bytes = storage.file_exists(source) ? storage.file(source)->size : 0;
    // Copies of one source collide: each wants the source for itself.
    return start(view,
                 {.type = job_type::convert,
                  .text = "Converting Virtual Hard Disk",
                  .duration = per_gib(view.host().options().durations.disk_copy_per_gib, bytes),
                  .written = {source, target.path},
                  .check =
                      [&] {
                          DiskSpec checked = target;
                          checked.size = storage.disk(source).spec.size;
                          storage.check_create(checked);
                      },
                  .act = [&storage, source, target] { storage.convert_disk(source, target); },
                  .abandon = [&host = view.host(), source,
                              target] { interrupt_copy(host, source, target); }});
}

MethodAnswer merge(const View& view, const MethodCall& call)
{
    Storage& storage = view.host().storage();
    const std::string source = vhd_path(view, call, "SourcePath");
    const std::string target = vhd_path(view, call, "DestinationPath");
    const std::uint64_t bytes = storage.file_exists(source) ? storage.file(source)->size : 0;
    return start(view, {.type = job_type::merge,
                        .text = "Merging Virtual Disk",
                        .duration = per_gib(view.host().options().durations.merge_per_gib, bytes),
                        .written = {source, target},
                        .check = [&] { static_cast<void>(storage.chain(source)); },
                        .act = [&storage, source, target] { storage.merge_disk(source, target); }});
}

MethodAnswer compact(const View& view, const MethodCall& call)
{
    Storage& storage = view.host().storage();
    const std::string path = vhd_path(view, call, "Path");
    return start(view, {.type = job_type::compact,
                        .text = "Compacting Virtual Hard Disk",
                        .duration = view.host().options().durations.disk_create,
                        .written = {path},
                        .check =
                            [&] {
                                if (storage.disk(path).spec.kind == DiskKind::fixed) {
                                    refuse(code::not_supported, "A fixed VHD cannot be compacted");
                                }
                            },
                        .act = [] {}});
}

MethodAnswer validate(const View& view, const MethodCall& call)
{
    Storage& storage = view.host().storage();
    const std::string path = vhd_path(view, call, "Path");
    return start(view, {.type = job_type::validate,
                        .text = "Validating Virtual Hard Disk",
                        .duration = view.host().options().durations.settings,
                        .act = [&storage, path] {
                            for (const std::string& link : storage.chain(path)) {
                                static_cast<void>(storage.disk(link));
                            }
                        }});
}

/// Recorded synchronous.
MethodAnswer reconnect_parent(const View& view, const MethodCall& call)
{
    view.host().storage().set_parent(vhd_path(view, call, "ChildPath"),
                                     vhd_path(view, call, "ParentPath"));
    return {};
}

bool is_in_saved_state(const View& view, const std::string& path)
{
    return std::ranges::any_of(view.host().vms(), [&](const auto& vm) {
        return vm->state == VmState::saved &&
               std::ranges::any_of(vm->settings.devices, [&](const Device& device) {
                   return device.kind == DeviceKind::hard_disk && cim::same_name(device.path, path);
               });
    });
}

/// Recorded synchronous: the text of an Msvm_VirtualHardDiskInfo.
MethodAnswer disk_info(const View& view, const MethodCall& call)
{
    const std::string path = vhd_path(view, call, "Path");
    const DiskInfo disk = view.host().storage().disk(path);
    cim::Instance info{"Msvm_VirtualHardDiskInfo"};
    info.set("FileSize", cim::Type::uint64, disk.file_size);
    info.set("InSavedState", cim::Type::boolean, is_in_saved_state(view, path));
    info.set("InUse", cim::Type::boolean, view.host().storage().locked(path).has_value());
    info.set("MaxInternalSize", cim::Type::uint64, disk.spec.size);
    info.set("ParentPath", cim::Type::string,
             disk.spec.parent.empty() ? cim::Value{} : cim::Value{disk.spec.parent});
    info.set("Type", cim::Type::uint16, static_cast<std::uint16_t>(disk.spec.kind));
    MethodAnswer answer;
    answer.output.set("Info", cim::Type::string, cim::to_cim_xml_with_nulls(info));
    return answer;
}

MethodAnswer create_floppy(const View& view, const MethodCall& call)
{
    Storage& storage = view.host().storage();
    const std::string path = storage.local_path(text_of(call.input, "Path"));
    constexpr std::uint64_t floppy_size = 1'474'560;
    return start(view, {.type = job_type::create,
                        .text = "Creating Virtual Floppy Disk",
                        .duration = view.host().options().durations.disk_create,
                        .check =
                            [&] {
                                if (storage.file_exists(path)) {
                                    refuse(code::hresult_file_exists,
                                           fmt::format("The file '{}' exists", path));
                                }
                            },
                        .act = [&storage, path] { storage.write_file(path, floppy_size); }});
}

} // namespace

void add_images(const View& view)
{
    ClassProvider service;
    service.produce = [view](const Demand&, const Sink& sink) {
        produce_service(view, "Msvm_ImageManagementService", sink);
    };
    const auto add = [&](const char* name, MethodAnswer (*act)(const View&, const MethodCall&)) {
        service.methods[name] =
            method([view, act](const MethodCall& call) { return act(view, call); });
    };
    add("CreateDynamicVirtualHardDisk", create_dynamic);
    add("CreateFixedVirtualHardDisk", create_fixed);
    add("CreateDifferencingVirtualHardDisk", create_differencing);
    add("CreateVirtualFloppyDisk", create_floppy);
    add("ExpandVirtualHardDisk", expand);
    add("ConvertVirtualHardDisk", convert);
    add("MergeVirtualHardDisk", merge);
    add("CompactVirtualHardDisk", compact);
    add("ValidateVirtualHardDisk", validate);
    add("ReconnectParentVirtualHardDisk", reconnect_parent);
    add("GetVirtualHardDiskInfo", disk_info);
    view.repository().add("Msvm_ImageManagementService", std::move(service));
}

} // namespace watari::sim::host::v1
