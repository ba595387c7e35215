#include "fleet/host_facts.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace watari::fleet {

namespace {

namespace json = boost::json;

constexpr std::array all_capabilities{
    hyperv::Capability::vhdx,
    hyperv::Capability::differencing_from_image,
    hyperv::Capability::vm_generation_2,
    hyperv::Capability::runtime_memory,
    hyperv::Capability::grow_online,
    hyperv::Capability::configuration_versions,
    hyperv::Capability::shutdown_by_state_change,
    hyperv::Capability::class_metadata,
};

std::string text_of(const json::value& value, std::string_view name)
{
    const auto* object = value.if_object();
    const auto* member = object == nullptr ? nullptr : object->if_contains(name);
    const auto* text = member == nullptr ? nullptr : member->if_string();
    return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

std::uint64_t number_of(const json::value& value, std::string_view name)
{
    const auto* object = value.if_object();
    const auto* member = object == nullptr ? nullptr : object->if_contains(name);
    return member != nullptr && member->is_number() ? member->to_number<std::uint64_t>() : 0;
}

const json::array& array_of(const json::value& value, std::string_view name)
{
    static const json::array none;
    const auto* object = value.if_object();
    const auto* member = object == nullptr ? nullptr : object->if_contains(name);
    return member != nullptr && member->is_array() ? member->get_array() : none;
}

json::object& facts_of(store::HostRecord& record)
{
    if (!record.facts.is_object()) {
        record.facts = json::object{};
    }
    return record.facts.get_object();
}

} // namespace

void record_probe(store::HostRecord& record, const hyperv::Probe& probe)
{
    record.namespace_used = std::string{to_string(probe.ns)};
    record.os_version = probe.os_version;
    record.generation =
        probe.generation ? std::optional{std::string{to_string(*probe.generation)}} : std::nullopt;
    auto& facts = facts_of(record);
    facts["stack"] = probe.stack;
    facts["namespace_evidence"] = probe.evidence;
    json::object capabilities;
    for (const auto& [capability, evidence] : probe.capabilities.all()) {
        capabilities[to_string(capability)] =
            json::object{{"present", evidence.present}, {"by", evidence.by}};
    }
    record.capabilities = std::move(capabilities);
}

std::optional<hyperv::Probe> recorded_probe(const store::HostRecord& record)
{
    if (!record.namespace_used) {
        return std::nullopt;
    }
    hyperv::Probe probe;
    probe.ns = *record.namespace_used == "v1" ? hyperv::Namespace::v1 : hyperv::Namespace::v2;
    probe.os_version = record.os_version.value_or("");
    probe.generation = generation_from(record.generation.value_or(""));
    probe.stack = text_of(record.facts, "stack");
    probe.evidence = text_of(record.facts, "namespace_evidence");
    const auto* capabilities = record.capabilities.if_object();
    for (const auto capability : all_capabilities) {
        const auto* known =
            capabilities == nullptr ? nullptr : capabilities->if_contains(to_string(capability));
        const auto* object = known == nullptr ? nullptr : known->if_object();
        const auto* present = object == nullptr ? nullptr : object->if_contains("present");
        if (present != nullptr && present->is_bool()) {
            probe.capabilities.set(capability, present->get_bool(), text_of(*known, "by"));
        }
    }
    return probe;
}

void record_facts(store::HostRecord& record, const hyperv::HostFacts& facts,
                  std::size_t foreign_vms)
{
    record.memory_total = facts.memory_total;
    record.memory_free = facts.memory_free;
    record.processors = facts.logical_processors;
    json::array volumes;
    for (const auto& volume : facts.volumes) {
        volumes.push_back({{"drive", volume.drive},
                           {"size", volume.size.in_bytes()},
                           {"free", volume.free.in_bytes()}});
    }
    json::array switches;
    for (const auto& known : facts.switches) {
        switches.push_back({{"id", known.id}, {"name", known.name}});
    }
    auto& kept = facts_of(record);
    kept["computer_name"] = facts.computer_name;
    kept["volumes"] = std::move(volumes);
    kept["switches"] = std::move(switches);
    kept["mac_minimum"] = facts.mac_minimum;
    kept["mac_maximum"] = facts.mac_maximum;
    kept["default_vm_folder"] = facts.default_vm_folder;
    kept["foreign_vms"] = foreign_vms;
}

void record_macs(store::HostRecord& record, std::vector<std::string> macs)
{
    std::ranges::sort(macs);
    json::array list;
    for (auto& mac : macs) {
        list.emplace_back(std::move(mac));
    }
    facts_of(record)["macs"] = std::move(list);
}

std::vector<std::string> recorded_macs(const store::HostRecord& record)
{
    std::vector<std::string> macs;
    for (const auto& mac : array_of(record.facts, "macs")) {
        if (const auto* text = mac.if_string()) {
            macs.emplace_back(text->data(), text->size());
        }
    }
    return macs;
}

hyperv::HostFacts recorded_facts(const store::HostRecord& record)
{
    hyperv::HostFacts facts;
    facts.computer_name = text_of(record.facts, "computer_name");
    facts.os_version = record.os_version.value_or("");
    facts.generation = generation_from(record.generation.value_or(""));
    facts.memory_total = record.memory_total;
    facts.memory_free = record.memory_free;
    facts.logical_processors = static_cast<unsigned>(record.processors);
    for (const auto& volume : array_of(record.facts, "volumes")) {
        facts.volumes.push_back({text_of(volume, "drive"),
                                 ByteSize::bytes(number_of(volume, "size")),
                                 ByteSize::bytes(number_of(volume, "free"))});
    }
    for (const auto& known : array_of(record.facts, "switches")) {
        facts.switches.push_back({text_of(known, "id"), text_of(known, "name")});
    }
    facts.mac_minimum = text_of(record.facts, "mac_minimum");
    facts.mac_maximum = text_of(record.facts, "mac_maximum");
    facts.default_vm_folder = text_of(record.facts, "default_vm_folder");
    return facts;
}

std::size_t recorded_foreign_vms(const store::HostRecord& record)
{
    return number_of(record.facts, "foreign_vms");
}

} // namespace watari::fleet
