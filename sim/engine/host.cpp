#include "sim/engine/host.hpp"

#include "generations/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::size_t element_name_length_max = 256; ///< MaxElementNameLen (fresh-vm.md 8)

Storage::Options storage_options(const EngineOptions& options)
{
    return {.generation = options.generation, .volumes = options.volumes, .folder = options.folder};
}

/// No VM is larger than its host's generation allows.
EngineOptions within_generation(EngineOptions options)
{
    const LimitFacts& known = facts(options.generation).limits;
    HostLimits& limits = options.limits;
    const std::uint64_t processors =
        std::max(known.vcpu_gen1.value_or(0), known.vcpu_gen2.value_or(0));
    if (processors != 0) {
        limits.vm_processors_max = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(limits.vm_processors_max, processors));
    }
    const ByteSize memory =
        std::max(known.memory_gen1.value_or(ByteSize{}), known.memory_gen2.value_or(ByteSize{}));
    if (memory != ByteSize{}) {
        limits.vm_memory_mib_max = std::min(limits.vm_memory_mib_max, memory.in_whole_mib());
    }
    return options;
}

Profile profile_of(const EngineOptions& options)
{
    Profile profile = Profile::defaults(options.generation);
    for (const auto& [name, value] : options.switches) {
        profile.set(name, value);
    }
    return profile;
}

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

Host::Host(Clock& clock, Random& random, EngineOptions options)
    : clock_(clock),
      random_(random),
      options_(within_generation(std::move(options))),
      profile_(profile_of(options_)),
      storage_(clock, random, storage_options(options_)),
      jobs_(clock, random),
      mac_prefix_(fmt::format("00155D{:02X}{:02X}", random.below(256), random.below(256))),
      configuration_root_("C:\\ProgramData\\Microsoft\\Windows\\Hyper-V"),
      booted_(clock.now())
{
    disk_root_ = options_.generation == Generation::ws2025 &&
                         profile_.is("vhd_default_path_2025", "programdata")
                     ? "C:\\ProgramData\\Microsoft\\Windows\\Virtual Hard Disks"
                     : "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks";
    storage_.make_folder(configuration_root_);
    storage_.make_folder(disk_root_);
    for (const std::string& folder : options_.folders) {
        try {
            storage_.make_folder(folder);
        } catch (const Error&) {
            // This host has no such volume.
        }
    }
    for (const SwitchOptions& network : options_.networks) {
        add_network(network);
    }
}

Host::~Host()
{
    timers_.clear();
}

void Host::later(std::chrono::nanoseconds delay, std::function<void()> act)
{
    const std::uint64_t number = next_timer_++;
    timers_[number] = clock_.call_at(clock_.steady() + delay, [this, number, act = std::move(act)] {
        const auto keep = timers_.extract(number);
        act();
    });
}

Vm* Host::find_vm(const Uuid& id) noexcept
{
    const auto at = vms_by_id_.find(id);
    return at == vms_by_id_.end() ? nullptr : at->second;
}

std::optional<Host::Named> Host::find_owner(const Uuid& id)
{
    if (Vm* vm = find_vm(id)) {
        return Named{.vm = vm};
    }
    for (const auto& vm : vms_) {
        if (const Checkpoint* checkpoint = vm->find_checkpoint(id)) {
            return Named{.vm = vm.get(), .checkpoint = checkpoint};
        }
    }
    return std::nullopt;
}

std::optional<Host::Named> Host::find_by_instance_id(std::string_view instance_id)
{
    constexpr std::string_view prefix = "Microsoft:";
    if (instance_id.size() < prefix.size() + 36 ||
        !cim::same_name(instance_id.substr(0, prefix.size()), prefix)) {
        return std::nullopt;
    }
    const auto id = Uuid::parse(instance_id.substr(prefix.size(), 36));
    std::string_view rest = instance_id.substr(prefix.size() + 36);
    if (!id || (!rest.empty() && rest.front() != '\\')) {
        return std::nullopt;
    }
    auto found = find_owner(*id);
    if (found) {
        found->device = rest.empty() ? rest : rest.substr(1);
    }
    return found;
}

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

Vm& Host::define_vm(NewVm request)
{
    check_settings(request.settings);
    request.settings.configuration_root = storage_.local_path(request.settings.configuration_root);
    auto vm = std::make_unique<Vm>();
    vm->id = request.id.value_or(Uuid::random(random_));
    if (find_vm(vm->id) != nullptr) {
        refuse(code::invalid_parameter, "A virtual machine with that id exists");
    }
    vm->settings = std::move(request.settings);
    vm->requested_state = static_cast<std::uint16_t>(profile_.number("fresh_requested_state"));
    vm->settings_changed = clock_.now();
    if (profile_.is("fresh_time_of_last_state_change", "creation")) {
        vm->state_changed = clock_.now();
    }
    write_configuration(*vm);
    Vm& stored = *vms_.emplace_back(std::move(vm));
    vms_by_id_[stored.id] = &stored;
    return stored;
}

void Host::write_configuration(const Vm& vm)
{
    const bool is_xml = generation() <= Generation::ws2012r2;
    storage_.write_file(fmt::format("{}\\Virtual Machines\\{}.{}", vm.settings.configuration_root,
                                    vm.id.upper(), is_xml ? "xml" : "vmcx"),
                        is_xml ? 40'000 : 60'000);
}

