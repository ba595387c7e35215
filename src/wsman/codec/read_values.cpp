#include "wsman/codec/values.hpp"

#include "auth/scheme.hpp"
#include "core/error.hpp"
#include "messages/wsman.hpp"
#include "wsman/codec/names.hpp"

#include <utility>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

/// References nest in keys that are references themselves; hosts have a limit too
/// (EPR_NESTING_EXCEEDED, its number unknown).
constexpr int nesting_max = 8;

constexpr std::string_view type_suffix = "_Type";

std::optional<std::string_view> xsi_class(const xml::Element& element) noexcept
{
    auto type = element.attribute(names::xsi, "type");
    if (!type) {
        return std::nullopt;
    }
    if (const auto colon = type->find(':'); colon != std::string_view::npos) {
        type->remove_prefix(colon + 1);
    }
    if (type->ends_with(type_suffix)) {
        type->remove_suffix(type_suffix.size());
    }
    return type;
}

std::optional<cim::ObjectPath> reference_of(const xml::Element& element, int depth);

std::vector<Selector> selectors_of(const xml::Element& selector_set, int depth)
{
    std::vector<Selector> selectors;
    for (const xml::Element& child : selector_set.children()) {
        if (!child.is(names::wsman, "Selector")) {
            continue;
        }
        Selector selector{std::string{child.attribute({}, "Name").value_or("")}, {}};
        if (const auto* epr = child.child(names::addressing, "EndpointReference")) {
            auto path = reference_of(*epr, depth + 1);
            if (!path) {
                fail_decoding("the selector " + selector.name + " is not a reference");
            }
            selector.value = std::move(*path);
        } else {
            selector.value = std::string{child.text()};
        }
        selectors.push_back(std::move(selector));
    }
    return selectors;
}

std::optional<cim::ObjectPath> reference_of(const xml::Element& element, int depth)
{
    if (depth > nesting_max) {
        fail_decoding("references are nested too deeply");
    }
    const auto* parameters = element.child(names::addressing, "ReferenceParameters");
    if (parameters == nullptr) {
        parameters = element.child(names::addressing, "ReferenceProperties");
    }
    const auto* uri = parameters ? parameters->child(names::wsman, "ResourceURI") : nullptr;
    auto resource = uri ? parse_resource_uri(uri->text()) : std::nullopt;
    if (!resource) {
        return std::nullopt;
    }
    std::vector<cim::ObjectPath::Key> keys;
    if (const auto* set = parameters->child(names::wsman, "SelectorSet")) {
        for (Selector& selector : selectors_of(*set, depth)) {
            auto* text = std::get_if<std::string>(&selector.value);
            if (text != nullptr && cim::same_name(selector.name, names::namespace_selector)) {
                resource->ns = std::move(*text);
            } else if (text != nullptr) {
                keys.emplace_back(std::move(selector.name), cim::Value{std::move(*text)});
            } else {
                keys.emplace_back(std::move(selector.name),
                                  cim::Value{std::get<cim::ObjectPath>(selector.value)});
            }
        }
    }
    return cim::ObjectPath{std::move(resource->ns), std::move(resource->class_name),
                           std::move(keys)};
}

bool has_reference(const xml::Element& element) noexcept
{
    return element.child(names::addressing, "ReferenceParameters") != nullptr ||
           element.child(names::addressing, "Address") != nullptr;
}

/// What is not a date a clock can show stays text: wildcards, and values that hosts print but
/// xs:dateTime lacks (4.4).
cim::Value datetime_of(std::string_view text)
{
    if (auto moment = cim::DateTime::from_xs(text)) {
        return cim::Value{*moment};
    }
    if (auto moment = cim::DateTime::from_cim(text)) {
        return cim::Value{*moment};
    }
    return cim::Value{text};
}

