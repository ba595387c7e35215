#include "hyperv/v1/summary.hpp"

#include "hyperv/ownership.hpp"
#include "hyperv/v1/birth_mark.hpp"
#include "hyperv/v1/values.hpp"
#include "messages/hyperv.hpp"
#include "schema/v1.hpp"

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_VirtualSystemManagementService;
using GetSummary = Service::GetSummaryInformation;
using Summary = schema::v1::Msvm_SummaryInformation;
using Global = schema::v1::Msvm_VirtualSystemGlobalSettingData;
using Settings = schema::v1::Msvm_VirtualSystemSettingData;

/// Codes of RequestedInformation. Source: schema v1.json, fresh-vm.md 7.
const std::vector<std::uint32_t> wanted_members{
    0 /*Name*/,           1 /*ElementName*/,   3 /*Notes*/, 4 /*NumberOfProcessors*/,
    100 /*EnabledState*/, 103 /*MemoryUsage*/, 105 /*UpTime*/};
/// VMs per request when all do not fit one answer.
constexpr std::size_t chunk = 50;

std::optional<VmSummary> summary_of(const cim::Instance& instance)
{
    const schema::Object<Summary> row{instance};
    const auto guid = Uuid::parse(row.get(Summary::Name).value_or(""));
    if (!guid) {
        return std::nullopt; // the host's own row, or one without a name
    }
    VmSummary vm{.guid = HostVmId{*guid},
                 .name = row.get(Summary::ElementName).value_or(""),
                 .notes = row.get(Summary::Notes).value_or(""),
                 .state = power_state(row.get(Summary::EnabledState).value_or(0)),
                 .processors = row.get(Summary::NumberOfProcessors).value_or(0)};
    vm.mark = mark_in(vm.notes);
    if (const auto mib = row.get(Summary::MemoryUsage); mib && vm.state != PowerState::off) {
        vm.memory_assigned = ByteSize::mib(*mib);
    }
    vm.uptime = std::chrono::milliseconds{row.get(Summary::UpTime).value_or(0)};
    return vm;
}

Task<std::vector<VmSummary>> read_some(Act& act, const std::vector<cim::ObjectPath>& settings)
{
    schema::Call<GetSummary> call;
    if (!settings.empty()) {
        call.set(GetSummary::SettingData, settings); // none: all VMs [documented]
    }
    call.set(GetSummary::RequestedInformation, wanted_members);
    const auto answer = co_await act.ask(call);
    std::vector<VmSummary> vms;
    const auto rows = answer.get(GetSummary::SummaryInformation);
    for (const auto& row : rows) {
        if (auto vm = summary_of(row)) {
            vms.push_back(std::move(*vm));
        }
    }
    co_return vms;
}

/// 1 + n/chunk requests, for hosts whose VMs do not fit one envelope.
Task<std::vector<VmSummary>> read_in_chunks(Act& act)
{
    const auto all =
        co_await act.query("select * from Msvm_VirtualSystemSettingData where SettingType=3");
    std::vector<VmSummary> vms;
    for (std::size_t first = 0; first < all.size(); first += chunk) {
        std::vector<cim::ObjectPath> some;
        for (std::size_t i = first; i < std::min(all.size(), first + chunk); ++i) {
            const schema::Object<Settings> settings{all[i]};
            some.push_back(by_instance_id(Settings::class_name,
                                          settings.get(Settings::InstanceID).value_or("")));
        }
        auto rows = co_await read_some(act, some);
        std::ranges::move(rows, std::back_inserter(vms));
    }
    co_return vms;
}

} // namespace

Task<std::vector<VmSummary>> read_summaries(Act& act)
{
    try {
        co_return co_await read_some(act, {});
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::exhausted) {
            throw;
        }
    }
    co_return co_await read_in_chunks(act);
}

Task<std::optional<VmSummary>> find_summary(Act& act, HostVmId vm)
{
    std::optional<Error> refused;
    try {
        const auto rows = co_await read_some(act, {settings_path(vm)});
        for (const VmSummary& row : rows) {
            if (row.guid == vm) {
                co_return row;
            }
        }
        co_return std::nullopt;
    } catch (const Error& error) {
        // How hosts answer for a VM they do not have is UNVERIFIED: a fault, or a ReturnValue.
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::invalid &&
            error.kind() != ErrorKind::conflict) {
            throw;
        }
        refused = error;
    }
    if (refused->kind() == ErrorKind::not_found || !co_await act.find(settings_path(vm))) {
        co_return std::nullopt;
    }
    throw *refused;
}

Task<VmSummary> look_at_own(Act& act, const VmRef& vm)
{
    auto seen = co_await find_summary(act, vm.guid);
    if (!seen) {
        throw Error{ErrorKind::not_found,
                    message::vm_not_on_host{.guid = vm.guid.value().upper(), .host = act.host()}};
    }
    SeenVm shown{.name = seen->name, .notes = seen->notes};
    if (carries_mark(vm.mark, shown.name, shown.notes, "")) {
        co_return std::move(*seen);
    }
    if (!seen->mark && !vm.folder.empty()) {
        const schema::Object<Global> global{
            co_await act.get(by_instance_id(Global::class_name, global_id(vm.guid)))};
        shown.folder = global.get(Global::ExternalDataRoot).value_or("");
    }
    prove_ownership(vm, shown);
    co_return std::move(*seen);
}

} // namespace watari::hyperv::v1
