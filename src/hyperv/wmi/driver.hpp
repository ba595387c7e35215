#pragma once

#include "hyperv/wmi/disk.hpp"
#include "hyperv/wmi/files.hpp"
#include "hyperv/wmi/inventory.hpp"
#include "hyperv/wmi/memory.hpp"
#include "hyperv/wmi/vm.hpp"

#include <memory>

#include <fmt/format.h>

namespace watari::hyperv::wmi {

/// The driver of one namespace: every call is one Act. Most acts are the functions of this folder,
/// which take the namespace's words from `Acts::Dialect`; those whose sequence is the namespace's
/// own are the members of `Acts`.
template <class Acts>
class WmiDriver final : public Driver
{
public:
    using D = Acts::Dialect;
    using Classes = D::Classes;

    explicit WmiDriver(Surroundings around)
        : shared_{.ns = Classes::ns,
                  .around = std::move(around),
                  .jobs = HostJobs{shared_.around.clock, job_reader<Classes>()}}
    {
    }

    Namespace ns() const noexcept override { return D::ns; }
    const Capabilities& capabilities() const noexcept override
    {
        return shared_.around.capabilities;
    }

    Task<HostFacts> host_facts(CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("reading host facts", acts_.host_facts(act));
    }
    Task<std::vector<VmSummary>> list_vms(CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("listing VMs", read_summaries<D>(act));
    }
    Task<Inventory> inventory(std::span<const HostPath> disk_paths, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("reading the inventory",
                                      acts_.inventory(act, {disk_paths.begin(), disk_paths.end()}));
    }
    Task<std::optional<Vm>> find_vm(HostVmId guid, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context(frame("reading", guid), wmi::find_vm<D>(act, guid));
    }
    Task<std::vector<VmSummary>> find_by_mark(OwnershipMark mark, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("looking for " + mark.line(), acts_.find_by_mark(act, mark));
    }
    Task<std::optional<DiskFacts>> find_disk(HostPath path, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("reading disk " + path, D::Images::find(act, path));
    }
    Task<std::optional<HostPath>> find_folder(HostPath path, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("looking for folder " + path, wmi::find_folder(act, path));
    }

    Task<DiskFacts> create_disk(NewDisk disk, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("creating disk " + disk.path,
                                      wmi::create_disk<typename D::Images>(act, disk));
    }
    Task<DiskFacts> grow_disk(GrowDisk disk, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("growing disk " + disk.path,
                                      wmi::grow_disk<typename D::Images>(act, disk));
    }
    Task<> delete_disk(HostPath path, VmId vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context("deleting disk " + path,
                            wmi::delete_disk(act, path, vm, D::Images::read_held_disks));
    }

    Task<HostVmId> define_vm(VmSpec spec, std::optional<HostVmId> earlier,
                             CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_return co_await in_context("defining VM " + spec.name,
                                      acts_.define_vm(act, spec, earlier));
    }
    Task<> add_devices(VmRef vm, std::vector<DiskAttachment> disks, std::vector<NicAttachment> nics,
                       CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("adding devices to", vm.guid),
                            acts_.add_devices(act, vm, std::move(disks), std::move(nics)));
    }
    Task<> start(VmRef vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("starting", vm.guid), wmi::start<D>(act, vm));
    }
    Task<> shut_down(VmRef vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("shutting down", vm.guid), wmi::shut_down<D>(act, vm));
    }
    Task<> turn_off(VmRef vm, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("turning off", vm.guid), wmi::turn_off<D>(act, vm));
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
                            wmi::set_resources<D>(act, vm, memory, processors));
    }
    Task<> delete_vm(VmRef vm, bool force, CallContext context) override
    {
        Act act{shared_, std::move(context)};
        co_await in_context(frame("deleting", vm.guid), acts_.delete_vm(act, vm, force));
    }

private:
    Shared shared_;
    Acts acts_;
};

} // namespace watari::hyperv::wmi