/// A uint8 array may come as base64 text (14.20), which is four letters at least and thus no uint8.
std::optional<cim::Value::Array> octets_of(const xml::Element& element,
                                           const cim::Property& property)
{
    const std::string_view text = element.trimmed_text();
    if (!property.is_array || property.type != cim::Type::uint8 || text.size() < 4) {
        return std::nullopt;
    }
    const auto bytes = auth::base64_decode(text);
    if (!bytes) {
        return std::nullopt;
    }
    cim::Value::Array octets;
    octets.reserve(bytes->size());
    for (const char byte : *bytes) {
        octets.emplace_back(std::uint64_t{static_cast<unsigned char>(byte)});
    }
    return octets;
}

} // namespace

void fail_decoding(std::string why)
{
    throw Error{ErrorKind::invalid, message::wsman_bad_answer{.why = std::move(why)}};
}

bool is_true(std::string_view text) noexcept
{
    return text == "true" || text == "1";
}

bool is_nil(const xml::Element& element) noexcept
{
    if (element.attributes().empty()) {
        return false;
    }
    const auto nil = element.attribute(names::xsi, "nil");
    return nil && is_true(*nil);
}

std::optional<cim::ObjectPath> read_reference(const xml::Element& element)
{
    return reference_of(element, 0);
}

std::vector<Selector> read_selectors(const xml::Element& selector_set)
{
    return selectors_of(selector_set, 0);
}

cim::Instance ValueReader::instance(const xml::Element& element)
{
    if (element.is(names::wsman, "XmlFragment")) {
        cim::Instance projection{std::string{projected_class_}};
        properties(element, types_.properties_of(projected_class_), projection);
        return projection;
    }
    cim::Instance instance{std::string{element.name()}};
    properties(element, types_.properties_of(element.name()), instance);
    return instance;
}

cim::Instance ValueReader::parameters(const xml::Element& element, std::string_view class_name,
                                      std::string_view method)
{
    cim::Instance parameters;
    properties(element, types_.parameters_of(class_name, method), parameters);
    return parameters;
}

cim::Instance ValueReader::embedded(const xml::Element& element)
{
    const std::string_view class_name = xsi_class(element).value_or(element.name());
    cim::Instance instance{std::string{class_name}};
    properties(element, types_.properties_of(class_name), instance);
    return instance;
}

void ValueReader::properties(const xml::Element& parent, TypeCache::OfClass& types,
                             cim::Instance& into)
{
    std::size_t count = 0;
    for (const auto* child = parent.first_child(); child != nullptr;
         child = child->next_sibling()) {
        ++count;
    }
    into.reserve(count);

    const std::uint64_t object = ++objects_;
    const xml::Element* child = parent.first_child();
    while (child != nullptr) {
        if (child->ns() == names::cim) { // cim:Location, 1.1's trailing EPR of the instance itself
            child = child->next_sibling();
            continue;
        }
        const std::size_t place = types.find(child->name());
        if (!types.first_of(place, object)) {
            fail_decoding(fmt::format("{} stands twice, apart", child->name()));
        }
        // By value: an object inside may be of the same class and add entries.
        const auto declared = types.entry(place).type;
        property(child, declared, into);
        if (objects_ != object) { // objects inside, perhaps of the same class, left their marks
            for (const cim::Property& known : into.properties()) {
                types.first_of(types.find(known.name), object);
            }
        }
    }
}

