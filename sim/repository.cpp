#include "sim/repository.hpp"

#include "cim/wql_condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

std::string text_of(const cim::Value& value)
{
    return value.string() != nullptr ? *value.string() : value.text();
}

/// Whether the instance has every key the path gives; keys it does not give are free (a service
/// addressed by CreationClassName).
bool has_keys(const cim::Instance& instance, const cim::ObjectPath& path)
{
    return std::ranges::all_of(path.keys(), [&](const cim::ObjectPath::Key& key) {
        const cim::Value& value = instance[key.first];
        if (const cim::ObjectPath* reference = value.reference()) {
            if (const cim::ObjectPath* given = key.second.reference()) {
                return given->names_same_instance(*reference);
            }
            const auto parsed = cim::ObjectPath::parse(text_of(key.second));
            return parsed && parsed->names_same_instance(*reference);
        }
        return cim::same_name(text_of(value), text_of(key.second));
    });
}

RepositoryFault no_class(std::string_view ns, std::string_view name)
{
    return RepositoryFault{FaultKind::no_such_class,
                           fmt::format("The namespace {} has no class {}.", ns, name)};
}

RepositoryFault no_property(const schema::ClassInfo& info, std::string_view property)
{
    return RepositoryFault{FaultKind::invalid_query,
                           fmt::format("{} has no property {}.", info.name, property), 0x80041017};
}

/// A WHERE clause on a property the class does not have is an invalid query (WBEM_E_INVALID_QUERY).
/// UNVERIFIED: derived from how SELECT lists are treated. System properties (`__CLASS`) are free.
void check_condition(const schema::ClassInfo& info, const cim::wql::Condition& condition)
{
    if (!condition.property.empty() && !condition.property.starts_with("__") &&
        info.find_property(condition.property) == nullptr) {
        throw no_property(info, condition.property);
    }
    for (const cim::wql::Condition& operand : condition.operands) {
        check_condition(info, operand);
    }
}

} // namespace

Repository::Repository(Host& host, const schema::Catalogue& catalogue)
    : host_(host), catalogue_(catalogue)
{
}

Repository::~Repository() = default;

Repository::Entry& Repository::entry_of(const schema::ClassInfo& info)
{
    auto [at, is_new] = entries_.try_emplace(&info);
    if (is_new) {
        Entry& entry = at->second;
        entry.info = &info;
        for (std::size_t place = 0; place < info.properties.size(); ++place) {
            entry.places.emplace(info.properties[place].name, place);
        }
        families_.clear();
    }
    return at->second;
}

void Repository::add(std::string_view class_name, ClassProvider provider)
{
    if (const schema::ClassInfo* info = catalogue_.find(class_name)) {
        entry_of(*info).provider = std::move(provider);
    }
}

void Repository::add_constant(std::string_view class_name,
                              const std::vector<cim::Instance>& instances)
{
    const schema::ClassInfo* info = catalogue_.find(class_name);
    if (info == nullptr) {
        return;
    }
    Entry& entry = entry_of(*info);
    for (const cim::Instance& instance : instances) {
        entry.constants.push_back(completed(instance, entry));
    }
}

const schema::ClassInfo& Repository::get_class(std::string_view name) const
{
    const schema::ClassInfo* info = catalogue_.find(name);
    if (info == nullptr) {
        throw no_class(ns(), name);
    }
    return *info;
}

const ClassProvider& Repository::provider_of(const cim::Instance& instance) const
{
    return entries_.at(catalogue_.find(instance.class_name())).provider;
}

cim::Instance Repository::completed(const cim::Instance& instance, const Entry& entry)
{
    const auto& declared = entry.info->properties;
    std::vector<const cim::Value*> values(declared.size(), nullptr);
    for (const cim::Property& property : instance.properties()) {
        auto at = entry.places.find(property.name);
        if (at == entry.places.end()) {
            const schema::PropertyInfo* found = entry.info->find_property(property.name);
            at = found == nullptr ? entry.places.end() : entry.places.find(found->name);
        }
        if (at != entry.places.end() && values[at->second] == nullptr) {
            values[at->second] = &property.value;
        }
    }
    cim::Instance whole{entry.info->name};
    whole.reserve(declared.size());
    for (std::size_t place = 0; place < declared.size(); ++place) {
        const schema::PropertyInfo& property = declared[place];
        cim::Value value = values[place] == nullptr ? cim::Value{} : *values[place];
        if (property.is_array && !value.is_null() && !value.is_array()) {
            value = cim::Value::Array{std::move(value)};
        }
        whole.append({.name = property.name,
                      .type = property.type,
                      .is_array = property.is_array,
                      .value = std::move(value)});
    }
    return whole;
}

const std::vector<const Repository::Entry*>& Repository::family_of(const schema::ClassInfo& info)
{
    auto [at, is_new] = families_.try_emplace(&info);
    if (is_new) {
        for (const schema::ClassInfo* candidate : catalogue_.classes()) {
            const auto entry = entries_.find(candidate);
            if (entry != entries_.end() && catalogue_.is_a(candidate->name, info.name)) {
                at->second.push_back(&entry->second);
            }
        }
    }
    return at->second;
}

void Repository::produce(const Entry& entry, const Demand& demand, const Sink& sink)
{
    const ClassProvider& provider = entry.provider;
    if (!provider.produce) {
        return;
    }
    if (demand.builds_class() && provider.count) {
        provider.produce(demand, sink);
        built_ += provider.count();
        return;
    }
    provider.produce(demand.builds_class() ? Demand{} : demand, [&](cim::Instance instance) {
        ++built_;
        sink(std::move(instance));
    });
}

