#include "sim/host/v2/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace watari::sim::host::v2 {

cim::Value texts(std::vector<std::string> values)
{
    cim::Value::Array array;
    for (std::string& value : values) {
        array.emplace_back(std::move(value));
    }
    return cim::Value{std::move(array)};
}

cim::Value numbers(std::initializer_list<std::uint64_t> values)
{
    cim::Value::Array array;
    for (const std::uint64_t value : values) {
        array.emplace_back(value);
    }
    return cim::Value{std::move(array)};
}

cim::Value moment(WallTime time)
{
    return cim::Value{cim::DateTime::moment(time)};
}

cim::Value interval(std::chrono::microseconds length)
{
    return cim::Value{cim::DateTime::interval(length)};
}

cim::Value never()
{
    return moment(WallTime{std::chrono::sys_days{std::chrono::year{1601} / 1 / 1}});
}

std::string setting_id(const Uuid& owner, std::string_view device)
{
    return device.empty() ? fmt::format("Microsoft:{}", owner.upper())
                          : fmt::format("Microsoft:{}\\{}", owner.upper(), device);
}

cim::ObjectPath object_path(const Host& host, std::string_view class_name,
                            std::vector<cim::ObjectPath::Key> keys)
{
    return cim::ObjectPath{std::string{schema::v2_namespace}, std::string{class_name},
                           std::move(keys)}
        .with_host(host.name());
}

