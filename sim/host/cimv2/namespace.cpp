#include "sim/host/cimv2/namespace.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::cimv2 {

namespace {

constexpr std::uint32_t file_access_denied = 2;
constexpr std::uint32_t file_unspecified = 8;
constexpr std::uint32_t file_exists = 10;
constexpr std::uint32_t file_sharing_violation = 15;
constexpr std::uint64_t mib = 1ULL << 20;

void put(cim::Instance& instance, std::string_view name, cim::Value value)
{
    instance.append(
        {.name = std::string{name}, .type = cim::Type::string, .value = std::move(value)});
}

cim::Instance operating_system(const Host& host)
{
    const std::string version{os_version(host.generation())};
    cim::Instance row{"Win32_OperatingSystem"};
    put(row, "Caption", fmt::format("Microsoft {} Datacenter", full_name(host.generation())));
    put(row, "Version", version);
    put(row, "BuildNumber", version.substr(version.rfind('.') + 1));
    put(row, "CSName", host.name());
    put(row, "ProductType", 3);
    put(row, "OSArchitecture", "64-bit");
    put(row, "TotalVisibleMemorySize", host.options().limits.memory_mib * 1024);
    put(row, "FreePhysicalMemory", host.free_memory_mib() * 1024);
    put(row, "LastBootUpTime", cim::DateTime::moment(host.booted()));
    put(row, "LocalDateTime", cim::DateTime::moment(const_cast<Host&>(host).clock().now()));
    put(row, "Locale", "0409");
    put(row, "OSLanguage", 1033);
    put(row, "Status", "OK");
    return row;
}

cim::Instance computer_system(const Host& host)
{
    cim::Instance row{"Win32_ComputerSystem"};
    put(row, "Name", host.name());
    put(row, "DNSHostName", host.name());
    put(row, "Domain", "WORKGROUP");
    put(row, "PartOfDomain", false);
    put(row, "TotalPhysicalMemory", host.options().limits.memory_mib * mib);
    put(row, "NumberOfLogicalProcessors", host.options().limits.processors);
    put(row, "NumberOfProcessors", host.options().limits.sockets);
    put(row, "HypervisorPresent", true);
    put(row, "Manufacturer", "Microsoft Corporation");
    put(row, "Model", "Simulated");
    return row;
}

cim::Instance processor(const Host& host, std::uint32_t number)
{
    const std::uint32_t each =
        host.options().limits.processors / std::max(1U, host.options().limits.sockets);
    cim::Instance row{"Win32_Processor"};
    put(row, "DeviceID", fmt::format("CPU{}", number));
    put(row, "Name", "Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz");
    put(row, "Manufacturer", "GenuineIntel");
    put(row, "Architecture", 9);
    put(row, "NumberOfCores", std::max(1U, each / 2));
    put(row, "NumberOfLogicalProcessors", each);
    put(row, "MaxClockSpeed", 2600);
    return row;
}

cim::Instance logical_disk(Host& host, const VolumeOptions& volume)
{
    cim::Instance row{"Win32_LogicalDisk"};
    put(row, "DeviceID", fmt::format("{}:", volume.letter));
    put(row, "Name", fmt::format("{}:", volume.letter));
    put(row, "Size", volume.size.in_bytes());
    put(row, "FreeSpace", host.storage().free_bytes(volume.letter));
    put(row, "DriveType", 3);
    put(row, "FileSystem", "NTFS");
    return row;
}

cim::Instance volume_row(Host& host, const VolumeOptions& volume)
{
    cim::Instance row{"Win32_Volume"};
    put(row, "DeviceID",
        fmt::format("\\\\?\\Volume{{{:08x}-0000-0000-0000-100000000000}}\\",
                    static_cast<unsigned>(volume.letter)));
    put(row, "Name", fmt::format("{}:\\", volume.letter));
    put(row, "DriveLetter", fmt::format("{}:", volume.letter));
    put(row, "Capacity", volume.size.in_bytes());
    put(row, "FreeSpace", host.storage().free_bytes(volume.letter));
    put(row, "FileSystem", "NTFS");
    put(row, "BlockSize", 4096);
    put(row, "DriveType", 3);
    return row;
}

cim::Instance file_row(const FileInfo& file)
{
    const auto dot = file.path.rfind('.');
    const auto cut = file.path.rfind('\\');
    cim::Instance row{"CIM_DataFile"};
    put(row, "Name", file.path);
    put(row, "Caption", file.path);
    put(row, "Drive", file.path.substr(0, 2));
    put(row, "Path", file.path.substr(2, cut - 1));
    put(row, "FileName",
        file.path.substr(cut + 1, dot == std::string::npos || dot < cut ? std::string::npos
                                                                        : dot - cut - 1));
    put(row, "Extension",
        dot == std::string::npos || dot < cut ? std::string{} : file.path.substr(dot + 1));
    put(row, "FileSize", file.size);
    put(row, "CreationDate", cim::DateTime::moment(file.created));
    put(row, "LastModified", cim::DateTime::moment(file.written));
    put(row, "CSCreationClassName", "Win32_ComputerSystem");
    put(row, "FSCreationClassName", "Win32_FileSystem");
    put(row, "CreationClassName", "CIM_LogicalFile");
    return row;
}

/// `C:` stands for the root of a volume, which is named `C:\`.
cim::Instance folder_row(const std::string& local)
{
    const auto cut = local.rfind('\\');
    const bool is_root = cut == std::string::npos;
    cim::Instance row{"Win32_Directory"};
    const std::string name = is_root ? local + '\\' : local;
    put(row, "Name", name);
    put(row, "Caption", name);
    put(row, "Description", name);
    put(row, "Drive", local.substr(0, 2));
    put(row, "Path", is_root ? std::string{} : local.substr(2, cut - 1));
    put(row, "FileName", is_root ? std::string{} : local.substr(cut + 1));
    put(row, "Extension", "");
    put(row, "FileType", is_root ? "Local Disk" : "File Folder");
    put(row, "Readable", true);
    put(row, "Writeable", true);
    put(row, "Status", "OK");
    put(row, "CSCreationClassName", "Win32_ComputerSystem");
    put(row, "FSCreationClassName", "Win32_FileSystem");
    put(row, "CreationClassName", "CIM_LogicalFile");
    return row;
}

/// By name: folders that exist. Without a name only the roots of the volumes: nobody lists the
/// folders of a whole host that way.
void give_folders(Host& host, const Demand& demand, const Sink& sink)
{
    const Storage& storage = host.storage();
    std::vector<std::string> names;
    if (const auto name = demand.text("Name")) {
        names.push_back(*name);
    } else {
        for (const VolumeOptions& volume : storage.volumes()) {
            names.push_back(fmt::format("{}:\\", volume.letter));
        }
    }
    for (const std::string& name : names) {
        try {
            if (storage.folder_exists(name)) {
                sink(folder_row(storage.local_path(name)));
            }
        } catch (const Error&) {
            // No local path: there is no such folder.
        }
    }
}

std::string text_of(const cim::Value& value)
{
    return value.string() == nullptr ? std::string{} : *value.string();
}

/// Return codes of CIM_DataFile's own methods.
std::uint32_t file_code(std::uint32_t number)
{
    switch (number) {
    case code::hresult_sharing_violation:
        return file_sharing_violation;
    case code::hresult_access_denied:
        return file_access_denied;
    case code::hresult_file_exists:
        return file_exists;
    default:
        return file_unspecified;
    }
}

template <class Act>
MethodAnswer on_file(const Act& act)
{
    try {
        act();
        return {};
    } catch (const Error& error) {
        return {.return_value = file_code(refusal_code(error))};
    }
}

void add_files(Repository& repository, Host& host)
{
    ClassProvider files;
    files.produce = [&host](const Demand& demand, const Sink& sink) {
        if (const auto name = demand.text("Name")) {
            try {
                if (const auto file = host.storage().file(*name)) {
                    sink(file_row(*file));
                }
            } catch (const Error&) {
                // No local path: there is no such file.
            }
            return;
        }
        for (const FileInfo& file : host.storage().files()) {
            sink(file_row(file));
        }
    };
    files.methods["Delete"] = [&host](const MethodCall& call) {
        return on_file([&] { host.storage().remove_file(call.target.key("Name").value_or("")); });
    };
    files.methods["Rename"] = [&host](const MethodCall& call) {
        return on_file([&] {
            host.storage().rename_file(call.target.key("Name").value_or(""),
                                       text_of(call.input["FileName"]));
        });
    };
    repository.add("CIM_DataFile", std::move(files));
}

} // namespace

