// What a VM is given when it is defined, and what its settings may become.
#include "sim/engine/host.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim {

namespace {

constexpr std::size_t element_name_length_max = 256; ///< MaxElementNameLen (fresh-vm.md 8)

std::string serial_number(Random& random)
{
    std::string text;
    for (int group = 0; group < 6; ++group) {
        text += fmt::format("{:04}-", random.below(10'000));
    }
    return text + fmt::format("{:02}", random.below(100));
}

Device fixed_device(DeviceKind kind, std::string id, std::string parent = {},
                    std::string address = {})
{
    Device device;
    device.kind = kind;
    device.id = std::move(id);
    device.parent = std::move(parent);
    device.address = std::move(address);
    return device;
}

void add_generation_1_devices(std::vector<Device>& devices, const Profile& profile)
{
    const std::string ide{device_id::ide};
    const std::string floppy{device_id::floppy};
    devices.push_back(fixed_device(DeviceKind::ide_controller, ide + "\\0", {}, "0"));
    devices.push_back(fixed_device(DeviceKind::ide_controller, ide + "\\1", {}, "1"));
    if (profile.yes("define_gen1_has_floppy")) {
        devices.push_back(fixed_device(DeviceKind::floppy_controller, floppy));
        devices.push_back(fixed_device(DeviceKind::floppy_drive, floppy + "\\0\\0\\D", floppy));
        devices.push_back(
            fixed_device(DeviceKind::floppy_medium, floppy + "\\0\\0\\L", floppy + "\\0\\0\\D"));
    }
    if (profile.yes("define_gen1_has_dvd")) {
        devices.push_back(fixed_device(DeviceKind::dvd_drive, ide + "\\1\\0\\D", ide + "\\1"));
    }
    devices.push_back(fixed_device(DeviceKind::s3_video, "7D80D3DB-61EE-4879-8879-5609F1100AD0", {},
                                   "5353,00000000,00"));
    devices.push_back(
        fixed_device(DeviceKind::keyboard, "DE6CDC86-E1FB-4940-801B-C3C1A26C4DA4\\Keyboard"));
    devices.push_back(
        fixed_device(DeviceKind::ps2_mouse, "655BC5C5-A784-46B7-81BC-E26328F7EB0E\\Mouse"));
}

void add_common_devices(std::vector<Device>& devices)
{
    const std::string serial = "8E3A359F-559A-4B6A-98A9-1690A6100ED7";
    devices.push_back(fixed_device(DeviceKind::serial_controller, serial));
    devices.push_back(fixed_device(DeviceKind::serial_port, serial + "\\0", serial, "0"));
    devices.push_back(fixed_device(DeviceKind::serial_port, serial + "\\1", serial, "1"));
    devices.push_back(
        fixed_device(DeviceKind::synthetic_video, "F3CF6965-E8D3-44A9-9B7D-A04245EA7525"));
    devices.push_back(
        fixed_device(DeviceKind::synthetic_mouse, "58F75A6D-D949-4320-99E1-A2A2576D581C"));
}

void add_integration_services(std::vector<Device>& devices, Generation generation)
{
    devices.push_back(
        fixed_device(DeviceKind::heartbeat_service, "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47"));
    devices.push_back(
        fixed_device(DeviceKind::shutdown_service, "9F8233AC-BE49-4C79-8EE3-E7E1985B2077"));
    devices.push_back(
        fixed_device(DeviceKind::kvp_service, "2A34B1C2-FD73-4043-8A5B-DD2159BC743F"));
    devices.push_back(
        fixed_device(DeviceKind::time_sync_service, "2497F4DE-E9FA-4204-80E4-4B75C46419C0"));
    devices.push_back(
        fixed_device(DeviceKind::vss_service, "5CED1297-4598-4915-A5FC-AD21BB4D02A4"));
    if (generation >= Generation::ws2012r2) {
        devices.push_back(
            fixed_device(DeviceKind::guest_service, "6C09BB55-D683-4DA0-8931-C9BF705F6480"));
        devices.back().enabled = false;
    }
    if (generation >= Generation::ws2012) {
        devices.push_back(
            fixed_device(DeviceKind::rdv_service, "6C5ADDB9-A11A-4E8E-84CB-E6208201DB63"));
    }
}

std::string_view config_version(Generation generation)
{
    switch (generation) {
    case Generation::ws2008r2sp1:
    case Generation::ws2012:
        return "4.0";
    case Generation::ws2012r2:
        return "5.0";
    case Generation::vnext:
        return "6.2";
    case Generation::ws2016:
        return "8.0";
    case Generation::ws2019:
        return "9.0";
    case Generation::ws2022:
        return "10.0";
    case Generation::ws2025:
        return "12.0";
    }
    std::unreachable();
}

} // namespace

Settings Host::fresh_settings(int vm_generation)
{
    Settings settings;
    settings.name = "New Virtual Machine";
    settings.generation = vm_generation;
    settings.version = config_version(generation());
    settings.configuration_root = settings.snapshot_root = settings.swap_root = configuration_root_;
    settings.bios_guid = "{" + Uuid::random(random_).upper() + "}";
    settings.bios_serial = serial_number(random_);
    settings.base_board_serial = settings.chassis_serial = settings.chassis_asset_tag =
        settings.bios_serial;
    settings.secure_boot = vm_generation == 2;
    settings.recovery_action =
        profile_.is("fresh_recovery_action", "2") ? RecoveryAction::none : RecoveryAction::restart;
    settings.created = clock_.now();
    settings.memory.startup_mib = static_cast<std::uint64_t>(profile_.number("fresh_memory_mib"));
    settings.memory.dynamic = profile_.yes("fresh_dynamic_memory");
    settings.memory.minimum_mib = settings.memory.dynamic ? 512 : settings.memory.startup_mib;
    settings.memory.maximum_mib =
        settings.memory.dynamic || profile_.is("static_memory_limit", "maximum")
            ? 1'048'576
            : settings.memory.startup_mib;
    if (vm_generation == 1) {
        add_generation_1_devices(settings.devices, profile_);
    } else {
        settings.devices.push_back(
            fixed_device(DeviceKind::synthetic_keyboard, "197F74E3-B84B-46DE-8AE6-82F1CD181CDC"));
        if (profile_.yes("define_gen2_has_scsi")) {
            settings.devices.push_back(
                fixed_device(DeviceKind::scsi_controller, Uuid::random(random_).upper() + "\\0"));
        }
    }
    add_common_devices(settings.devices);
    add_integration_services(settings.devices, generation());
    return settings;
}

void Host::check_settings(const Settings& settings) const
{
    const MemorySettings& memory = settings.memory;
    const auto aligned = [](std::uint64_t mib) { return mib % 2 == 0; };
    if (!aligned(memory.startup_mib) || !aligned(memory.minimum_mib) ||
        !aligned(memory.maximum_mib)) {
        refuse(code::invalid_parameter, "The amount of memory is not a multiple of 2 MB");
    }
    if (memory.startup_mib < 32 || memory.startup_mib > options_.limits.vm_memory_mib_max) {
        refuse(code::invalid_parameter, "The amount of memory is out of range");
    }
    if (memory.dynamic &&
        (memory.minimum_mib > memory.startup_mib || memory.startup_mib > memory.maximum_mib)) {
        refuse(code::invalid_parameter, "Minimum, startup and maximum memory are not in order");
    }
    if (settings.processor.count < 1 ||
        settings.processor.count > options_.limits.vm_processors_max ||
        settings.processor.count > options_.limits.processors) {
        refuse(code::invalid_parameter, "The number of processors is out of range");
    }
    if (settings.name.empty() || settings.name.size() > element_name_length_max) {
        refuse(code::invalid_parameter, "The name is empty or too long");
    }
}

void Host::change_settings(Vm& vm, const std::function<void(Settings&)>& change)
{
    Settings changed = vm.settings;
    change(changed);
    check_settings(changed);
    if (vm.state != VmState::off) {
        const bool hot_memory = generation() >= Generation::ws2016 && !vm.settings.memory.dynamic;
        if (changed.memory.startup_mib != vm.settings.memory.startup_mib &&
            !(hot_memory && vm.state == VmState::running)) {
            refuse(code::invalid_state,
                   "The memory cannot be changed while the virtual machine is running");
        }
        if (changed.memory.dynamic != vm.settings.memory.dynamic ||
            changed.processor.count != vm.settings.processor.count ||
            changed.version != vm.settings.version) {
            refuse(code::invalid_state,
                   "The setting cannot be changed while the virtual machine is running");
        }
        if (changed.memory.startup_mib > vm.assigned_mib + free_memory_mib()) {
            refuse(code::out_of_memory, "Not enough memory in the system");
        }
        vm.assigned_mib = vm.assigned_mib == 0 ? 0 : changed.memory.startup_mib;
    }
    vm.settings = std::move(changed);
    touch(vm);
}

} // namespace watari::sim
