#include "sim/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::uint32_t ide_slots = 2;
constexpr std::uint32_t scsi_slots = 64;
constexpr std::ptrdiff_t scsi_controllers_max = 4;
constexpr std::ptrdiff_t synthetic_nics_max = 8;
constexpr std::ptrdiff_t legacy_nics_max = 4;

std::ptrdiff_t count(const Settings& settings, DeviceKind kind)
{
    return std::ranges::count(settings.devices, kind, &Device::kind);
}

/// "…\0\D" → "…\0\L": a medium's id is its drive's with another last letter (fresh-vm.md 3).
std::string medium_id(const Device& drive)
{
    std::string id = drive.id;
    if (!id.empty()) {
        id.back() = 'L';
    }
    return id;
}

const Device& parent_of(const Settings& settings, const Device& device)
{
    const Device* parent = settings.find(device.parent);
    if (parent == nullptr) {
        refuse(code::invalid_parameter, "The parent of the device does not exist");
    }
    return *parent;
}

void place_drive(const Settings& settings, Device& drive)
{
    const Device& controller = parent_of(settings, drive);
    if (!is_controller(controller.kind)) {
        refuse(code::invalid_parameter, "The parent of the drive is not a controller");
    }
    const std::uint32_t slots =
        controller.kind == DeviceKind::scsi_controller ? scsi_slots : ide_slots;
    const auto taken = settings.on(controller.id);
    const auto is_taken = [&](std::uint32_t slot) {
        return std::ranges::any_of(taken, [&](const Device* other) { return other->slot == slot; });
    };
    if (drive.slot == any_slot) {
        drive.slot = 0;
        while (drive.slot < slots && is_taken(drive.slot)) {
            ++drive.slot;
        }
    }
    if (drive.slot >= slots || is_taken(drive.slot)) {
        refuse(code::invalid_parameter,
               fmt::format("Slot {} of the controller does not exist or is taken", drive.slot));
    }
    drive.id = fmt::format("{}\\{}\\D", controller.id, drive.slot);
}

void place_medium(const Settings& settings, Storage& storage, Device& medium)
{
    const Device& drive = parent_of(settings, medium);
    const bool fits =
        (medium.kind == DeviceKind::hard_disk && drive.kind == DeviceKind::disk_drive) ||
        (medium.kind == DeviceKind::dvd_medium && drive.kind == DeviceKind::dvd_drive) ||
        (medium.kind == DeviceKind::floppy_medium && drive.kind == DeviceKind::floppy_drive);
    if (!fits || !settings.on(drive.id).empty()) {
        refuse(code::invalid_parameter, "The drive is of another kind or has a medium");
    }
    medium.path = storage.local_path(medium.path);
    if (!storage.file_exists(medium.path)) {
        refuse(code::file_not_found, fmt::format("The file '{}' does not exist", medium.path));
    }
    if (medium.kind == DeviceKind::hard_disk) {
        static_cast<void>(storage.disk(medium.path));
        for (const Device& other : settings.devices) {
            if (other.kind == DeviceKind::hard_disk && cim::same_name(other.path, medium.path)) {
                refuse(code::in_use,
                       "The virtual hard disk is attached to this virtual machine already");
            }
        }
    }
    medium.id = medium_id(drive);
}

void normalise_mac(Device& nic)
{
    std::string digits;
    for (const char letter : nic.mac) {
        if (letter != '-' && letter != ':') {
            digits += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        }
    }
    const bool is_mac =
        digits.size() == 12 && digits.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (nic.static_mac && !is_mac) {
        refuse(code::invalid_parameter, fmt::format("'{}' is not a MAC address", nic.mac));
    }
    nic.mac = nic.static_mac ? digits : std::string{};
}

bool may_add_while_running(Generation generation, const Settings& settings, const Device& device)
{
    if (is_nic(device.kind)) {
        return generation >= Generation::ws2016 && settings.generation == 2;
    }
    if (device.kind == DeviceKind::connection) {
        return true;
    }
    const Device* parent = settings.find(device.parent);
    if (is_drive(device.kind)) {
        return parent != nullptr && parent->kind == DeviceKind::scsi_controller;
    }
    if (device.kind == DeviceKind::hard_disk && parent != nullptr) {
        const Device* controller = settings.find(parent->parent);
        return controller != nullptr && controller->kind == DeviceKind::scsi_controller;
    }
    return is_medium(device.kind);
}

} // namespace

