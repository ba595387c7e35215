#include "sim/host/v2/shapes.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v2 {

namespace {

/// Properties a client gave that mean nothing to the engine are shown as given.
void overlay(cim::Instance& instance, const cim::Instance& other)
{
    for (const cim::Property& property : other.properties()) {
        instance.set(property);
    }
}

std::uint16_t startup_number(StartupAction action)
{
    return action == StartupAction::none ? 2 : action == StartupAction::restart_if_running ? 3 : 4;
}

std::uint16_t shutdown_number(ShutdownAction action)
{
    return action == ShutdownAction::turn_off ? 2 : action == ShutdownAction::save ? 3 : 4;
}

std::uint16_t recovery_number(RecoveryAction action)
{
    return action == RecoveryAction::none ? 2 : action == RecoveryAction::restart ? 3 : 4;
}

/// `\\HOST\root\virtualization\v2:Msvm_BootSourceSettingData.InstanceID="…"`; read with single
/// backslashes (observed).
std::string boot_source_text(const Host& host, const Uuid& owner, const std::string& device)
{
    std::string text = object_path(host, "Msvm_BootSourceSettingData",
                                   {{"InstanceID", setting_id(owner, device) + "\\B"}})
                           .text();
    if (host.profile().is("boot_source_path_backslashes", "doubled")) {
        return text;
    }
    for (auto at = text.find("\\\\", 2); at != std::string::npos; at = text.find("\\\\", at + 1)) {
        text.erase(at, 1);
    }
    return text;
}

void common_resource(cim::Instance& row, const Uuid& owner, std::string_view device,
                     std::string_view caption)
{
    put(row, "AutomaticAllocation", true);
    put(row, "AutomaticDeallocation", true);
    put(row, "Caption", caption);
    put(row, "ConsumerVisibility", 3);
    put(row, "InstanceID", setting_id(owner, device));
    put(row, "PoolID", "");
}

void boot_settings(cim::Instance& row, const Host& host, const Owner& owner)
{
    const Settings& settings = owner.settings();
    cim::Value::Array order;
    for (const std::uint16_t device : settings.boot_order) {
        order.emplace_back(device);
    }
    put(row, "BootOrder", cim::Value{std::move(order)});
    std::vector<std::string> sources;
    sources.reserve(settings.boot_sources.size());
    for (const std::string& device : settings.boot_sources) {
        sources.push_back(boot_source_text(host, owner.id(), device));
    }
    put(row, "BootSourceOrder", texts(std::move(sources)));
    put(row, "SecureBootEnabled", settings.secure_boot);
    if (settings.generation == 2 || host.profile().is("fresh_secure_boot_template", "both")) {
        put(row, "SecureBootTemplateId", "1734C6E8-3154-4DDA-BA5F-A874CC483422");
    }
    put(row, "NetworkBootPreferredProtocol", 4096);
    put(row, "PauseAfterBootFailure", false);
    put(row, "BIOSNumLock", false);
}

void newer_settings(cim::Instance& row, const Host& host, const Owner& owner)
{
    // Properties a generation lacks are dropped by the repository.
    put(row, "AutomaticCriticalErrorAction", 1);
    put(row, "AutomaticCriticalErrorActionTimeout", interval(std::chrono::minutes{30}));
    put(row, "UserSnapshotType", host.profile().number("fresh_snapshot_type"));
    put(row, "AutomaticSnapshotsEnabled", false);
    put(row, "IsAutomaticSnapshot", false);
    put(row, "ConsoleMode", 0);
    put(row, "LockOnDisconnect", false);
    put(row, "GuestControlledCacheTypes", false);
    put(row, "LowMmioGapSize", 128);
    put(row, "HighMmioGapSize", 512);
    put(row, "VirtualNumaEnabled", true);
    put(row, "IncrementalBackupEnabled", false);
    put(row, "AllowFullSCSICommandSet", false);
    put(row, "AllowReducedFcRedundancy", false);
    put(row, "IsSaved", owner.checkpoint == nullptr && owner.vm.state == VmState::saved);
    put(row, "EnhancedSessionTransportType", 0);
    if (owner.settings().generation == 2 && host.profile().is("guest_state_file", "vmgs_gen2")) {
        put(row, "GuestStateFile", fmt::format("Virtual Machines\\{}.vmgs", owner.id().upper()));
    }
}

} // namespace