const Job& Host::destroy_vm(const Uuid& id)
{
    Vm* vm = find_vm(id);
    if (vm == nullptr) {
        refuse(code::invalid_parameter, "There is no such virtual machine");
    }
    if (vm->state != VmState::off && vm->state != VmState::saved) {
        refuse(code::invalid_state, "The virtual machine is not off");
    }
    return jobs_.start({.type = 3,
                        .text = "Destroying Virtual Machine",
                        .duration = options_.durations.settings,
                        .affected = {Subject{.kind = Subject::Kind::vm, .id = id}},
                        .finish = [this, id] {
                            Vm* gone = find_vm(id);
                            if (gone == nullptr) {
                                refuse(code::failed, "The virtual machine is gone");
                            }
                            if (gone->state != VmState::off && gone->state != VmState::saved) {
                                refuse(code::invalid_state, "The virtual machine is not off");
                            }
                            for (const char* extension : {"xml", "vmcx", "bin", "vsv"}) {
                                const std::string file = fmt::format(
                                    "{}\\Virtual Machines\\{}.{}",
                                    gone->settings.configuration_root, id.upper(), extension);
                                if (storage_.file_exists(file)) {
                                    storage_.remove_file(file);
                                }
                            }
                            for (Switch& network : networks_) {
                                std::erase_if(network.ports, [&](const SwitchPort& port) {
                                    return port.vm == id && !port.made_by_client;
                                });
                            }
                            vms_by_id_.erase(id);
                            std::erase_if(vms_, [&](const std::unique_ptr<Vm>& candidate) {
                                return candidate->id == id;
                            });
                        }});
}

void Host::touch(Vm& vm)
{
    vm.settings_changed = clock_.now();
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

std::uint64_t Host::uptime_ms(const Vm& vm) const
{
    if (!vm.running_since) {
        return static_cast<std::uint64_t>(vm.on_time.count());
    }
    return static_cast<std::uint64_t>(
        (vm.on_time +
         std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - *vm.running_since))
            .count());
}

bool Host::guest_answers(const Vm& vm) const
{
    return vm.guest.installed && vm.state == VmState::running &&
           uptime_ms(vm) >= static_cast<std::uint64_t>(vm.guest.boot.count());
}

std::uint64_t Host::free_memory_mib() const
{
    std::uint64_t used = options_.limits.memory_reserve_mib;
    for (const auto& vm : vms_) {
        used += vm->assigned_mib;
    }
    return used >= options_.limits.memory_mib ? 0 : options_.limits.memory_mib - used;
}

std::string Host::next_dynamic_mac()
{
    if (macs_given_ >= 256) {
        refuse(code::failed, "The pool of dynamic MAC addresses is empty");
    }
    return fmt::format("{}{:02X}", mac_prefix_, macs_given_++);
}

std::string Host::default_disk_root() const
{
    return disk_root_;
}

void Host::set_default_roots(std::string configuration, std::string disks)
{
    if (!configuration.empty()) {
        configuration_root_ = storage_.local_path(configuration);
    }
    if (!disks.empty()) {
        disk_root_ = storage_.local_path(disks);
    }
}

Switch* Host::find_network(const Uuid& id) noexcept
{
    const auto at = std::ranges::find(networks_, id, &Switch::id);
    return at == networks_.end() ? nullptr : &*at;
}

Switch& Host::add_network(SwitchOptions options)
{
    Switch network{.id = Uuid::random(random_),
                   .name = std::move(options.name),
                   .host_has_port = options.host_has_port};
    const auto new_port = [&](SwitchPort::Kind kind) {
        return SwitchPort{
            .name = Uuid::random(random_).upper(), .friendly_name = network.name, .kind = kind};
    };
    if (options.external) {
        Adapter adapter{.id = Uuid::random(random_)};
        adapter.mac = fmt::format("001E67{:02X}{:02X}{:02X}", random_.below(256),
                                  random_.below(256), random_.below(256));
        if (!adapters_.empty()) {
            adapter.name += fmt::format(" #{}", adapters_.size() + 1);
        }
        network.uplink = adapter.id;
        SwitchPort uplink = new_port(SwitchPort::Kind::external);
        uplink.trunk = options.trunk;
        uplink.endpoint_mode = uplink.trunk.empty() ? uplink.endpoint_mode : std::uint16_t{5};
        network.ports.push_back(std::move(uplink));
        adapters_.push_back(std::move(adapter));
    }
    if (network.host_has_port) {
        network.ports.push_back(new_port(SwitchPort::Kind::internal));
    }
    return networks_.emplace_back(std::move(network));
}

void Host::remove_network(const Uuid& id)
{
    for (const auto& vm : vms_) {
        for (const Device& device : vm->settings.devices) {
            if (device.network == id && vm->state != VmState::off) {
                refuse(code::in_use, "The switch is in use");
            }
        }
    }
    std::erase_if(networks_, [&](const Switch& network) { return network.id == id; });
}

void Host::set_feature(Vm& vm, std::string_view connection, Feature feature)
{
    Device* device = vm.settings.find(connection);
    if (device == nullptr || device->kind != DeviceKind::connection) {
        refuse(code::invalid_parameter, "There is no such connection");
    }
    const auto at = std::ranges::find_if(device->features, [&](const Feature& have) {
        return have.type == feature.type && have.values.class_name() == feature.values.class_name();
    });
    if (at == device->features.end()) {
        device->features.push_back(std::move(feature));
    } else {
        *at = std::move(feature);
    }
    touch(vm);
}

} // namespace watari::sim
