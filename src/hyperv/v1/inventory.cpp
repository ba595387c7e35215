#include "hyperv/wmi/inventory.hpp"

#include "hyperv/v1/acts.hpp"
#include "hyperv/v1/network.hpp"

#include <map>

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

/// Names of the switch ports its NICs are connected to.
std::vector<std::string> ports_of(const Machine& machine)
{
    std::vector<std::string> ports;
    const auto nics = machine.network_adapters();
    for (const auto& nic : nics) {
        if (const auto port = port_of(machine, nic.settings_id)) {
            ports.push_back(port->name);
        }
    }
    return ports;
}

bool has_vlan(const Machine& machine, const std::string& port)
{
    return machine.vlan_of(port) != nullptr;
}

/// The VLAN settings of all ports of the host.
class Vlans
{
public:
    void take(const std::vector<cim::Instance>& instances)
    {
        for (const auto& instance : instances) {
            if (const auto* id = instance["InstanceID"].string()) {
                rows_.insert_or_assign(cim::folded(*id), instance);
            }
        }
    }
    /// See Machine::vlan_ids.
    void name(std::map<std::string, std::string> ids) { ids_ = std::move(ids); }

    /// A machine takes those of its own ports. False: they are not where they were predicted.
    bool give_to(Machine& machine) const
    {
        machine.vlan_ids = ids_;
        const auto ports = ports_of(machine);
        for (const auto& port : ports) {
            const auto known = ids_.find(cim::folded(port));
            const auto row = rows_.find(
                cim::folded(known == ids_.end() ? vlan_settings_id(port) : known->second));
            if (row != rows_.end() && !has_vlan(machine, port)) {
                machine.add(row->second);
            }
        }
        return std::ranges::all_of(
            ports, [&](const std::string& port) { return has_vlan(machine, port); });
    }

private:
    std::map<std::string, cim::Instance> rows_; ///< by folded InstanceID
    std::map<std::string, std::string> ids_;
};

Task<> join_vlans(Act& act, wmi::Rows<Machine>& rows, Vlans vlans)
{
    bool is_complete = true;
    for (auto& [id, machine] : rows.machines()) {
        const bool has_all = vlans.give_to(machine);
        is_complete = is_complete && (has_all || machine.is_checkpoint());
    }
    if (is_complete) {
        co_return;
    }
    vlans.name(co_await read_vlan_ids(act));
    for (auto& [id, machine] : rows.machines()) {
        vlans.give_to(machine);
    }
}

/// Of hosts that name the VLAN settings otherwise than predicted.
Task<> read_vlans_elsewhere(Act& act, Machine& machine, std::vector<std::string> ports)
{
    machine.vlan_ids = co_await read_vlan_ids(act);
    for (const auto& port : ports) {
        const auto id = machine.vlan_ids.find(cim::folded(port));
        if (id == machine.vlan_ids.end()) {
            continue;
        }
        if (const auto row = co_await act.find(wmi::by_instance_id<Machine::Vlan>(id->second))) {
            machine.add(*row);
        }
    }
}

} // namespace

Task<Inventory> read_inventory(Act& act, std::vector<HostPath> disk_paths)
{
    auto summaries = co_await wmi::read_summaries<Dialect>(act);
    wmi::Rows<Machine> rows;
    const std::vector<std::string> sources{
        std::string{Machine::Settings::class_name}, std::string{Machine::Global::class_name},
        std::string{Machine::Memory::class_name},
        // SCSI controllers number the slots, media name the files: the rest says nothing more.
        fmt::format("{} where ResourceType={} or ResourceType={}", Machine::Resource::class_name,
                    resource_type::scsi_controller, resource_type::storage_extent),
        std::string{Machine::Nic::class_name}, std::string{Machine::LegacyNic::class_name}};
    for (const auto& source : sources) {
        rows.take(co_await act.query("select * from " + source));
    }
    Vlans vlans;
    vlans.take(co_await act.query(fmt::format("select * from {}", Machine::Vlan::class_name)));
    co_await join_vlans(act, rows, std::move(vlans));
    co_return Inventory{.vms = rows.join(std::move(summaries)),
                        .disks = co_await wmi::read_disks<Dialect>(act, std::move(disk_paths))};
}

Task<std::optional<Machine>> Dialect::read_with_networks(Act& act, HostVmId vm)
{
    auto machine = co_await v1::read_machine(act, vm, {});
    const auto ports = machine ? ports_of(*machine) : std::vector<std::string>{};
    if (ports.empty()) {
        co_return std::move(machine);
    }
    machine = co_await v1::read_machine(act, vm, ports);
    if (machine && !std::ranges::all_of(
                       ports, [&](const std::string& port) { return has_vlan(*machine, port); })) {
        co_await read_vlans_elsewhere(act, *machine, ports);
    }
    co_return std::move(machine);
}

} // namespace watari::hyperv::v1
