#include "sim/engine/host.hpp"

#include "generations/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

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

} // namespace watari::sim
