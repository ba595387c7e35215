#pragma once

#include "hyperv/ownership.hpp"
#include "hyperv/wmi/dialect.hpp"
#include "hyperv/wmi/errors.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

/// State, name, notes, processors and memory of VMs by GetSummaryInformation.
namespace watari::hyperv::wmi {

/// Codes of RequestedInformation, the same in both namespaces. Source: schema v1.json and v2.json,
/// fresh-vm.md 7.
inline const std::vector<std::uint32_t> summary_members{
    0 /*Name*/,           1 /*ElementName*/,   3 /*Notes*/, 4 /*NumberOfProcessors*/,
    100 /*EnabledState*/, 103 /*MemoryUsage*/, 105 /*UpTime*/};
/// VMs per request when all do not fit one answer: so many references stay below the 150 KB that a
/// request may have at any host, and rows of 3 KB fit the 500 KB of an answer (wsman.md 7). Halved
/// where they do not.
inline constexpr std::size_t summary_chunk = 150;

template <IsDialect D>
std::optional<VmSummary> summary_of(const cim::Instance& instance)
{
    using Summary = D::Classes::Msvm_SummaryInformation;
    const schema::Object<Summary> row{instance};
    const auto guid = Uuid::parse(row.get(Summary::Name).value_or(""));
    if (!guid) {
        return std::nullopt; // the host's own row, or one without a name
    }
    VmSummary vm{.guid = HostVmId{*guid},
                 .name = row.get(Summary::ElementName).value_or(""),
                 .notes = row.get(Summary::Notes).value_or(""),
                 .state = D::power_state(row.get(Summary::EnabledState).value_or(0)),
                 .processors = row.get(Summary::NumberOfProcessors).value_or(0)};
    vm.mark = mark_in(vm.notes);
    if (const auto mib = row.get(Summary::MemoryUsage); mib && vm.state != PowerState::off) {
        vm.memory_assigned = ByteSize::mib(*mib);
    }
    vm.uptime = std::chrono::milliseconds{row.get(Summary::UpTime).value_or(0)};
    return vm;
}

/// In one request, of the VMs with these settings; of none: of all VMs [documented].
template <IsDialect D>
Task<std::vector<VmSummary>> read_some_summaries(Act& act, std::vector<cim::ObjectPath> settings)
{
    using GetSummary = D::Classes::Msvm_VirtualSystemManagementService::GetSummaryInformation;
    schema::Call<GetSummary> call;
    if (!settings.empty()) {
        call.set(GetSummary::SettingData, settings);
    }
    call.set(GetSummary::RequestedInformation, summary_members);
    const auto answer = co_await act.ask(call);
    const auto rows = answer.get(GetSummary::SummaryInformation);
    std::vector<VmSummary> vms;
    vms.reserve(rows.size());
    for (const auto& row : rows) {
        if (auto vm = summary_of<D>(row)) {
            vms.push_back(std::move(*vm));
        }
    }
    co_return vms;
}

/// For hosts whose VMs do not fit one envelope: the systems, then n/chunk requests.
template <IsDialect D>
Task<std::vector<VmSummary>> read_summaries_in_chunks(Act& act)
{
    using System = D::Classes::Msvm_ComputerSystem;
    const auto systems = co_await act.query(fmt::format("select * from {}", System::class_name));
    std::vector<cim::ObjectPath> settings;
    settings.reserve(systems.size());
    for (const auto& instance : systems) {
        const schema::Object<System> system{instance};
        if (const auto vm = Uuid::parse(system.get(System::Name).value_or(""))) { // not the host
            settings.push_back(settings_path<typename D::Classes>(HostVmId{*vm}));
        }
    }
    std::vector<VmSummary> vms;
    vms.reserve(settings.size());
    std::size_t chunk = summary_chunk;
    for (auto first = settings.begin(); first != settings.end();) {
        const auto end = first + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(chunk),
                                                          settings.end() - first);
        try {
            auto rows = co_await read_some_summaries<D>(act, {first, end});
            std::ranges::move(rows, std::back_inserter(vms));
            first = end;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::exhausted || end - first == 1) {
                throw;
            }
            chunk = static_cast<std::size_t>(end - first) / 2;
        }
    }
    co_return vms;
}

/// Of all VMs: one request where the answer fits one envelope.
template <IsDialect D>
Task<std::vector<VmSummary>> read_summaries(Act& act)
{
    try {
        co_return co_await read_some_summaries<D>(act, {});
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::exhausted) {
            throw;
        }
    }
    co_return co_await read_summaries_in_chunks<D>(act);
}

/// nullopt: the host has no such VM.
template <IsDialect D>
Task<std::optional<VmSummary>> find_summary(Act& act, HostVmId vm)
{
    const auto settings = settings_path<typename D::Classes>(vm);
    std::optional<Error> refused;
    try {
        const auto rows = co_await read_some_summaries<D>(act, {settings});
        const auto at = std::ranges::find(rows, vm, &VmSummary::guid);
        co_return at == rows.end() ? std::nullopt : std::optional{*at};
    } catch (const Error& error) {
        // How hosts answer for a VM they do not have is UNVERIFIED: a fault, or a ReturnValue.
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::invalid &&
            error.kind() != ErrorKind::conflict) {
            throw;
        }
        refused = error;
    }
    if (refused->kind() == ErrorKind::not_found || !co_await act.find(settings)) {
        co_return std::nullopt;
    }
    throw *refused;
}

/// State of a VM that is proven to be ours, in one request (two when the proof needs its folder).
/// Throws not_found, conflict (ownership_lost).
template <IsDialect D>
Task<VmSummary> look_at_own(Act& act, VmRef vm)
{
    auto seen = co_await find_summary<D>(act, vm.guid);
    if (!seen) {
        throw_not_on_host(act, vm.guid);
    }
    SeenVm shown{.name = seen->name,
                 .notes = seen->notes,
                 .has_birth_name = D::is_birth_name(vm.mark.vm, seen->name)};
    if (!is_proven(vm, shown) && seen->mark.value_or(vm.mark) == vm.mark && !vm.folder.empty()) {
        typename D::Machine source;
        source.add(co_await act.get(D::folder_source(vm.guid)));
        shown.folder = source.folder();
    }
    prove_ownership(vm, shown);
    co_return std::move(*seen);
}

} // namespace watari::hyperv::wmi
