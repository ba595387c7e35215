#include "hyperv/wmi/inventory.hpp"
#include "hyperv/v2/acts.hpp"

namespace watari::hyperv::v2 {

Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths)
{
    auto summaries = co_await wmi::read_summaries<Dialect>(act);
    wmi::Rows<Machine> rows;
    const std::vector<std::string_view> classes{
        Machine::Settings::class_name,  Machine::Memory::class_name,
        Machine::Medium::class_name,    Machine::Nic::class_name,
        Machine::LegacyNic::class_name, Machine::Connection::class_name,
        Machine::Vlan::class_name};
    for (const auto class_name : classes) {
        rows.take(co_await act.query(fmt::format("select * from {}", class_name)));
    }
    co_return Inventory{.vms = rows.join(std::move(summaries)),
                        .disks = co_await wmi::read_disks<Dialect>(act, std::move(disk_paths))};
}

} // namespace watari::hyperv::v2
