#include "api/vm_view.hpp"

#include "hyperv/driver.hpp"
#include "store/records/image.hpp"
#include "store/records/network.hpp"
#include "store/records/operation.hpp"
#include "store/records/plan.hpp"
#include "store/records/project.hpp"

namespace watari::api {

namespace {

std::string_view source_name(store::DiskSource source)
{
    return source == store::DiskSource::empty ? std::string_view{"new"} : store::name_of(source);
}

std::string_view lifecycle_name(store::Lifecycle lifecycle)
{
    return lifecycle == store::Lifecycle::resizing ? std::string_view{"changing"}
                                                   : store::name_of(lifecycle);
}

} // namespace

/// None when that record is gone.
template <class Record>
std::optional<std::string> VmViews::name_of(const std::optional<typename Record::Id>& id)
{
    if (!id) {
        return std::nullopt;
    }
    const auto [place, is_new] = names_.try_emplace(id->value());
    if (is_new) {
        if (const auto record = store::find<Record>(transaction_, *id)) {
            place->second = record->name;
        }
    }
    return place->second;
}

const std::optional<store::HostLabel>& VmViews::host(store::HostId id)
{
    const auto [place, is_new] = hosts_.try_emplace(id);
    if (is_new) {
        place->second = store::find_host_label(transaction_, id);
    }
    return place->second;
}

contract::Vm VmViews::of(const store::VmRecord& record)
{
    contract::Vm vm;
    vm.id = record.id.value().lower();
    vm.project = name_of<store::ProjectRecord>(record.project).value_or("");
    vm.name = record.name;
    vm.plan = name_of<store::PlanRecord>(record.plan).value_or("");
    vm.lifecycle = std::string{lifecycle_name(record.lifecycle)};
    vm.power = std::string{store::name_of(record.observed_power)};
    vm.processors = record.wanted_processors;
    vm.memory_mib = record.wanted_memory_mib;
    vm.disk_bytes = static_cast<std::int64_t>(record.wanted_disk_bytes.in_bytes());
    vm.disk_path = record.disk_path;
    vm.disk_format = record.disk_format;
    vm.disk_source = std::string{source_name(record.disk_source)};
    vm.image = name_of<store::ImageRecord>(record.image);
    if (record.host) {
        vm.host = record.host->value().lower();
        if (const auto& label = host(*record.host)) {
            vm.host_name = label->name;
            vm.namespace_ = label->namespace_used;
        }
    }
    vm.host_guid = record.host_guid ? std::optional{record.host_guid->upper()} : std::nullopt;
    vm.network = name_of<store::NetworkRecord>(record.network);
    vm.vlan = record.vlan;
    vm.mac = record.mac ? std::optional{hyperv::MacAddress{*record.mac}.colons()} : std::nullopt;
    if (const auto under_way = store::operation_under_way(transaction_, record.id)) {
        vm.operation = under_way->value().lower();
    }
    vm.version = record.version;
    vm.created = to_rfc3339(record.created);
    vm.updated = to_rfc3339(record.updated);
    return vm;
}

} // namespace watari::api
