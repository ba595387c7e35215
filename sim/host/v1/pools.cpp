#include "schema/templates.hpp"
#include "sim/host/v1/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

/// Resource pools, what they can allocate, and the templates clients start their settings from. The
/// Default ones are recorded (schema/v1.json default_templates), their ranges inferred.
namespace watari::sim::host::v1 {

namespace {

struct Range {
    std::string_view name;
    std::uint16_t role;  ///< ValueRole
    std::uint16_t range; ///< ValueRange
};

constexpr std::array ranges{Range{"Default", 0, 0}, Range{"Minimum", 3, 1}, Range{"Maximum", 3, 2},
                            Range{"Increment", 3, 3}};

struct Pool {
    std::string id; ///< GUID as recorded
    schema::ResourceSubtype kind;
};

std::string bare_id(std::string_view pool_id)
{
    constexpr std::string_view prefix = "Microsoft:";
    if (pool_id.starts_with(prefix)) {
        pool_id.remove_prefix(prefix.size());
    }
    return std::string{pool_id.substr(0, pool_id.find('\\'))};
}

const std::vector<Pool>& pools()
{
    static const std::vector<Pool> known = [] {
        std::vector<Pool> found;
        for (const schema::ResourceSubtype& kind : schema::resource_subtypes()) {
            if (!kind.pool_id.empty() && !kind.v1_subtype.empty()) {
                found.push_back({bare_id(kind.pool_id), kind});
            }
        }
        return found;
    }();
    return known;
}

std::string template_id(const Pool& pool, std::string_view range)
{
    return fmt::format("Microsoft:Definition\\{}\\{}",
                       Uuid::parse(pool.id).value_or(Uuid{}).upper(), range);
}

struct Amounts {
    std::uint64_t minimum = 0;
    std::uint64_t maximum = 1;
    std::uint64_t increment = 1;
};

Amounts amounts(const View& view, std::string_view class_name)
{
    const HostLimits& limits = view.host().options().limits;
    if (class_name == "Msvm_MemorySettingData") {
        return {.minimum = 32, .maximum = limits.vm_memory_mib_max, .increment = 2};
    }
    if (class_name == "Msvm_ProcessorSettingData") {
        return {.minimum = 1, .maximum = limits.vm_processors_max, .increment = 1};
    }
    return {};
}

/// Every template of the generation; those of a VM's own settings last.
const std::vector<cim::Instance>& templates_of(Generation generation)
{
    static const std::map<Generation, std::vector<cim::Instance>> known = [] {
        std::map<Generation, std::vector<cim::Instance>> all;
        for (const Generation each : all_generations) {
            all[each] = schema::default_templates(each, schema::v1_namespace);
            std::ranges::move(schema::v1_new_vm_settings(), std::back_inserter(all[each]));
        }
        return all;
    }();
    return known.at(generation);
}

const cim::Instance* default_template(const View& view, const Pool& pool)
{
    const auto& all = templates_of(view.host().generation());
    const auto at = std::ranges::find_if(all, [&](const cim::Instance& candidate) {
        const std::string* subtype = candidate["ResourceSubType"].string();
        return subtype != nullptr && cim::same_name(*subtype, pool.kind.v1_subtype);
    });
    return at == all.end() ? nullptr : &*at;
}

cim::Instance ranged(const View& view, const Pool& pool, const Range& range, cim::Instance instance)
{
    const Amounts amount = amounts(view, instance.class_name());
    Row row{std::move(instance)};
    row.set("InstanceID", template_id(pool, range.name));
    if (range.range == 1) {
        row.set("VirtualQuantity", amount.minimum)
            .set("Limit", amount.minimum)
            .set("Reservation", amount.minimum);
    } else if (range.range == 2) {
        row.set("VirtualQuantity", amount.maximum)
            .set("Limit", amount.maximum)
            .set("Reservation", amount.maximum);
    } else if (range.range == 3) {
        row.set("VirtualQuantity", amount.increment)
            .set("Limit", amount.increment)
            .set("Reservation", 0)
            .set("ConsumerVisibility", 2);
    }
    return row.take();
}

std::string_view pool_class(const Pool& pool)
{
    return pool.kind.v1_class == "Msvm_ProcessorSettingData" ? "Msvm_ProcessorPool"
                                                             : "Msvm_ResourcePool";
}

std::string pool_instance_id(const Pool& pool)
{
    return fmt::format("Microsoft:{}\\Root", pool.id);
}

std::string capabilities_id(const Pool& pool)
{
    return "Microsoft:" + pool.id;
}

cim::Instance pool_row(const View& view, const Pool& pool)
{
    Row row{pool_class(pool)};
    row.set("InstanceID", pool_instance_id(pool))
        .set("PoolID", "")
        .set("Primordial", true)
        .set("ElementName", pool.kind.v1_subtype);
    row.set("ResourceType", pool.kind.v1_type.value_or(1))
        .set("ResourceSubType", pool.kind.v1_subtype);
    row.set("HealthState", 5).set("OperationalStatus", numbers({2})).set("Status", "OK");
    const HostLimits& limits = view.host().options().limits;
    if (pool.kind.v1_class == "Msvm_MemorySettingData") {
        row.set("AllocationUnits", "MB")
            .set("Capacity", limits.memory_mib)
            .set("Reserved", limits.memory_mib - view.host().free_memory_mib());
    } else if (pool.kind.v1_class == "Msvm_ProcessorSettingData") {
        row.set("AllocationUnits", "Processor Cores")
            .set("Capacity", limits.processors)
            .set("Reserved", 0);
    }
    return row.take();
}

void produce_pools(const View& view, std::string_view class_name, const Sink& sink)
{
    for (const Pool& pool : pools()) {
        if (pool_class(pool) == class_name) {
            sink(pool_row(view, pool));
        }
    }
}

cim::Instance capabilities_row(const Pool& pool)
{
    Row row{"Msvm_AllocationCapabilities"};
    row.set("InstanceID", capabilities_id(pool))
        .set("ElementName", pool.kind.v1_subtype)
        .set("Caption", "Allocation Capabilities");
    row.set("ResourceType", pool.kind.v1_type.value_or(1))
        .set("ResourceSubType", pool.kind.v1_subtype)
        .set("RequestTypesSupported", 3);
    return row.set("SharingMode", 2).take();
}

} // namespace

void produce_templates(const View& view, const Demand& demand, std::string_view class_name,
                       const Sink& sink)
{
    if (!demand.may_mean_ownerless()) {
        return;
    }
    for (const Pool& pool : pools()) {
        if (pool.kind.v1_class != class_name) {
            continue;
        }
        if (const cim::Instance* base = default_template(view, pool)) {
            for (const Range& range : ranges) {
                sink(ranged(view, pool, range, *base));
            }
        }
    }
}

std::uint64_t count_templates(const View& view, std::string_view class_name)
{
    return ranges.size() *
           static_cast<std::uint64_t>(std::ranges::count_if(pools(), [&](const Pool& pool) {
               return pool.kind.v1_class == class_name && default_template(view, pool) != nullptr;
           }));
}

void add_pools(const View& view)
{
    for (const char* class_name : {"Msvm_ResourcePool", "Msvm_ProcessorPool"}) {
        view.repository().add(class_name,
                              {.produce = [view, class_name](const Demand&, const Sink& sink) {
                                  produce_pools(view, class_name, sink);
                              }});
    }
    view.repository().add("Msvm_AllocationCapabilities",
                          {.produce = [](const Demand&, const Sink& sink) {
                              for (const Pool& pool : pools()) {
                                  sink(capabilities_row(pool));
                              }
                          }});
    view.repository().add(
        "Msvm_ElementCapabilities", {.produce = [view](const Demand&, const Sink& sink) {
            for (const Pool& pool : pools()) {
                sink(
                    Row{"Msvm_ElementCapabilities"}
                        .set("ManagedElement", view.by_id(pool_class(pool), pool_instance_id(pool)))
                        .set("Capabilities",
                             view.by_id("Msvm_AllocationCapabilities", capabilities_id(pool)))
                        .take());
            }
        }});
    view.repository().add(
        "Msvm_SettingsDefineCapabilities", {.produce = [view](const Demand&, const Sink& sink) {
            for (const Pool& pool : pools()) {
                if (default_template(view, pool) == nullptr) {
                    continue;
                }
                for (const Range& range : ranges) {
                    sink(Row{"Msvm_SettingsDefineCapabilities"}
                             .set("GroupComponent",
                                  view.by_id("Msvm_AllocationCapabilities", capabilities_id(pool)))
                             .set("PartComponent",
                                  view.by_id(pool.kind.v1_class, template_id(pool, range.name)))
                             .set("PropertyPolicy", 0)
                             .set("ValueRole", range.role)
                             .set("ValueRange", range.range)
                             .take());
                }
            }
        }});
}

} // namespace watari::sim::host::v1
