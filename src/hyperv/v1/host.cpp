#include "hyperv/v1/inventory.hpp"

#include "hyperv/v1/uplinks.hpp"
#include "schema/cimv2.hpp"
#include "schema/v1.hpp"

namespace watari::hyperv::v1 {

namespace {

using Os = schema::cimv2::Win32_OperatingSystem;
using Computer = schema::cimv2::Win32_ComputerSystem;
using Disk = schema::cimv2::Win32_LogicalDisk;
using Switch = schema::v1::Msvm_VirtualSwitch;
using ServiceSettings = schema::v1::Msvm_VirtualSystemManagementServiceSettingData;

void read_os(HostFacts& facts, const std::vector<cim::Instance>& rows)
{
    for (const auto& row : rows) {
        const schema::Object<Os> os{row};
        facts.os_version = os.get(Os::Version).value_or("");
        facts.generation = generation_of_version(facts.os_version);
        facts.memory_total = ByteSize::kib(os.get(Os::TotalVisibleMemorySize).value_or(0));
        facts.memory_free = ByteSize::kib(os.get(Os::FreePhysicalMemory).value_or(0));
    }
}

void read_computer(HostFacts& facts, const std::vector<cim::Instance>& rows)
{
    for (const auto& row : rows) {
        const schema::Object<Computer> computer{row};
        facts.computer_name = computer.get(Computer::Name).value_or("");
        facts.logical_processors = computer.get(Computer::NumberOfLogicalProcessors).value_or(0);
    }
}

void read_volumes(HostFacts& facts, const std::vector<cim::Instance>& rows)
{
    for (const auto& row : rows) {
        const schema::Object<Disk> disk{row};
        facts.volumes.push_back({disk.get(Disk::DeviceID).value_or(""),
                                 ByteSize::bytes(disk.get(Disk::Size).value_or(0)),
                                 ByteSize::bytes(disk.get(Disk::FreeSpace).value_or(0))});
    }
}

void read_service(HostFacts& facts, const std::vector<cim::Instance>& rows)
{
    for (const auto& row : rows) {
        const schema::Object<ServiceSettings> service{row};
        facts.mac_minimum = service.get(ServiceSettings::MinimumMacAddress).value_or("");
        facts.mac_maximum = service.get(ServiceSettings::MaximumMacAddress).value_or("");
        facts.default_vm_folder =
            service.get(ServiceSettings::DefaultExternalDataRoot).value_or("");
    }
}

} // namespace

Task<HostFacts> read_host_facts(Act& act)
{
    HostFacts facts;
    read_os(facts, co_await act.query("select * from Win32_OperatingSystem", Os::ns));
    read_computer(facts, co_await act.query("select * from Win32_ComputerSystem", Computer::ns));
    // 3: a local disk
    read_volumes(facts,
                 co_await act.query("select * from Win32_LogicalDisk where DriveType=3", Disk::ns));
    read_service(
        facts, co_await act.query("select * from Msvm_VirtualSystemManagementServiceSettingData"));
    const auto switches = co_await act.query("select * from Msvm_VirtualSwitch");
    for (const auto& row : switches) {
        const schema::Object<Switch> network{row};
        facts.switches.push_back({network.get(Switch::Name).value_or(""),
                                  network.get(Switch::ElementName).value_or("")});
    }
    co_await learn_uplinks(act); // so that making a VM need not
    co_return facts;
}

} // namespace watari::hyperv::v1
