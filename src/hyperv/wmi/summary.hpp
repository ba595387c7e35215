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
/// VMs per request when all do not fit one answer.
inline constexpr std::size_t summary_chunk = 50;

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

/// 1 + n/chunk requests, for hosts whose VMs do not fit one envelope.
template <IsDialect D>
Task<std::vector<VmSummary>> read_summaries_in_chunks(Act& act)
{
    using Settings = D::Classes::Msvm_VirtualSystemSettingData;
    const auto all = co_await act.query(
        fmt::format("select * from {} where {}", Settings::class_name, D::realized_vms));
    std::vector<VmSummary> vms;
    for (std::size_t first = 0; first < all.size(); first += summary_chunk) {
        std::vector<cim::ObjectPath> some;
        for (std::size_t i = first; i < std::min(all.size(), first + summary_chunk); ++i) {
            const schema::Object<Settings> settings{all[i]};
            some.push_back(
                by_instance_id<Settings>(settings.get(Settings::InstanceID).value_or("")));
        }
        auto rows = co_await read_some_summaries<D>(act, std::move(some));
        std::ranges::move(rows, std::back_inserter(vms));
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
    if (!is_proven(vm, shown) && !seen->mark && !vm.folder.empty()) {
        typename D::Machine source;
        source.add(co_await act.get(D::folder_source(vm.guid)));
        shown.folder = source.folder();
    }
    prove_ownership(vm, shown);
    co_return std::move(*seen);
}

} // namespace watari::hyperv::wmi
