#include "hyperv/v1/driver.hpp"

#include "hyperv/v1/acts.hpp"
#include "hyperv/v1/uplinks.hpp"
#include "hyperv/wmi/driver.hpp"
#include "hyperv/wmi/host.hpp"

namespace watari::hyperv::v1 {

namespace {

/// The acts whose sequence is this namespace's own, and what they remember of the host. See
/// wmi::WmiDriver.
class Acts
{
public:
    using Dialect = v1::Dialect;

    Task<HostFacts> host_facts(Act& act)
    {
        auto facts = co_await wmi::read_host_facts<Dialect>(act);
        co_await learn_uplinks(act, uplinks_); // so that making a VM need not
        co_return facts;
    }
    Task<Inventory> inventory(Act& act, std::vector<HostPath> disk_paths)
    {
        return read_inventory(act, std::move(disk_paths));
    }
    Task<std::vector<VmSummary>> find_by_mark(Act& act, OwnershipMark mark)
    {
        return v1::find_by_mark(act, mark);
    }
    Task<HostVmId> define_vm(Act& act, VmSpec spec, std::optional<HostVmId> earlier)
    {
        return v1::define_vm(act, std::move(spec), earlier);
    }
    Task<> add_devices(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
                       std::vector<NicAttachment> nics)
    {
        return v1::add_devices(act, uplinks_, std::move(vm), std::move(disks), std::move(nics));
    }
    Task<> delete_vm(Act& act, VmRef vm, bool force)
    {
        return v1::delete_vm(act, std::move(vm), force);
    }

private:
    Uplinks uplinks_;
};

} // namespace

std::unique_ptr<Driver> make_driver(wmi::Surroundings around)
{
    return std::make_unique<wmi::WmiDriver<Acts>>(std::move(around));
}

} // namespace watari::hyperv::v1