std::unique_ptr<Repository> make_repository(Host& host)
{
    const schema::Catalogue* catalogue =
        schema::Catalogue::of(host.generation(), schema::cimv2_namespace);
    if (catalogue == nullptr) {
        return nullptr;
    }
    auto repository = std::make_unique<Repository>(host, *catalogue);
    repository->add("Win32_OperatingSystem", {.produce = [&host](const Demand&, const Sink& sink) {
                        sink(operating_system(host));
                    }});
    repository->add("Win32_ComputerSystem", {.produce = [&host](const Demand&, const Sink& sink) {
                        sink(computer_system(host));
                    }});
    repository->add("Win32_Processor", {.produce = [&host](const Demand&, const Sink& sink) {
                        for (std::uint32_t socket = 0; socket < host.options().limits.sockets;
                             ++socket) {
                            sink(processor(host, socket));
                        }
                    }});
    repository->add("Win32_LogicalDisk", {.produce = [&host](const Demand&, const Sink& sink) {
                        for (const VolumeOptions& volume : host.storage().volumes()) {
                            sink(logical_disk(host, volume));
                        }
                    }});
    repository->add("Win32_Volume", {.produce = [&host](const Demand&, const Sink& sink) {
                        for (const VolumeOptions& volume : host.storage().volumes()) {
                            sink(volume_row(host, volume));
                        }
                    }});
    repository->add("Win32_Service", {.produce = [](const Demand&, const Sink& sink) {
                        cim::Instance row{"Win32_Service"};
                        put(row, "Name", "vmms");
                        put(row, "DisplayName", "Hyper-V Virtual Machine Management");
                        put(row, "State", "Running");
                        put(row, "StartMode", "Auto");
                        sink(std::move(row));
                    }});
    repository->add("Win32_Directory", {.produce = [&host](const Demand& demand, const Sink& sink) {
                        give_folders(host, demand, sink);
                    }});
    add_files(*repository, host);
    return repository;
}

} // namespace watari::sim::host::cimv2
