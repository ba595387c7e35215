#include "schema/catalogue_parts.hpp"

#include "schema/embedded.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace watari::schema {

namespace {

namespace json = boost::json;

const json::object& document(std::string_view ns)
{
    if (ns == v1_namespace) {
        static const json::value v1 = json::parse(embedded::v1());
        return v1.as_object();
    }
    if (ns == v2_namespace) {
        static const json::value v2 = json::parse(embedded::v2());
        return v2.as_object();
    }
    static const json::value cimv2 = json::parse(embedded::cimv2());
    return cimv2.as_object();
}

bool flag(const json::object& from, std::string_view name)
{
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->as_bool();
}

std::string text(const json::object& from, std::string_view name)
{
    const json::value* value = from.if_contains(name);
    return value != nullptr ? std::string{value->as_string()} : std::string{};
}

std::vector<std::string> texts(const json::value& from)
{
    std::vector<std::string> result;
    for (const json::value& item : from.as_array()) {
        result.emplace_back(item.as_string());
    }
    return result;
}

/// "since" and "until" name the first and the last generation that has a thing.
bool exists(const json::object& thing, std::optional<Generation> generation)
{
    if (!generation) {
        return true;
    }
    const json::value* since = thing.if_contains("since");
    const json::value* until = thing.if_contains("until");
    return (since == nullptr || *generation >= generation_from(since->as_string()).value()) &&
           (until == nullptr || *generation <= generation_from(until->as_string()).value());
}

const json::array& list(const json::object& from, std::string_view name)
{
    static const json::array none;
    const json::value* value = from.if_contains(name);
    return value != nullptr ? value->as_array() : none;
}

cim::Type type_of(const json::object& from)
{
    return cim::type_from(from.at("type").as_string()).value();
}

MethodInfo read_method(const json::object& from, std::optional<Generation> generation)
{
    MethodInfo method{.name = text(from, "name")};
    if (const json::value* returns = from.if_contains("returns")) {
        method.returns = cim::type_from(returns->as_string()).value();
    }
    for (const json::value& item : list(from, "parameters")) {
        const json::object& parameter = item.as_object();
        if (exists(parameter, generation)) {
            method.parameters.push_back({.name = text(parameter, "name"),
                                         .type = type_of(parameter),
                                         .is_array = flag(parameter, "array"),
                                         .in = flag(parameter, "in"),
                                         .out = flag(parameter, "out"),
                                         .reference_class = text(parameter, "reference"),
                                         .embedded_class = text(parameter, "embedded")});
        }
    }
    return method;
}

/// Builds one class at a time, from its declaration down to its bases'; what a class declares hides
/// what a base declares under that name, also where the class's own does not exist in this
/// generation.
class ClassReader
{
public:
    ClassReader(const json::object& classes, std::optional<Generation> generation)
        : classes_(classes), generation_(generation)
    {
    }

    std::unique_ptr<ClassEntry> read(std::string_view name, const json::object& from)
    {
        auto entry = std::make_unique<ClassEntry>();
        ClassInfo& info = entry->info;
        info.name = name;
        info.superclass = text(from, "superclass");
        info.is_abstract = flag(from, "abstract");
        info.is_association = flag(from, "association");
        entry->is_hidden = !exists(from, generation_);
        if (const json::value* keys = from.if_contains("keys")) {
            info.keys = texts(*keys);
        }
        seen_properties_.clear();
        seen_methods_.clear();
        for (const json::object* at = &from; at != nullptr; at = superclass_of(*at)) {
            add_properties(info, *at);
            add_methods(info, *at);
        }
        for (std::size_t i = 0; i < info.properties.size(); ++i) {
            entry->properties.emplace(info.properties[i].name, i);
        }
        return entry;
    }

private:
    using Seen = std::unordered_map<std::string, bool, NameHash, NameEqual>;

    const json::object* superclass_of(const json::object& from) const
    {
        const json::value* name = from.if_contains("superclass");
        const json::value* found =
            name != nullptr ? classes_.if_contains(name->as_string()) : nullptr;
        return found != nullptr ? &found->as_object() : nullptr;
    }

