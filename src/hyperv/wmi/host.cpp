#include "hyperv/wmi/host.hpp"

#include "schema/cimv2.hpp"

namespace watari::hyperv::wmi {

namespace {

using Os = schema::cimv2::Win32_OperatingSystem;
using Computer = schema::cimv2::Win32_ComputerSystem;
using Disk = schema::cimv2::Win32_LogicalDisk;

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

} // namespace

Task<> read_computer(Act& act, HostFacts& facts)
{
    read_os(facts, co_await act.query("select * from Win32_OperatingSystem", Os::ns));
    read_computer(facts, co_await act.query("select * from Win32_ComputerSystem", Computer::ns));
    // 3: a local disk
    read_volumes(facts,
                 co_await act.query("select * from Win32_LogicalDisk where DriveType=3", Disk::ns));
}

} // namespace watari::hyperv::wmi
