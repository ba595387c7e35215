#include "generations/quotas.hpp"

#include "generations/embedded.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/json.hpp>

namespace watari {

namespace {

namespace json = boost::json;

/// A value holds from the generation that names it until the next one that does.
std::optional<std::uint64_t> value_for(const json::value& quotas, std::string_view name,
                                       Generation generation)
{
    const auto& list = quotas.as_array();
    const auto* const quota = std::ranges::find_if(
        list, [&](const json::value& each) { return each.at("name").as_string() == name; });
    const json::value* found = nullptr;
    for (const Generation at : all_generations) {
        const auto* const named = quota->at("values").as_object().if_contains(to_string(at));
        found = named != nullptr ? &named->at("value") : found;
        if (at == generation) {
            break;
        }
    }
    if (found == nullptr || found->is_null()) {
        return std::nullopt;
    }
    return found->to_number<std::uint64_t>();
}

ServiceQuotas read_quotas(const json::value& quotas, Generation generation)
{
    const auto number = [&](std::string_view name) {
        return value_for(quotas, name, generation).value_or(0);
    };
    ServiceQuotas result{
        .envelope_bytes = number("envelope_kib") * 1024,
        .timeout = std::chrono::milliseconds{number("timeout_ms")},
        .batch_items = static_cast<std::uint32_t>(number("batch_items")),
        .operations_per_user = static_cast<std::uint32_t>(number("operations_per_user")),
        .plugin_operations_per_user = std::nullopt,
        .enumeration_timeout = std::chrono::milliseconds{number("enumeration_timeout_ms")},
        .connections = number("connections")};
    if (const auto limit = value_for(quotas, "plugin_operations_per_user", generation)) {
        result.plugin_operations_per_user = static_cast<std::uint32_t>(*limit);
    }
    return result;
}

} // namespace

const ServiceQuotas& default_quotas(Generation generation)
{
    static const auto all = [] {
        const json::value document = json::parse(generations::embedded::quotas());
        std::array<ServiceQuotas, all_generations.size()> made;
        for (std::size_t at = 0; at < all_generations.size(); ++at) {
            made[at] = read_quotas(document.at("quotas"), all_generations[at]);
        }
        return made;
    }();
    return all.at(static_cast<std::size_t>(generation));
}

} // namespace watari