    void add_properties(ClassInfo& info, const json::object& from)
    {
        for (const json::value& item : list(from, "properties")) {
            const json::object& property = item.as_object();
            std::string name = text(property, "name");
            if (!seen_properties_.emplace(name, true).second || !exists(property, generation_)) {
                continue;
            }
            const bool is_key = std::ranges::find(info.keys, name) != info.keys.end();
            info.properties.push_back({.name = std::move(name),
                                       .type = type_of(property),
                                       .is_array = flag(property, "array"),
                                       .is_key = is_key,
                                       .is_read_write = flag(property, "write")});
        }
    }

    void add_methods(ClassInfo& info, const json::object& from)
    {
        for (const json::value& item : list(from, "methods")) {
            const json::object& method = item.as_object();
            if (seen_methods_.emplace(text(method, "name"), true).second &&
                exists(method, generation_)) {
                info.methods.push_back(read_method(method, generation_));
            }
        }
    }

    const json::object& classes_;
    std::optional<Generation> generation_;
    Seen seen_properties_;
    Seen seen_methods_;
};

/// v1's put_rule: these classes take Put, and of them these properties, whatever their documented
/// access is.
void read_put(const json::object& from, Catalogue::Parts& parts)
{
    const json::value* put = from.if_contains("put");
    if (put == nullptr) {
        return;
    }
    for (const auto& [name, properties] : put->as_object()) {
        parts.put_classes.emplace_back(name);
        const auto entry = parts.classes.find(std::string_view{name});
        for (const json::value& property : properties.as_array()) {
            if (const auto found =
                    entry->second->properties.find(std::string_view{property.as_string()});
                found != entry->second->properties.end()) {
                entry->second->info.properties[found->second].is_read_write = true;
            }
        }
    }
}

Writability effect_from(std::string_view name)
{
    return name == "ignored"   ? Writability::ignored
           : name == "refused" ? Writability::refused
                               : Writability::accepted;
}

std::vector<WritableRule> read_rules(std::string_view ns, std::optional<Generation> generation)
{
    static const json::value table = json::parse(embedded::writable());
    std::vector<WritableRule> rules;
    for (const json::value& item : table.at("rules").as_array()) {
        const json::object& rule = item.as_object();
        if (rule.at("namespace").as_string() != ns || !exists(rule, generation)) {
            continue;
        }
        WritableRule read{.class_name = text(rule, "class"),
                          .properties = texts(rule.at("properties")),
                          .methods = texts(rule.at("methods")),
                          .effect = effect_from(rule.at("effect").as_string())};
        read.is_for_all = read.properties == std::vector<std::string>{"*"};
        rules.push_back(std::move(read));
    }
    return rules;
}

} // namespace

std::size_t NameHash::operator()(std::string_view name) const noexcept
{
    std::size_t hash = 14695981039346656037ULL; // FNV-1a
    for (const char c : name) {
        const auto lower = static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        hash = (hash ^ lower) * 1099511628211ULL;
    }
    return hash;
}

bool WritableRule::names(std::string_view property, std::string_view method) const noexcept
{
    const auto same_as = [](std::string_view name) {
        return [name](const std::string& other) { return cim::same_name(name, other); };
    };
    return std::ranges::any_of(methods, same_as(method)) &&
           (is_for_all || std::ranges::any_of(properties, same_as(property)));
}

const ClassEntry* Catalogue::Parts::find(std::string_view class_name) const noexcept
{
    const auto found = classes.find(class_name);
    return found == classes.end() ? nullptr : found->second.get();
}

std::optional<std::size_t> Catalogue::Parts::distance(std::string_view class_name,
                                                      std::string_view base) const noexcept
{
    std::size_t steps = 0;
    for (std::string_view at = class_name; !at.empty(); ++steps) {
        const ClassEntry* entry = find(at);
        if (cim::same_name(at, base)) {
            return entry != nullptr || steps > 0 ? std::optional{steps} : std::nullopt;
        }
        if (entry == nullptr) {
            return std::nullopt;
        }
        at = entry->info.superclass;
    }
    return std::nullopt;
}

std::optional<Catalogue::Parts> read_parts(std::string_view ns,
                                           std::optional<Generation> generation)
{
    const json::object& from = document(ns);
    if (!exists(from, generation)) {
        return std::nullopt;
    }
    Catalogue::Parts parts;
    parts.ns = ns;
    const json::object& classes = from.at("classes").as_object();
    ClassReader reader{classes, generation};
    for (const auto& [name, body] : classes) {
        parts.classes.emplace(name, reader.read(name, body.as_object()));
    }
    read_put(from, parts);
    parts.rules = read_rules(ns, generation);
    return parts;
}

} // namespace watari::schema
