#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "generations/generation.hpp"
#include "generations/profile.hpp"
#include "sim/engine/jobs.hpp"
#include "sim/engine/network.hpp"
#include "sim/engine/storage.hpp"
#include "sim/engine/vm.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

struct SwitchOptions {
    std::string name;
    bool external = true;
    bool host_has_port = true;
    std::vector<std::uint16_t> trunk = {}; ///< VLANs an operator lets the uplink carry (2008 R2)
};

struct HostLimits {
    std::uint64_t memory_mib = 65536;
    std::uint64_t memory_reserve_mib = 2048; ///< the host's own
    std::uint32_t processors = 16;           ///< logical
    std::uint32_t sockets = 2;
    std::uint64_t vm_memory_mib_max = 1'048'576;
    std::uint32_t vm_processors_max = 64;
    std::uint32_t vms_running_max = 1024;
};

/// How long acts take on the host's clock. Orders of magnitude only, not measured on hosts.
struct Durations {
    std::chrono::milliseconds start{2'000};
    std::chrono::milliseconds turn_off{500};
    std::chrono::milliseconds save{4'000};
    std::chrono::milliseconds pause{300};
    std::chrono::milliseconds settings{400};
    std::chrono::milliseconds checkpoint{2'500};
    std::chrono::milliseconds merge_per_gib{3'000};
    std::chrono::milliseconds disk_create{700};
    std::chrono::milliseconds disk_copy_per_gib{8'000}; ///< full copy or fixed creation
    std::chrono::milliseconds reboot{90'000};
};

struct EngineOptions {
    std::string name = "HV01"; ///< computer name
    Generation generation = Generation::ws2012r2;
    std::map<std::string, std::string> switches =
        {}; ///< profile switches that differ from their defaults
    HostLimits limits = {};
    Durations durations = {};
    std::vector<VolumeOptions> volumes = {VolumeOptions{},
                                          VolumeOptions{.letter = 'D', .used = ByteSize{}}};
    std::vector<std::string> folders = {"D:\\VMs", "D:\\Images"}; ///< there from the start
    std::vector<SwitchOptions> networks = {{.name = "Customers"}};
    std::filesystem::path folder = {}; ///< of this host's real disks; empty: metadata only
};

struct NewVm {
    Settings settings;           ///< made by Host::fresh_settings and changed by the caller
    std::optional<Uuid> id = {}; ///< import keeps one
};

/// One simulated Hyper-V host: the truth both namespaces show. One loop; nothing here waits. Acts
/// that a host refuses throw refuse(). The acts happen at once; those that take time on a host
/// return a Job and happen (or fail) when it ends.
class Host
{
public:
    Host(Clock& clock, Random& random, EngineOptions options);
    ~Host();

    const std::string& name() const noexcept { return options_.name; }
    Generation generation() const noexcept { return options_.generation; }
    const EngineOptions& options() const noexcept { return options_; }
    const Profile& profile() const noexcept { return profile_; }
    /// Tests flip switches of a living host.
    Profile& profile() noexcept { return profile_; }
    Clock& clock() noexcept { return clock_; }
    Random& random() noexcept { return random_; }
    Storage& storage() noexcept { return storage_; }
    Jobs& jobs() noexcept { return jobs_; }
    WallTime booted() const noexcept { return booted_; }
    bool is_up() const noexcept { return up_; }

    // VMs, in order of creation.
    const std::vector<std::unique_ptr<Vm>>& vms() const noexcept { return vms_; }
    Vm* find_vm(const Uuid& id) noexcept;
    /// The VM, or the one that owns the checkpoint, named at the front of an InstanceID
    /// ("Microsoft:<id>…", case-insensitive).
    struct Named {
        Vm* vm = nullptr;
        const Checkpoint* checkpoint = nullptr; ///< null: the current settings
        std::string device;                     ///< the rest behind "\", may be empty
    };
    std::optional<Named> find_by_instance_id(std::string_view instance_id);
    /// The VM, or the checkpoint and its VM.
    std::optional<Named> find_owner(const Uuid& id);
    /// Settings as this generation makes them when a client gives nothing (fresh-vm.md 1).
    Settings fresh_settings(int vm_generation);
    Vm& define_vm(NewVm request);
    const Job& destroy_vm(const Uuid& id);
    /// Checks as a whole, then changes; `change` works on a copy.
    void change_settings(Vm& vm, const std::function<void(Settings&)>& change);
    /// Slots, parents, locks of a running VM, file checks; sets id and slot where the host chooses
    /// them. Returns the device as stored.
    const Device& add_device(Vm& vm, Device device);
    void change_device(Vm& vm, std::string_view id, const std::function<void(Device&)>& change);
    void remove_device(Vm& vm, std::string_view id);
    /// 32775 when it is there already or cannot go.
    const Job& change_state(Vm& vm, Power power);
    /// Integration service: throws 32775 when the VM does not run, 32780 when the guest does not
    /// answer (v1 numbers UNVERIFIED for v2).
    void shut_down_guest(Vm& vm, bool force);
    std::uint64_t uptime_ms(const Vm& vm) const;
    bool guest_answers(const Vm& vm) const;

    // Checkpoints.
    const Job& create_checkpoint(Vm& vm);
    const Job& apply_checkpoint(Vm& vm, const Uuid& checkpoint);
    const Job& destroy_checkpoint(Vm& vm, const Uuid& checkpoint, bool with_children);

    // Switches.
    std::vector<Switch>& networks() noexcept { return networks_; }
    Switch* find_network(const Uuid& id) noexcept;
    const std::vector<Adapter>& adapters() const noexcept { return adapters_; }
    Switch& add_network(SwitchOptions options);
    void remove_network(const Uuid& id);
    void set_feature(Vm& vm, std::string_view connection, Feature feature);

    // Resources.
    std::uint64_t free_memory_mib() const;
    std::string next_dynamic_mac();
    const std::string& dynamic_mac_prefix() const noexcept
    {
        return mac_prefix_;
    } ///< "00155D" + two bytes
    const std::string& default_configuration_root() const noexcept { return configuration_root_; }
    std::string default_disk_root() const;
    void set_default_roots(std::string configuration, std::string disks);

    // Outside events.
    /// Goes down now and comes up after Durations::reboot; host jobs vanish, startup actions are
    /// honoured.
    void reboot();
    /// The volume has no free byte from now on: its running VMs pause.
    void fill_volume(char letter);
    /// The management service only: host jobs vanish, VMs go on.
    void restart_service();
    /// Called when the host goes down (true) or is up again (false): the service drops its
    /// connections.
    void on_power(std::function<void(bool down)> listener)
    {
        power_listener_ = std::move(listener);
    }

private:
    void come_up();
    /// A host job that holds the VM in `during` and ends in `finish`, if the VM is still there.
    const Job& act_on(Vm& vm, VmState during, JobRequest request, std::function<void(Vm&)> finish);
    const Job& begin_start(Vm& vm);
    const Job& begin_turn_off(Vm& vm);
    const Job& begin_save(Vm& vm);
    const Job& begin_reset(Vm& vm, bool by_guest);
    const Job& begin_shutdown(Vm& vm);
    void take_resources(Vm& vm);
    void enter(Vm& vm, VmState state);
    void stop_running(Vm& vm);
    void merge_after(const Uuid& vm, std::string child, std::string into);
    void leave_disk_layer(Vm& vm, const Settings& gone);
    void remove_checkpoint(Vm& vm, const Uuid& checkpoint);
    void touch(Vm& vm);
    void check_settings(const Settings& settings) const;
    void open_disks(Vm& vm);
    void pause_vms_of_full_volumes();
    void write_configuration(const Vm& vm);
    void later(std::chrono::nanoseconds delay, std::function<void()> act);

    Clock& clock_;
    Random& random_;
    EngineOptions options_;
    Profile profile_;
    Storage storage_;
    Jobs jobs_;
    std::vector<std::unique_ptr<Vm>> vms_;
    std::map<Uuid, Vm*> vms_by_id_;
    std::vector<Switch> networks_;
    std::vector<Adapter> adapters_;
    std::string mac_prefix_;
    std::uint32_t macs_given_ = 0;
    std::uint32_t next_process_ = 1000;
    std::string configuration_root_;
    std::string disk_root_;
    WallTime booted_;
    bool up_ = true;
    std::uint64_t next_timer_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Timer>> timers_;
    std::function<void(bool)> power_listener_;
};

} // namespace watari::sim
