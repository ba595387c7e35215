#include "schema/catalogue.hpp"

#include "schema/catalogue_parts.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace watari::schema {

namespace {

using cim::same_name;

constexpr std::array namespaces{v1_namespace, v2_namespace, cimv2_namespace};

std::optional<cim::PropertyType> system_property(std::string_view name)
{
    if (!name.starts_with("__")) {
        return std::nullopt;
    }
    if (same_name(name, "__DERIVATION")) {
        return cim::PropertyType{cim::Type::string, true};
    }
    const bool is_number = same_name(name, "__GENUS") || same_name(name, "__PROPERTY_COUNT");
    return cim::PropertyType{is_number ? cim::Type::sint32 : cim::Type::string, false};
}

/// Made on first use, kept for good: one slot per namespace and generation, the last slot for any
/// generation.
const Catalogue* cached(std::size_t ns, std::optional<Generation> generation)
{
    struct Slot {
        std::once_flag once;
        std::unique_ptr<const Catalogue> catalogue;
    };
    static std::array<std::array<Slot, all_generations.size() + 1>, namespaces.size()> slots;
    Slot& slot =
        slots[ns][generation ? static_cast<std::size_t>(*generation) : all_generations.size()];
    std::call_once(slot.once, [&] {
        if (auto parts = read_parts(namespaces[ns], generation)) {
            slot.catalogue = std::make_unique<const Catalogue>(std::move(*parts));
        }
    });
    return slot.catalogue.get();
}

const Catalogue* find_cached(std::string_view ns, std::optional<Generation> generation)
{
    for (std::size_t i = 0; i < namespaces.size(); ++i) {
        if (same_name(ns, namespaces[i])) {
            return cached(i, generation);
        }
    }
    return nullptr;
}

} // namespace

const ParameterInfo* MethodInfo::find(std::string_view parameter) const noexcept
{
    const auto found = std::ranges::find_if(
        parameters, [&](const auto& info) { return same_name(info.name, parameter); });
    return found == parameters.end() ? nullptr : &*found;
}

const PropertyInfo* ClassInfo::find_property(std::string_view property) const noexcept
{
    const auto found = std::ranges::find_if(
        properties, [&](const auto& info) { return same_name(info.name, property); });
    return found == properties.end() ? nullptr : &*found;
}

const MethodInfo* ClassInfo::find_method(std::string_view method) const noexcept
{
    const auto found = std::ranges::find_if(
        methods, [&](const auto& info) { return same_name(info.name, method); });
    return found == methods.end() ? nullptr : &*found;
}

const Catalogue* Catalogue::of(Generation generation, std::string_view ns)
{
    return find_cached(ns, generation);
}

const Catalogue* Catalogue::any(std::string_view ns)
{
    return find_cached(ns, std::nullopt);
}

Catalogue::Catalogue(Parts parts) : ns_(parts.ns), parts_(std::make_unique<Parts>(std::move(parts)))
{
    for (const auto& [name, entry] : parts_->classes) {
        if (!entry->is_hidden) {
            classes_.push_back(&entry->info);
        }
    }
    std::ranges::sort(classes_, {}, &ClassInfo::name);
}

Catalogue::~Catalogue() = default;

const ClassInfo* Catalogue::find(std::string_view class_name) const noexcept
{
    const ClassEntry* entry = parts_->find(class_name);
    return entry != nullptr && !entry->is_hidden ? &entry->info : nullptr;
}

bool Catalogue::is_a(std::string_view class_name, std::string_view base) const noexcept
{
    return parts_->distance(class_name, base).has_value();
}

Writability Catalogue::writability(std::string_view class_name, std::string_view property,
                                   std::string_view method) const noexcept
{
    Writability result = Writability::accepted;
    std::size_t nearest = SIZE_MAX;
    for (const WritableRule& rule : parts_->rules) {
        if (!rule.names(property, method)) {
            continue;
        }
        const auto distance = parts_->distance(class_name, rule.class_name);
        if (!distance) {
            continue;
        }
        // A rule for the class beats one for its base, a named property beats "*".
        const std::size_t rank = *distance * 2 + (rule.is_for_all ? 1 : 0);
        if (rank < nearest) {
            nearest = rank;
            result = rule.effect;
        }
    }
    return result;
}

bool Catalogue::accepts_put(std::string_view class_name) const noexcept
{
    const ClassInfo* info = find(class_name);
    if (info == nullptr) {
        return false;
    }
    if (!parts_->put_classes.empty()) {
        return std::ranges::any_of(parts_->put_classes, [&](const std::string& put) {
            return same_name(put, class_name);
        });
    }
    return std::ranges::any_of(info->properties, &PropertyInfo::is_read_write);
}

std::optional<cim::PropertyType> Catalogue::property_type(std::string_view class_name,
                                                          std::string_view property) const
{
    const ClassEntry* entry = parts_->find(class_name);
    if (entry == nullptr || entry->is_hidden) {
        return std::nullopt;
    }
    const auto found = entry->properties.find(property);
    if (found == entry->properties.end()) {
        return system_property(property);
    }
    const PropertyInfo& info = entry->info.properties[found->second];
    return cim::PropertyType{info.type, info.is_array};
}

std::optional<cim::PropertyType> Catalogue::parameter_type(std::string_view class_name,
                                                           std::string_view method,
                                                           std::string_view parameter) const
{
    const ClassInfo* info = find(class_name);
    const MethodInfo* found = info != nullptr ? info->find_method(method) : nullptr;
    if (found == nullptr) {
        return std::nullopt;
    }
    if (same_name(parameter, "ReturnValue")) {
        return cim::PropertyType{found->returns, false};
    }
    const ParameterInfo* type = found->find(parameter);
    return type != nullptr ? std::optional{cim::PropertyType{type->type, type->is_array}}
                           : std::nullopt;
}

} // namespace watari::schema
