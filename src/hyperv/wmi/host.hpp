#pragma once

#include "hyperv/wmi/dialect.hpp"

#include <fmt/format.h>

/// What a host is and has.
namespace watari::hyperv::wmi {

/// Windows, memory, processors and volumes through root/cimv2: three requests.
Task<> read_computer(Act& act, HostFacts& facts);

template <class Settings>
void read_service(HostFacts& facts, const std::vector<cim::Instance>& rows)
{
    for (const auto& row : rows) {
        const schema::Object<Settings> service{row};
        facts.mac_minimum = service.get(Settings::MinimumMacAddress).value_or("");
        facts.mac_maximum = service.get(Settings::MaximumMacAddress).value_or("");
        facts.default_vm_folder = service.get(Settings::DefaultExternalDataRoot).value_or("");
    }
}

/// Five requests.
template <IsDialect D>
Task<HostFacts> read_host_facts(Act& act)
{
    using Settings = D::Classes::Msvm_VirtualSystemManagementServiceSettingData;
    using Switch = D::Switch;
    HostFacts facts;
    co_await read_computer(act, facts);
    read_service<Settings>(
        facts, co_await act.query(fmt::format("select * from {}", Settings::class_name)));
    const auto switches = co_await act.query(fmt::format("select * from {}", Switch::class_name));
    for (const auto& row : switches) {
        const schema::Object<Switch> network{row};
        facts.switches.push_back({network.get(Switch::Name).value_or(""),
                                  network.get(Switch::ElementName).value_or("")});
    }
    co_return facts;
}

} // namespace watari::hyperv::wmi
