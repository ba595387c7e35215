#include "hyperv/v2/driver.hpp"

#include "hyperv/v2/acts.hpp"
#include "hyperv/wmi/driver.hpp"
#include "hyperv/wmi/host.hpp"

namespace watari::hyperv::v2 {

namespace {

/// The acts whose sequence is this namespace's own. See wmi::WmiDriver.
struct Acts {
    using Dialect = v2::Dialect;

    Task<HostFacts> host_facts(Act& act) { return wmi::read_host_facts<Dialect>(act); }
    Task<Inventory> inventory(Act& act, std::vector<HostPath> disk_paths)
    {
        return read_inventory(act, std::move(disk_paths));
    }
    /// One request: the mark is in the notes, and the notes are in the summary.
    Task<std::vector<VmSummary>> find_by_mark(Act& act, OwnershipMark mark)
    {
        auto all = co_await wmi::read_summaries<Dialect>(act);
        std::erase_if(all, [&](const VmSummary& vm) { return vm.mark != mark; });
        co_return all;
    }
    Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier)
    {
        return v2::define_vm(act, std::move(spec), earlier);
    }
    Task<> add_devices(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
                       std::vector<NicAttachment> nics)
    {
        return v2::add_devices(act, std::move(vm), std::move(disks), std::move(nics));
    }
    Task<> delete_vm(Act& act, VmRef vm, bool force)
    {
        return wmi::remove_vm<Dialect>(act, std::move(vm), force);
    }
};

} // namespace

std::unique_ptr<Driver> make_driver(wmi::Surroundings around)
{
    return std::make_unique<wmi::WmiDriver<Acts>>(std::move(around));
}

} // namespace watari::hyperv::v2