cim::Instance system_settings(const Host& host, const Owner& owner)
{
    const Settings& settings = owner.settings();
    const bool is_checkpoint = owner.checkpoint != nullptr;
    const bool is_xml = host.generation() <= Generation::ws2012r2;
    cim::Instance row{"Msvm_VirtualSystemSettingData"};
    put(row, "InstanceID", setting_id(owner.id()));
    put(row, "Caption", "Virtual Machine Settings");
    put(row, "Description",
        is_checkpoint ? "Checkpoint settings for the virtual machine."
                      : "Active settings for the virtual machine.");
    put(row, "ElementName", settings.name);
    put(row, "VirtualSystemIdentifier", owner.vm.id.upper());
    put(row, "ConfigurationID", owner.id().upper());
    put(row, "VirtualSystemType",
        is_checkpoint ? "Microsoft:Hyper-V:Snapshot:Realized"
                      : "Microsoft:Hyper-V:System:Realized");
    put(row, "VirtualSystemSubType",
        fmt::format("Microsoft:Hyper-V:SubType:{}", settings.generation));
    put(row, "Version", settings.version);
    if (!settings.notes.empty() || host.profile().is("fresh_notes", "empty_string")) {
        put(row, "Notes", texts({settings.notes}));
    }
    put(row, "AutomaticStartupAction", startup_number(settings.startup_action));
    put(row, "AutomaticStartupActionDelay", interval(settings.startup_delay));
    put(row, "AutomaticShutdownAction", shutdown_number(settings.shutdown_action));
    put(row, "AutomaticRecoveryAction", recovery_number(settings.recovery_action));
    boot_settings(row, host, owner);
    newer_settings(row, host, owner);
    put(row, "BIOSGUID", settings.bios_guid);
    put(row, "BIOSSerialNumber", settings.bios_serial);
    put(row, "BaseBoardSerialNumber", settings.base_board_serial);
    put(row, "ChassisSerialNumber", settings.chassis_serial);
    put(row, "ChassisAssetTag", settings.chassis_asset_tag);
    put(row, "ConfigurationDataRoot", settings.configuration_root);
    put(row, "SnapshotDataRoot", settings.snapshot_root);
    put(row, "SwapFileDataRoot", settings.swap_root);
    put(row, "ConfigurationFile",
        fmt::format("Virtual Machines\\{}.{}", owner.vm.id.upper(), is_xml ? "xml" : "vmcx"));
    const std::string suspend = fmt::format("Virtual Machines\\{}", owner.vm.id.upper());
    put(row, "SuspendDataRoot",
        host.profile().is("suspend_data_root_form", "relative")
            ? suspend
            : fmt::format("{}\\{}", settings.configuration_root, suspend));
    put(row, "GuestStateDataRoot", settings.configuration_root);
    put(row, "CreationTime", moment(settings.created));
    const auto& parent = is_checkpoint ? owner.checkpoint->parent : owner.vm.current_checkpoint;
    if (parent) {
        put(row, "Parent", settings_path(host, *parent).text());
    }
    overlay(row, settings.other);
    return row;
}

cim::Instance memory_settings(const Host&, const Owner& owner)
{
    const MemorySettings& memory = owner.settings().memory;
    cim::Instance row{"Msvm_MemorySettingData"};
    common_resource(row, owner.id(), device_id::memory, "Memory");
    put(row, "AllocationUnits", "byte * 2^20");
    put(row, "VirtualQuantityUnits", "byte * 2^20");
    put(row, "Description", "Settings for Microsoft Virtual Machine Memory.");
    put(row, "ElementName", "Memory");
    put(row, "ResourceType", 4);
    put(row, "ResourceSubType", "Microsoft:Hyper-V:Memory");
    put(row, "VirtualQuantity", memory.startup_mib);
    put(row, "Reservation", memory.minimum_mib);
    put(row, "Limit", memory.maximum_mib);
    put(row, "DynamicMemoryEnabled", memory.dynamic);
    put(row, "TargetMemoryBuffer", memory.buffer_percent);
    put(row, "Weight", memory.weight);
    put(row, "IsVirtualized", true);
    put(row, "SwapFilesInUse", false);
    put(row, "HugePagesEnabled", false);
    put(row, "SgxEnabled", false);
    put(row, "SgxSize", 0);
    put(row, "MaxMemoryBlocksPerNumaNode", 32768);
    overlay(row, memory.other);
    return row;
}

cim::Instance processor_settings(const Host& host, const Owner& owner)
{
    const ProcessorSettings& processor = owner.settings().processor;
    cim::Instance row{"Msvm_ProcessorSettingData"};
    common_resource(row, owner.id(), device_id::processor, "Processor");
    put(row, "AllocationUnits", "percent / 1000");
    put(row, "VirtualQuantityUnits", "count");
    put(row, "Description", "Settings for Microsoft Virtual Processor.");
    put(row, "ElementName", "Processor");
    put(row, "ResourceType", 3);
    put(row, "ResourceSubType", "Microsoft:Hyper-V:Processor");
    put(row, "VirtualQuantity", processor.count);
    put(row, "Reservation", processor.reservation);
    put(row, "Limit", processor.limit);
    put(row, "Weight", processor.weight);
    put(row, "LimitCPUID", processor.limit_cpuid);
    put(row, "LimitProcessorFeatures", processor.limit_features);
    put(row, "MaxNumaNodesPerSocket", 1);
    put(row, "MaxProcessorsPerNumaNode",
        host.options().limits.processors / std::max(1U, host.options().limits.sockets));
    put(row, "EnableHostResourceProtection", false);
    put(row, "ExposeVirtualizationExtensions", false);
    put(row, "CpuGroupId", "00000000-0000-0000-0000-000000000000");
    put(row, "HideHypervisorPresent", false);
    put(row, "HwThreadsPerCore", 0);
    put(row, "DisableSpeculationControls", false);
    put(row, "AllowACountMCount", true);
    put(row, "EnableLegacyApicMode", false);
    put(row, "EnablePageShattering", 0);
    overlay(row, processor.other);
    return row;
}

void add_settings(Repository& repository, Host& host)
{
    repository.add("Msvm_VirtualSystemSettingData", per_owner(host, system_settings));
    repository.add("Msvm_MemorySettingData", per_owner(host, memory_settings));
    repository.add("Msvm_ProcessorSettingData", per_owner(host, processor_settings));
}

} // namespace watari::sim::host::v2