const Device& Host::add_device(Vm& vm, Device device)
{
    Settings& settings = vm.settings;
    if (vm.state != VmState::off && !may_add_while_running(generation(), settings, device)) {
        refuse(code::invalid_state,
               "The device cannot be added while the virtual machine is running");
    }
    const bool is_second_generation = settings.generation == 2;
    switch (device.kind) {
    case DeviceKind::scsi_controller:
        if (count(settings, device.kind) >= scsi_controllers_max) {
            refuse(code::failed, "The virtual machine has all SCSI controllers it can have");
        }
        device.id = Uuid::random(random_).upper() + "\\0";
        device.address.clear();
        break;
    case DeviceKind::disk_drive:
    case DeviceKind::dvd_drive:
        place_drive(settings, device);
        break;
    case DeviceKind::hard_disk:
    case DeviceKind::dvd_medium:
    case DeviceKind::floppy_medium:
        place_medium(settings, storage_, device);
        break;
    case DeviceKind::synthetic_nic:
    case DeviceKind::legacy_nic: {
        const bool is_legacy = device.kind == DeviceKind::legacy_nic;
        if ((is_legacy && is_second_generation) ||
            count(settings, device.kind) >= (is_legacy ? legacy_nics_max : synthetic_nics_max)) {
            refuse(code::failed,
                   "The virtual machine cannot have another network adapter of that kind");
        }
        normalise_mac(device);
        device.id = Uuid::random(random_).upper() + (is_legacy ? "\\0" : "");
        if (!device.static_mac && profile_.is("dynamic_mac_before_start", "assigned")) {
            device.mac = next_dynamic_mac();
        }
        break;
    }
    case DeviceKind::connection: {
        const Device& nic = parent_of(settings, device);
        if (!is_nic(nic.kind) || !settings.on(nic.id).empty()) {
            refuse(code::invalid_parameter, "The parent is no network adapter, or is connected");
        }
        if (device.network && find_network(*device.network) == nullptr) {
            refuse(code::invalid_parameter, "The switch does not exist");
        }
        device.id = nic.id + "\\C";
        device.enabled = device.network.has_value();
        break;
    }
    default:
        refuse(code::not_supported, "A device of that kind cannot be added");
    }
    if (device.kind == DeviceKind::hard_disk && vm.state != VmState::off) {
        const std::string holder = vm.id.upper();
        storage_.lock(device.path, true, holder);
    }
    const bool boots =
        (device.kind == DeviceKind::synthetic_nic) ||
        ((device.kind == DeviceKind::disk_drive || device.kind == DeviceKind::dvd_drive) &&
         profile_.is("boot_source_order_on_add", "nic_and_drives"));
    if (is_second_generation && boots) {
        settings.boot_sources.push_back(device.id);
    }
    settings.devices.push_back(std::move(device));
    touch(vm);
    return settings.devices.back();
}

void Host::change_device(Vm& vm, std::string_view id, const std::function<void(Device&)>& change)
{
    Device* device = vm.settings.find(id);
    if (device == nullptr) {
        refuse(code::invalid_parameter, "There is no such device");
    }
    Device changed = *device;
    change(changed);
    if (is_medium(changed.kind) && !cim::same_name(changed.path, device->path)) {
        changed.path = storage_.local_path(changed.path);
        if (vm.state != VmState::off && changed.kind == DeviceKind::hard_disk) {
            refuse(code::invalid_state,
                   "The disk cannot be exchanged while the virtual machine is running");
        }
        if (!storage_.file_exists(changed.path)) {
            refuse(code::file_not_found, fmt::format("The file '{}' does not exist", changed.path));
        }
    }
    if (is_nic(changed.kind)) {
        const bool new_mac = changed.static_mac != device->static_mac ||
                             (changed.static_mac && changed.mac != device->mac);
        if (new_mac && vm.state != VmState::off) {
            refuse(code::invalid_state,
                   "The MAC address cannot be changed while the virtual machine is running");
        }
        const std::string dynamic = changed.mac;
        normalise_mac(changed);
        if (!changed.static_mac && !new_mac) {
            changed.mac = dynamic;
        }
    }
    if (changed.network && find_network(*changed.network) == nullptr) {
        refuse(code::invalid_parameter, "The switch does not exist");
    }
    *device = std::move(changed);
    touch(vm);
}

void Host::remove_device(Vm& vm, std::string_view id)
{
    const Device* device = vm.settings.find(id);
    if (device == nullptr) {
        refuse(code::invalid_parameter, "There is no such device");
    }
    const DeviceKind kind = device->kind;
    const bool is_removable = kind == DeviceKind::scsi_controller ||
                              kind == DeviceKind::disk_drive || kind == DeviceKind::dvd_drive ||
                              is_medium(kind) || is_nic(kind) || kind == DeviceKind::connection;
    if (!is_removable) {
        refuse(code::not_supported, "The device cannot be removed");
    }
    const auto children = vm.settings.on(device->id);
    if (!is_nic(kind) && !children.empty()) {
        // Observed: 0x80041001 when the medium is still in the drive (fresh-vm.md 6).
        refuse(0x80041001, "The device has children");
    }
    if (vm.state != VmState::off && !may_add_while_running(generation(), vm.settings, *device)) {
        refuse(code::invalid_state,
               "The device cannot be removed while the virtual machine is running");
    }
    const std::string gone = device->id;
    std::vector<std::string> on_it;
    on_it.reserve(children.size());
    for (const Device* child : children) {
        on_it.push_back(child->id);
    }
    for (const std::string& child : on_it) {
        vm.settings.remove(child);
    }
    vm.settings.remove(gone);
    if (kind == DeviceKind::hard_disk && vm.state != VmState::off) {
        storage_.unlock(vm.id.upper());
        open_disks(vm);
    }
    touch(vm);
}

} // namespace watari::sim
