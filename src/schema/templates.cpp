#include "schema/templates.hpp"

#include "schema/catalogue.hpp"
#include "schema/embedded.hpp"

#include <boost/json.hpp>

namespace watari::schema {

namespace {

namespace json = boost::json;

const json::value& document()
{
    static const json::value templates = json::parse(embedded::templates());
    return templates;
}

cim::Value value_of(const json::value& from)
{
    switch (from.kind()) {
    case json::kind::null:
        return {};
    case json::kind::bool_:
        return cim::Value{from.get_bool()};
    case json::kind::int64:
        return cim::Value{from.get_int64()};
    case json::kind::uint64:
        return cim::Value{from.get_uint64()};
    case json::kind::double_:
        return cim::Value{from.get_double()};
    case json::kind::string:
        return cim::Value{std::string{from.get_string()}};
    case json::kind::array:
    case json::kind::object:
        break;
    }
    cim::Value::Array array;
    for (const json::value& item : from.as_array()) {
        array.push_back(value_of(item));
    }
    return cim::Value{std::move(array)};
}

cim::Instance read_instance(const json::value& from, const Catalogue& catalogue)
{
    cim::Instance instance{std::string{from.at("class").as_string()}};
    for (const auto& property : from.at("properties").as_object()) {
        if (const auto type = catalogue.property_type(instance.class_name(), property.key())) {
            instance.append({std::string{property.key()}, type->type, type->is_array,
                             value_of(property.value())});
        }
    }
    return instance;
}

std::string text(const json::value& from, std::string_view name)
{
    const json::value* value = from.as_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}

std::optional<std::uint16_t> number(const json::value& from, std::string_view name)
{
    const json::value& value = from.at(name);
    return value.is_null() ? std::nullopt : std::optional{value.to_number<std::uint16_t>()};
}

std::vector<ResourceSubtype> read_subtypes()
{
    std::vector<ResourceSubtype> result;
    for (const json::value& from : document().at("resource_subtypes").as_array()) {
        result.push_back({.v1_class = text(from, "v1_class"),
                          .v1_subtype = text(from, "v1_subtype"),
                          .v1_type = number(from, "v1_resource_type"),
                          .v2_class = text(from, "v2_class"),
                          .v2_subtype = text(from, "v2_subtype"),
                          .v2_type = number(from, "v2_resource_type"),
                          .pool_id = text(from, "pool_id"),
                          .evidence = text(from, "evidence")});
    }
    return result;
}

} // namespace

std::vector<cim::Instance> default_templates(Generation generation, std::string_view ns)
{
    std::vector<cim::Instance> result;
    const Catalogue* catalogue = Catalogue::of(generation, ns);
    if (catalogue == nullptr) {
        return result;
    }
    for (const json::value& from : document().at("default_templates").as_array()) {
        if (from.at("namespace").as_string() == catalogue->ns()) {
            result.push_back(read_instance(from, *catalogue));
        }
    }
    return result;
}

std::vector<cim::Instance> v1_new_vm_settings()
{
    std::vector<cim::Instance> result;
    for (const json::value& from : document().at("v1_new_vm").as_array()) {
        result.push_back(read_instance(from, *Catalogue::any(v1_namespace)));
    }
    return result;
}

const std::vector<ResourceSubtype>& resource_subtypes()
{
    static const auto subtypes = read_subtypes();
    return subtypes;
}

} // namespace watari::schema
