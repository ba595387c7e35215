#include "hyperv/v2/driver.hpp"

#include "hyperv/v2/act.hpp"
#include "hyperv/v2/devices.hpp"
#include "hyperv/v2/disk.hpp"
#include "hyperv/v2/files.hpp"
#include "hyperv/v2/inventory.hpp"
#include "hyperv/v2/memory.hpp"
#include "hyperv/v2/power.hpp"
#include "hyperv/v2/summary.hpp"
#include "hyperv/v2/vm.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v2 {

namespace {

std::string frame(std::string_view doing, const HostVmId& vm)
{
    return fmt::format("{} VM {}", doing, vm.value().upper());
}

/// Every call is one Act; the acts are in the files beside this one.
class V2Driver final : public Driver
{
public:
    V2Driver(http::Client& client, Clock& clock, Random& random, Capabilities capabilities,
             std::string host_name, std::function<void(const wsman::RequestRecord&)> on_request)
        : shared_{.client = client,
                  .clock = clock,
                  .random = random,
                  .capabilities = std::move(capabilities),
                  .host_name = std::move(host_name),
                  .on_request = std::move(on_request),
                  .jobs = HostJobs{clock}}
    {
    }

    Namespace ns() const noexcept override { return Namespace::v2; }
    const Capabilities& capabilities() const noexcept override { return shared_.capabilities; }

    Task<HostFacts> host_facts(CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("reading host facts", read_host_facts(act));
    }
    Task<std::vector<VmSummary>> list_vms(CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("listing VMs", read_summaries(act));
    }
    Task<Inventory> inventory(std::span<const HostPath> disk_paths, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("reading the inventory",
                                      read_inventory(act, {disk_paths.begin(), disk_paths.end()}));
    }
    Task<std::optional<Vm>> find_vm(HostVmId guid, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context(frame("reading", guid), v2::find_vm(act, guid));
    }
    Task<std::vector<VmSummary>> find_by_mark(OwnershipMark mark, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return with_mark_of(
            co_await in_context("looking for " + mark.line(), read_summaries(act)), mark);
    }
    Task<std::optional<DiskFacts>> find_disk(HostPath path, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("reading disk " + path, v2::find_disk(act, path));
    }
    Task<std::optional<HostPath>> find_folder(HostPath path, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("looking for folder " + path, v2::find_folder(act, path));
    }

    Task<DiskFacts> create_disk(NewDisk disk, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("creating disk " + disk.path, v2::create_disk(act, disk));
    }
    Task<DiskFacts> grow_disk(HostPath path, ByteSize size, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("growing disk " + path, v2::grow_disk(act, path, size));
    }
    Task<> delete_disk(HostPath path, VmId vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context("deleting disk " + path, v2::delete_disk(act, path, vm));
    }

    Task<HostVmId> define_vm(VmSpec spec, std::optional<HostVmId> earlier,
                             CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("defining VM " + spec.name,
                                      v2::define_vm(act, spec, earlier));
    }
    Task<> add_devices(VmRef vm, std::vector<DiskAttachment> disks, std::vector<NicAttachment> nics,
                       CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("adding devices to", vm.guid),
                            v2::add_devices(act, vm, std::move(disks), std::move(nics)));
    }
    Task<> start(VmRef vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("starting", vm.guid), v2::start(act, vm));
    }
    Task<> shut_down(VmRef vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("shutting down", vm.guid), v2::shut_down(act, vm));
    }
    Task<> turn_off(VmRef vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("turning off", vm.guid), v2::turn_off(act, vm));
    }
    Task<> set_memory(VmRef vm, ByteSize memory, CallContext context) override
    {
        return set_resources(std::move(vm), memory, std::nullopt, std::move(context));
    }
    Task<> set_processors(VmRef vm, unsigned count, CallContext context) override
    {
        return set_resources(std::move(vm), std::nullopt, count, std::move(context));
    }
    Task<> set_resources(VmRef vm, std::optional<ByteSize> memory,
                         std::optional<unsigned> processors, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("changing memory and processors of", vm.guid),
                            v2::set_resources(act, vm, memory, processors));
    }
    Task<> delete_vm(VmRef vm, bool force, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("deleting", vm.guid), v2::delete_vm(act, vm, force));
    }

private:
    Shared shared_;
};

} // namespace

std::unique_ptr<Driver> make_driver(http::Client& client, Clock& clock, Random& random,
                                    Capabilities capabilities, std::string host_name,
                                    std::function<void(const wsman::RequestRecord&)> on_request)
{
    return std::make_unique<V2Driver>(client, clock, random, std::move(capabilities),
                                      std::move(host_name), std::move(on_request));
}

} // namespace watari::hyperv::v2
