#include "sim/host/v2/shapes.hpp"

#include "schema/templates.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>

namespace watari::sim::host::v2 {

namespace {

/// A kind of resource the host can give: its pool, and the template a client starts from.
struct Pool {
    std::string id; ///< GUID as in the template's InstanceID
    std::uint64_t type = 0;
    std::string subtype;
    cim::ObjectPath preset;
};

using Pools = std::shared_ptr<const std::vector<Pool>>;

/// `Microsoft:Definition\<pool>\Default` → the pool.
std::string pool_of(const cim::Instance& preset)
{
    const std::string* id = preset["InstanceID"].string();
    if (id == nullptr) {
        return {};
    }
    const auto begin = id->find('\\');
    const auto end = begin == std::string::npos ? begin : id->find('\\', begin + 1);
    return end == std::string::npos ? std::string{} : id->substr(begin + 1, end - begin - 1);
}

cim::ObjectPath pool_path(const Host& host, const Pool& pool)
{
    return object_path(host, "Msvm_ResourcePool", {{"InstanceID", "Microsoft:" + pool.id}});
}

cim::ObjectPath capabilities_path(const Host& host, const Pool& pool)
{
    return object_path(host, "Msvm_AllocationCapabilities",
                       {{"InstanceID", "Microsoft:" + pool.id}});
}

cim::Instance pool_row(const Host& host, const Pool& pool)
{
    cim::Instance row{"Msvm_ResourcePool"};
    put(row, "InstanceID", "Microsoft:" + pool.id);
    put(row, "ResourceType", pool.type);
    put(row, "ResourceSubType", pool.subtype);
    put(row, "Primordial", true);
    put(row, "PoolID", "");
    if (pool.type == 4) {
        put(row, "Capacity", host.options().limits.memory_mib);
        put(row, "Reserved", host.options().limits.memory_mib - host.free_memory_mib());
        put(row, "AllocationUnits", "byte * 2^20");
    } else if (pool.type == 3) {
        put(row, "Capacity", host.options().limits.processors);
        put(row, "AllocationUnits", "count");
    }
    return row;
}

void add_pools(Repository& repository, Host& host, const Pools& pools)
{
    repository.add("Msvm_ResourcePool",
                   {.produce = [&host, pools](const Demand&, const Sink& sink) {
                       for (const Pool& pool : *pools) {
                           sink(pool_row(host, pool));
                       }
                   }});
    repository.add("Msvm_AllocationCapabilities",
                   {.produce = [pools](const Demand&, const Sink& sink) {
                       for (const Pool& pool : *pools) {
                           cim::Instance row{"Msvm_AllocationCapabilities"};
                           put(row, "InstanceID", "Microsoft:" + pool.id);
                           put(row, "ResourceType", pool.type);
                           put(row, "ResourceSubType", pool.subtype);
                           sink(std::move(row));
                       }
                   }});
    repository.add("Msvm_ElementCapabilities",
                   {.produce = [&host, pools](const Demand&, const Sink& sink) {
                       for (const Pool& pool : *pools) {
                           cim::Instance row{"Msvm_ElementCapabilities"};
                           put(row, "ManagedElement", cim::Value{pool_path(host, pool)});
                           put(row, "Capabilities", cim::Value{capabilities_path(host, pool)});
                           sink(std::move(row));
                       }
                   }});
    repository.add("Msvm_SettingsDefineCapabilities",
                   {.produce = [&host, pools](const Demand&, const Sink& sink) {
                       for (const Pool& pool : *pools) {
                           cim::Instance row{"Msvm_SettingsDefineCapabilities"};
                           put(row, "GroupComponent", cim::Value{capabilities_path(host, pool)});
                           put(row, "PartComponent", cim::Value{pool.preset});
                           put(row, "PropertyPolicy", 0);
                           put(row, "ValueRange", 0);
                           put(row, "ValueRole", 0);
                           sink(std::move(row));
                       }
                   }});
}

} // namespace

/// Templates stand beside the instances of their class (`Microsoft:Definition\<pool>\Default`);
/// pools and capabilities lead to them.
void add_templates(Repository& repository, Host& host)
{
    std::map<std::string, std::vector<cim::Instance>> by_class;
    auto pools = std::make_shared<std::vector<Pool>>();
    for (cim::Instance& preset :
         schema::default_templates(host.generation(), schema::v2_namespace)) {
        const std::string* subtype = preset["ResourceSubType"].string();
        std::string pool = pool_of(preset);
        if (subtype != nullptr && !pool.empty()) {
            pools->push_back({.id = std::move(pool),
                              .type = preset["ResourceType"].unsigned_integer().value_or(1),
                              .subtype = *subtype,
                              .preset = object_path(host, preset.class_name(),
                                                    {{"InstanceID", preset["InstanceID"]}})});
        }
        by_class[preset.class_name()].push_back(std::move(preset));
    }
    for (const auto& [class_name, presets] : by_class) {
        repository.add_constant(class_name, presets);
    }
    add_pools(repository, host, pools);
}

} // namespace watari::sim::host::v2