void Repository::visit(const schema::ClassInfo& info, const Demand& demand, const Wants& wants,
                       const Take& take)
{
    for (const Entry* entry : family_of(info)) {
        const bool may_be_constant = demand.may_mean_ownerless();
        if (may_be_constant || demand.builds_class()) {
            built_ += entry->constants.size();
        }
        for (const cim::Instance& instance : entry->constants) {
            if (may_be_constant && wants(instance)) {
                take(instance);
            }
        }
        produce(*entry, demand, [&](cim::Instance instance) {
            if (wants(instance)) {
                take(completed(instance, *entry));
            }
        });
    }
}

std::vector<cim::Instance> Repository::enumerate(std::string_view class_name)
{
    std::vector<cim::Instance> found;
    visit(
        get_class(class_name), {}, [](const cim::Instance&) { return true; },
        [&](cim::Instance instance) { found.push_back(std::move(instance)); });
    return found;
}

std::vector<cim::Instance> Repository::query(std::string_view wql)
{
    const cim::wql::Query query = [&] {
        try {
            return cim::wql::parse(wql);
        } catch (const Error& error) {
            throw RepositoryFault{FaultKind::invalid_query, error.what(), 0x80041017};
        }
    }();
    if (const auto* wanted = std::get_if<cim::wql::Select>(&query)) {
        return select(*wanted);
    }
    return related(std::get<cim::wql::Related>(query));
}

std::vector<cim::Instance> Repository::select(const cim::wql::Select& wanted)
{
    const schema::ClassInfo& info = get_class(wanted.class_name);
    for (const std::string& property : wanted.properties) {
        if (!property.starts_with("__") && info.find_property(property) == nullptr) {
            throw no_property(info, property);
        }
    }
    if (wanted.where) {
        check_condition(info, *wanted.where);
    }
    const bool is_fragment =
        !wanted.properties.empty() && host_.profile().is("wql_projection", "fragment");
    std::vector<cim::Instance> found;
    visit(
        info, Demand::of(wanted),
        [&](const cim::Instance& instance) { return cim::wql::matches(wanted, instance); },
        [&](cim::Instance instance) {
            if (is_fragment) {
                cim::Instance part; // without class: the wire shows it as a fragment
                for (const std::string& name : wanted.properties) {
                    if (const cim::Property* property = instance.find(name)) {
                        part.set(*property);
                    }
                }
                instance = std::move(part);
            }
            found.push_back(std::move(instance));
        });
    return found;
}

std::optional<cim::Instance> Repository::find(const cim::ObjectPath& path)
{
    std::optional<cim::Instance> found;
    visit(
        get_class(path.class_name()), Demand::of(path),
        [&](const cim::Instance& instance) { return !found && has_keys(instance, path); },
        [&](cim::Instance instance) { found = std::move(instance); });
    return found;
}

cim::Instance Repository::get(const cim::ObjectPath& path)
{
    auto found = find(path);
    if (!found) {
        throw RepositoryFault{FaultKind::no_such_instance, "The object does not exist."};
    }
    return std::move(*found);
}

void Repository::check_put(const schema::ClassInfo& info, const cim::Instance& target,
                           const cim::Instance& given) const
{
    for (const cim::Property& property : given.properties()) {
        const schema::PropertyInfo* declared = info.find_property(property.name);
        if (declared == nullptr) {
            throw RepositoryFault{FaultKind::schema_violation,
                                  fmt::format("{} has no property {}.", info.name, property.name)};
        }
        check_value(property, declared->type, declared->is_array);
    }
    if (host_.profile().is("put_omitted_properties", "unchanged")) {
        return;
    }
    for (const schema::PropertyInfo& property : info.properties) {
        if (property.is_read_write && !target[property.name].is_null() &&
            given.find(property.name) == nullptr) {
            throw RepositoryFault{FaultKind::schema_violation,
                                  fmt::format("{} is missing.", property.name)};
        }
    }
}

cim::Instance Repository::put(const cim::ObjectPath& path, const cim::Instance& instance)
{
    const schema::ClassInfo& info = get_class(path.class_name());
    const cim::Instance target = get(path);
    const ClassProvider& provider = provider_of(target);
    if (!catalogue_.accepts_put(info.name) || !provider.put) {
        throw RepositoryFault{FaultKind::not_supported,
                              fmt::format("{} cannot be changed that way.", info.name)};
    }
    check_put(info, target, instance);
    static_cast<void>(provider.put(path_of(target), instance));
    return get(path);
}

void Repository::remove(const cim::ObjectPath& path)
{
    const cim::Instance target = get(path);
    const ClassProvider& provider = provider_of(target);
    if (!provider.remove) {
        throw RepositoryFault{FaultKind::not_supported,
                              fmt::format("{} cannot be deleted that way.", target.class_name())};
    }
    provider.remove(path_of(target));
}

cim::ObjectPath Repository::path_of(const cim::Instance& instance) const
{
    std::vector<cim::ObjectPath::Key> keys;
    if (const schema::ClassInfo* info = catalogue_.find(instance.class_name())) {
        for (const std::string& key : info->keys) {
            keys.emplace_back(key, instance[key]);
        }
    }
    return cim::ObjectPath{std::string{ns()}, instance.class_name(), std::move(keys)}.with_host(
        host_.name());
}

std::string Repository::path_text(const cim::Instance& instance) const
{
    return path_of(instance).text();
}

} // namespace watari::sim