void ValueReader::property(const xml::Element*& element,
                           const std::optional<cim::PropertyType>& declared, cim::Instance& into)
{
    const xml::Element* const after = element->next_sibling();
    const bool is_plain = element->first_child() == nullptr && element->attributes().empty();
    if (is_plain && declared && !declared->is_array &&
        (after == nullptr || after->name() != element->name())) { // nearly all are
        into.append({.name = std::string{element->name()},
                     .type = declared->type,
                     .value = plain(*element, declared->type)});
        element = after;
        return;
    }
    cim::Property property{.name = std::string{element->name()},
                           .type = declared ? declared->type : cim::Type::string,
                           .is_array = declared && declared->is_array};
    const xml::Element* next = element->next_sibling();
    const bool repeated = next != nullptr && next->name() == property.name;
    if (repeated && declared && !declared->is_array && sender_ == Sender::client) {
        fail_decoding(fmt::format("{} is no array", property.name));
    }
    property.is_array = property.is_array || repeated;
    if (auto octets =
            repeated || sender_ == Sender::client ? std::nullopt : octets_of(*element, property)) {
        property.value = cim::Value{std::move(*octets)};
        into.append(std::move(property));
        element = next;
        return;
    }
    cim::Value first = value(*element, declared, property.type);
    if (!property.is_array || (first.is_null() && !repeated)) {
        property.value = std::move(first);
        into.append(std::move(property));
        element = next;
        return;
    }
    cim::Value::Array values;
    const auto keep = [&](cim::Value item) {
        if (!item.is_null()) { // null elements inside arrays are never sent [S][R]
            values.push_back(std::move(item));
        }
    };
    keep(std::move(first));
    while (next != nullptr && next->name() == property.name) {
        keep(value(*next, declared, property.type));
        next = next->next_sibling();
    }
    property.value = cim::Value{std::move(values)};
    into.append(std::move(property));
    element = next;
}

cim::Value ValueReader::value(const xml::Element& element,
                              const std::optional<cim::PropertyType>& declared, cim::Type& type)
{
    if (is_nil(element)) {
        return {};
    }
    return element.first_child() != nullptr ? structured(element, declared, type)
                                            : plain(element, type);
}

cim::Value ValueReader::structured(const xml::Element& element,
                                   const std::optional<cim::PropertyType>& declared,
                                   cim::Type& type)
{
    const xml::Element& child = *element.first_child();
    const auto claim = [&](cim::Type found) {
        if (declared && declared->type != found && sender_ == Sender::client) {
            saw_element_tree_ = saw_element_tree_ || declared->type == cim::Type::string;
            fail_decoding(fmt::format("{} is {}, not {}", element.name(),
                                      cim::to_string(declared->type), cim::to_string(found)));
        }
        type = found;
    };
    if (child.ns() == names::cim && child.name() != "Location") {
        claim(cim::Type::datetime); // Datetime, Interval, CIM_DateTime (4.4)
        return datetime_of(child.trimmed_text());
    }
    const auto* wrapped = element.child(names::addressing, "EndpointReference");
    if (wrapped != nullptr || has_reference(element)) {
        saw_wrapped_reference_ = saw_wrapped_reference_ || wrapped != nullptr;
        auto path = read_reference(wrapped != nullptr ? *wrapped : element);
        if (!path) {
            fail_decoding(fmt::format("{} is not a reference to a WMI object", element.name()));
        }
        claim(cim::Type::reference);
        return cim::Value{*path};
    }
    if (!declared || declared->type == cim::Type::string) {
        saw_element_tree_ = saw_element_tree_ || !xsi_class(element) || declared.has_value();
    }
    if (!declared || declared->type != cim::Type::string) {
        claim(cim::Type::object);
    }
    type = cim::Type::object;
    return cim::Value{embedded(element)};
}

cim::Value ValueReader::plain(const xml::Element& element, cim::Type type) const
{
    switch (type) {
    case cim::Type::string:
        return cim::Value{element.text()};
    case cim::Type::datetime:
        return element.trimmed_text().empty() ? cim::Value{} : datetime_of(element.trimmed_text());
    case cim::Type::reference:
        if (auto path = cim::ObjectPath::parse(element.trimmed_text());
            path && sender_ == Sender::host) {
            return cim::Value{*path};
        }
        break;
    case cim::Type::object:
        if (sender_ == Sender::host) {
            return element.trimmed_text().empty() ? cim::Value{} : cim::Value{element.text()};
        }
        break;
    default:
        if (sender_ == Sender::host && element.trimmed_text().empty()) {
            return {};
        }
        if (auto parsed = cim::Value::parse(type, element.trimmed_text())) {
            return std::move(*parsed);
        }
        break;
    }
    fail_decoding(
        fmt::format("{} is not a value of type {}", element.name(), cim::to_string(type)));
}

} // namespace watari::wsman
