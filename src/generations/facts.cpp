#include "generations/facts.hpp"

#include "generations/embedded.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

namespace watari {

namespace {

namespace json = boost::json;

std::vector<std::string> texts(const json::value& list)
{
    std::vector<std::string> result;
    for (const json::value& item : list.as_array()) {
        result.emplace_back(item.as_string());
    }
    return result;
}

std::optional<std::uint64_t> number(const json::object& limits, std::string_view name)
{
    const json::value& value = limits.at(name);
    return value.is_null() ? std::nullopt : std::optional{value.to_number<std::uint64_t>()};
}

std::optional<ByteSize> size(const json::object& limits, std::string_view name, ByteSize unit)
{
    const auto count = number(limits, name);
    return count ? std::optional{ByteSize::bytes(*count * unit.in_bytes())} : std::nullopt;
}

LimitFacts read_limits(const json::object& from)
{
    const ByteSize mib = ByteSize::mib(1);
    const ByteSize gib = ByteSize::gib(1);
    return {.vcpu_gen1 = number(from, "max_vcpu_gen1"),
            .vcpu_gen2 = number(from, "max_vcpu_gen2"),
            .memory_gen1 = size(from, "max_ram_gb_gen1", gib),
            .memory_gen2 = size(from, "max_ram_gb_gen2", gib),
            .memory_min = size(from, "min_ram_mb", mib),
            .memory_alignment = size(from, "memory_alignment_mb", mib).value(),
            .ide_controllers = number(from, "max_ide_controllers").value(),
            .ide_disks = number(from, "max_ide_disks").value(),
            .scsi_controllers = number(from, "max_scsi_controllers").value(),
            .disks_per_scsi_controller = number(from, "max_disks_per_scsi_controller").value(),
            .synthetic_nics_gen1 = number(from, "max_synthetic_nics_gen1"),
            .synthetic_nics_gen2 = number(from, "max_synthetic_nics_gen2"),
            .legacy_nics_gen1 = number(from, "max_legacy_nics_gen1").value(),
            .checkpoints = number(from, "max_checkpoints").value(),
            .running_vms_per_host = number(from, "max_running_vms_per_host"),
            .logical_processors_per_host = number(from, "max_logical_processors"),
            .vhd_max = size(from, "vhd_max_gb", gib).value(),
            .vhdx_max = size(from, "vhdx_max_gb", gib).value()};
}

FeatureFact read_feature(const json::value& value, std::string confidence)
{
    using State = FeatureFact::State;
    if (value.is_null()) {
        return {State::unknown, {}, std::move(confidence)};
    }
    if (const auto* text = value.if_string()) {
        return {State::partial, std::string{*text}, std::move(confidence)};
    }
    return {value.as_bool() ? State::yes : State::no, {}, std::move(confidence)};
}

std::string default_text(const json::value& value)
{
    if (value.is_null()) {
        return {};
    }
    const auto* text = value.if_string();
    return text != nullptr ? std::string{*text} : json::serialize(value);
}

std::string with_slashes(const json::value& ns)
{
    std::string text{ns.as_string()};
    std::ranges::replace(text, '\\', '/');
    return text;
}

GenerationFacts read_facts(const json::object& from,
                           const std::map<std::string, std::string>& feature_confidence)
{
    GenerationFacts result;
    result.generation = generation_from(from.at("id").as_string()).value();
    const std::string preferred = with_slashes(from.at("namespace_preferred"));
    for (const json::value& ns : from.at("namespaces").as_array()) {
        result.namespaces.push_back(with_slashes(ns));
    }
    std::ranges::partition(result.namespaces,
                           [&](const std::string& ns) { return ns != preferred; });
    const json::object& versions = from.at("config_versions").as_object();
    result.default_config_version = versions.at("default").as_string();
    result.config_versions = texts(versions.at("supported"));
    result.migrate_in_only = texts(versions.at("migrate_in_only"));
    result.limits = read_limits(from.at("limits").as_object());
    const json::object& confidence = from.at("confidence").as_object();
    const std::string usual{confidence.at("default").as_string()};
    for (const auto& limit : from.at("limits").as_object()) {
        result.limit_confidence[limit.key()] = usual;
    }
    if (const auto* special = confidence.if_contains("limits");
        special != nullptr && special->is_object()) {
        for (const auto& limit : special->as_object()) {
            result.limit_confidence[limit.key()] = limit.value().as_string();
        }
    }
    for (const auto& feature : from.at("features").as_object()) {
        const auto found = feature_confidence.find(feature.key());
        result.features[feature.key()] = read_feature(
            feature.value(), found == feature_confidence.end() ? usual : found->second);
    }
    for (const auto& value : from.at("defaults").as_object()) {
        result.defaults[value.key()] = default_text(value.value());
    }
    return result;
}

std::array<GenerationFacts, all_generations.size()> read_all()
{
    const json::value document = json::parse(generations::embedded::generations());
    std::map<std::string, std::string> feature_confidence;
    for (const json::value& feature : document.at("feature_catalog").as_array()) {
        feature_confidence[std::string{feature.at("id").as_string()}] =
            feature.at("confidence").as_string();
    }
    std::array<GenerationFacts, all_generations.size()> result;
    for (const json::value& generation : document.at("generations").as_array()) {
        GenerationFacts read = read_facts(generation.as_object(), feature_confidence);
        const auto index = static_cast<std::size_t>(read.generation);
        result[index] = std::move(read);
    }
    return result;
}

} // namespace

bool GenerationFacts::has_namespace(std::string_view ns) const noexcept
{
    return std::ranges::find(namespaces, ns) != namespaces.end();
}

FeatureFact GenerationFacts::feature(std::string_view id) const
{
    const auto found = features.find(id);
    return found == features.end() ? FeatureFact{} : found->second;
}

std::string_view GenerationFacts::confidence_of_limit(std::string_view name) const noexcept
{
    const auto found = limit_confidence.find(name);
    return found == limit_confidence.end() ? std::string_view{"unknown"}
                                           : std::string_view{found->second};
}

const GenerationFacts& facts(Generation generation)
{
    static const auto all = read_all();
    return all[static_cast<std::size_t>(generation)];
}

} // namespace watari