cim::ObjectPath system_path(const Host& host, const Uuid& vm)
{
    return object_path(host, "Msvm_ComputerSystem",
                       {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", vm.upper()}});
}

cim::ObjectPath host_path(const Host& host)
{
    return object_path(host, "Msvm_ComputerSystem",
                       {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", host.name()}});
}

cim::ObjectPath settings_path(const Host& host, const Uuid& owner)
{
    return object_path(host, "Msvm_VirtualSystemSettingData", {{"InstanceID", setting_id(owner)}});
}

cim::ObjectPath device_settings_path(const Host& host, const Uuid& owner, const Device& device)
{
    return object_path(host, settings_class(host, device.kind),
                       {{"InstanceID", setting_id(owner, device.id)}});
}

cim::ObjectPath switch_path(const Host& host, const Uuid& network)
{
    return object_path(
        host, "Msvm_VirtualEthernetSwitch",
        {{"CreationClassName", "Msvm_VirtualEthernetSwitch"}, {"Name", network.upper()}});
}

cim::ObjectPath job_path(const Host& host, const Job& job)
{
    std::string_view class_name = "Msvm_ConcreteJob";
    switch (job.job_class) {
    case JobClass::concrete:
        break;
    case JobClass::storage:
        class_name = "Msvm_StorageJob";
        break;
    case JobClass::migration:
        class_name = "Msvm_MigrationJob";
        break;
    }
    return object_path(host, class_name, {{"InstanceID", job.id.upper()}});
}

std::string live_id(const Device& device)
{
    std::string id = device.id;
    for (const std::string_view tail : {"\\Keyboard", "\\Mouse"}) {
        if (id.ends_with(tail)) {
            id.resize(id.size() - tail.size());
        }
    }
    return "Microsoft:" + id;
}

std::string_view live_class(DeviceKind kind) noexcept
{
    switch (kind) {
    case DeviceKind::ide_controller:
        return "Msvm_IDEController";
    case DeviceKind::scsi_controller:
        return "Msvm_SCSIProtocolController";
    case DeviceKind::floppy_controller:
        return "Msvm_DisketteController";
    case DeviceKind::serial_controller:
        return "Msvm_SerialController";
    case DeviceKind::serial_port:
        return "Msvm_SerialPort";
    case DeviceKind::s3_video:
        return "Msvm_S3DisplayController";
    case DeviceKind::synthetic_video:
        return "Msvm_SyntheticDisplayController";
    case DeviceKind::keyboard:
        return "Msvm_Keyboard";
    case DeviceKind::ps2_mouse:
        return "Msvm_PS2Mouse";
    case DeviceKind::synthetic_mouse:
        return "Msvm_SyntheticMouse";
    case DeviceKind::synthetic_keyboard:
        return "Msvm_SyntheticKeyboard";
    case DeviceKind::disk_drive:
        return "Msvm_DiskDrive";
    case DeviceKind::dvd_drive:
        return "Msvm_DVDDrive";
    case DeviceKind::floppy_drive:
        return "Msvm_DisketteDrive";
    case DeviceKind::synthetic_nic:
        return "Msvm_SyntheticEthernetPort";
    case DeviceKind::legacy_nic:
        return "Msvm_EmulatedEthernetPort";
    case DeviceKind::heartbeat_service:
        return "Msvm_HeartbeatComponent";
    case DeviceKind::shutdown_service:
        return "Msvm_ShutdownComponent";
    case DeviceKind::kvp_service:
        return "Msvm_KvpExchangeComponent";
    case DeviceKind::time_sync_service:
        return "Msvm_TimeSyncComponent";
    case DeviceKind::vss_service:
        return "Msvm_VssComponent";
    case DeviceKind::guest_service:
        return "Msvm_GuestServiceInterfaceComponent";
    case DeviceKind::rdv_service:
        return "Msvm_RdvComponent";
    case DeviceKind::hard_disk:
    case DeviceKind::dvd_medium:
    case DeviceKind::floppy_medium:
    case DeviceKind::connection:
        return {};
    }
    std::unreachable();
}

std::string_view settings_class(const Host& host, DeviceKind kind)
{
    constexpr std::string_view general = "Msvm_ResourceAllocationSettingData";
    switch (kind) {
    case DeviceKind::hard_disk:
    case DeviceKind::dvd_medium:
    case DeviceKind::floppy_medium:
        return "Msvm_StorageAllocationSettingData";
    case DeviceKind::synthetic_nic:
        return "Msvm_SyntheticEthernetPortSettingData";
    case DeviceKind::legacy_nic:
        return "Msvm_EmulatedEthernetPortSettingData";
    case DeviceKind::connection:
        return "Msvm_EthernetPortAllocationSettingData";
    case DeviceKind::heartbeat_service:
        return "Msvm_HeartbeatComponentSettingData";
    case DeviceKind::shutdown_service:
        return "Msvm_ShutdownComponentSettingData";
    case DeviceKind::kvp_service:
        return "Msvm_KvpExchangeComponentSettingData";
    case DeviceKind::time_sync_service:
        return "Msvm_TimeSyncComponentSettingData";
    case DeviceKind::vss_service:
        return "Msvm_VssComponentSettingData";
    case DeviceKind::guest_service:
        return "Msvm_GuestServiceInterfaceComponentSettingData";
    case DeviceKind::rdv_service:
        return "Msvm_RdvComponentSettingData";
    case DeviceKind::serial_port:
        return host.generation() >= Generation::ws2016
                   ? std::string_view{"Msvm_SerialPortSettingData"}
                   : general;
    case DeviceKind::synthetic_video:
        return host.generation() >= Generation::ws2016
                   ? std::string_view{"Msvm_SyntheticDisplayControllerSettingData"}
                   : general;
    case DeviceKind::ide_controller:
    case DeviceKind::scsi_controller:
    case DeviceKind::floppy_controller:
    case DeviceKind::serial_controller:
    case DeviceKind::s3_video:
    case DeviceKind::keyboard:
    case DeviceKind::ps2_mouse:
    case DeviceKind::synthetic_mouse:
    case DeviceKind::synthetic_keyboard:
    case DeviceKind::disk_drive:
    case DeviceKind::dvd_drive:
    case DeviceKind::floppy_drive:
        return general;
    }
    std::unreachable();
}

ClassProvider per_owner(Host& host, cim::Instance (*make)(const Host&, const Owner&))
{
    return {.produce =
                [&host, make](const Demand& demand, const Sink& sink) {
                    for_each_owner(host, demand,
                                   [&](const Owner& owner) { sink(make(host, owner)); });
                },
            .count =
                [&host] {
                    std::uint64_t count = 0;
                    for_each_owner(host, {}, [&](const Owner&) { ++count; });
                    return count;
                }};
}

ClassProvider per_device(Host& host, std::vector<DeviceKind> kinds)
{
    const auto visit = [&host, kinds = std::move(kinds)](const Demand& demand, const auto& take) {
        const auto id = demand.text("InstanceID");
        for_each_owner(host, demand, [&](const Owner& owner) {
            for (const Device& device : owner.settings().devices) {
                if (std::ranges::find(kinds, device.kind) != kinds.end() &&
                    (!id || cim::same_name(*id, setting_id(owner.id(), device.id)))) {
                    take(owner, device);
                }
            }
        });
    };
    return {.produce =
                [&host, visit](const Demand& demand, const Sink& sink) {
                    visit(demand, [&](const Owner& owner, const Device& device) {
                        sink(device_settings(host, owner, device));
                    });
                },
            .count =
                [visit] {
                    std::uint64_t count = 0;
                    visit({}, [&](const Owner&, const Device&) { ++count; });
                    return count;
                }};
}

std::uint16_t enabled_state(VmState state) noexcept
{
    // 4 and 10 while changing: Microsoft's sample and observed; 32770 and up are claimed too
    // (UNVERIFIED).
    switch (state) {
    case VmState::off:
        return 3;
    case VmState::running:
        return 2;
    case VmState::starting:
    case VmState::restoring:
    case VmState::resetting:
        return 10;
    case VmState::stopping:
        return 4;
    case VmState::paused:
        return 9;
    case VmState::saved:
        return 6;
    case VmState::saving:
        return 32773;
    case VmState::pausing:
        return 32776;
    case VmState::resuming:
        return 32777;
    }
    std::unreachable();
}

MethodAnswer started(const Host& host, const Job& job)
{
    MethodAnswer answer{.return_value = code::job_started};
    put(answer.output, "Job", cim::Value{job_path(host, job)});
    return answer;
}

} // namespace watari::sim::host::v2
