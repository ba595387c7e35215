#include "wsman/codec/values.hpp"

#include "auth/scheme.hpp"
#include "cim/cim_xml.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"

#include <algorithm>
#include <ranges>

namespace watari::wsman {

namespace {

/// Only the parameters of a method have an order of their own.
WireForm nested(WireForm form)
{
    form.outputs_as_given = false;
    return form;
}

void write_object(xml::Writer& out, std::string_view name, const cim::Instance& object,
                  const WriteContext& context)
{
    // UNVERIFIED attribute set (4.3): the type's namespace is the object's own class URI, and its
    // properties are in it [C].
    out.open(name);
    out.attribute("xmlns:q", resource_uri(context.ns, object.class_name()));
    out.attribute("xsi:type", "q:" + object.class_name() + "_Type");
    write_properties_sorted(out, object,
                            {.prefix = "q:", .ns = context.ns, .form = nested(context.form)});
    out.close();
}

void write_datetime(xml::Writer& out, const cim::Value& value)
{
    if (const auto* moment = value.datetime()) {
        out.element(moment->is_interval() ? "cim:Interval" : "cim:Datetime", moment->xs());
    } else {
        out.element("cim:CIM_DateTime", value.text()); // with wildcards (4.4)
    }
}

void write_text(xml::Writer& out, std::string_view text, const WriteContext& context)
{
    if (context.embedded_as_cdata && text.contains('<')) {
        out.cdata(text);
    } else {
        out.text(text);
    }
}

void write_value(xml::Writer& out, std::string_view name, const cim::Property& property,
                 const cim::Value& value, const WriteContext& context)
{
    if (const auto* path = value.reference()) {
        out.open(name);
        out.attribute("xmlns:a", names::addressing);
        out.attribute("xmlns:w", names::wsman);
        write_reference(out, *path, context.ns, context.form);
        out.close();
        return;
    }
    if (const auto* object = value.embedded()) {
        if (property.type == cim::Type::object) {
            write_object(out, name, *object, context);
        } else {
            out.open(name);
            write_text(out, cim::to_cim_xml(*object), context);
            out.close();
        }
        return;
    }
    out.open(name);
    if (value.is_null()) {
        out.attribute("xsi:nil", "true");
    } else if (property.type == cim::Type::datetime || value.datetime() != nullptr) {
        write_datetime(out, value);
    } else if (const auto* text = value.string()) {
        write_text(out, *text, context);
    } else {
        out.text(value.text());
    }
    out.close();
}

bool before(const cim::Property* a, const cim::Property* b)
{
    return std::ranges::lexicographical_compare(a->name, b->name, [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        return lower(x) < lower(y);
    });
}

bool has_element(const cim::Property& property, const WireForm& form)
{
    if (!property.is_array) {
        return !property.value.is_null() || !form.nulls_left_out;
    }
    const auto* values = property.value.array();
    return form.nil_arrays || (values != nullptr && !values->empty());
}

std::string octets_of(const cim::Value::Array& values)
{
    std::string octets;
    octets.reserve(values.size());
    for (const cim::Value& value : values) {
        octets += static_cast<char>(value.unsigned_integer().value_or(0));
    }
    return octets;
}

} // namespace

void write_selectors(xml::Writer& out, const std::vector<Selector>& selectors, std::string_view ns)
{
    if (selectors.empty()) {
        return;
    }
    out.open("w:SelectorSet");
    for (const Selector& selector : selectors) {
        out.open("w:Selector").attribute("Name", selector.name);
        if (const auto* text = std::get_if<std::string>(&selector.value)) {
            out.text(*text);
        } else {
            out.open("a:EndpointReference");
            write_reference(out, std::get<cim::ObjectPath>(selector.value), ns);
            out.close();
        }
        out.close();
    }
    out.close();
}

void write_reference(xml::Writer& out, const cim::ObjectPath& path, std::string_view ns,
                     const WireForm& form)
{
    std::vector<Selector> selectors;
    selectors.reserve(path.keys().size());
    for (const auto& [name, value] : path.keys()) {
        const auto* reference = value.reference();
        if (reference != nullptr && form.references_as_text) {
            selectors.push_back({name, reference->text()});
        } else if (reference != nullptr) {
            selectors.push_back({name, *reference});
        } else {
            selectors.push_back({name, value.text()});
        }
    }
    out.element("a:Address", names::anonymous);
    out.open("a:ReferenceParameters");
    out.element("w:ResourceURI",
                resource_uri(path.ns().empty() ? ns : path.ns(), path.class_name()));
    write_selectors(out, selectors, ns);
    out.close();
}

void write_property(xml::Writer& out, const cim::Property& property, const WriteContext& context)
{
    std::string name{context.prefix};
    name += property.name;
    const auto* values = property.value.array();
    if (values == nullptr || values->empty()) {
        write_value(out, name, property, values == nullptr ? property.value : cim::Value{},
                    context);
        return;
    }
    if (context.form.octets_as_base64 && property.type == cim::Type::uint8) {
        out.element(name, auth::base64_encode(octets_of(*values)));
        return;
    }
    for (const cim::Value& value : *values) {
        write_value(out, name, property, value, context);
    }
}

void write_properties_sorted(xml::Writer& out, const cim::Instance& instance,
                             const WriteContext& context)
{
    std::vector<const cim::Property*> sorted;
    sorted.reserve(instance.properties().size());
    for (const cim::Property& property : instance.properties()) {
        if (has_element(property, context.form)) {
            sorted.push_back(&property);
        }
    }
    if (!context.form.outputs_as_given && !std::ranges::is_sorted(sorted, before)) {
        std::ranges::sort(sorted, before);
    }
    for (const cim::Property* property : sorted) {
        write_property(out, *property, context);
    }
}

void write_instance(xml::Writer& out, const cim::Instance& instance, std::string_view ns,
                    std::string_view class_uri, const WireForm& form)
{
    if (instance.class_name().empty()) {
        // Projections have no class and no namespace [S]; the wrapper's name is UNVERIFIED (3.6).
        out.open("w:XmlFragment");
        out.attribute("xmlns:w", names::wsman);
        out.attribute("xmlns:xsi", names::xsi);
        out.attribute("xmlns:cim", names::cim);
        write_properties_sorted(out, instance, {.prefix = "", .ns = ns, .form = nested(form)});
        out.close();
        return;
    }
    out.open("p:" + instance.class_name());
    out.attribute("xmlns:xsi", names::xsi);
    out.attribute("xmlns:p", class_uri);
    out.attribute("xmlns:cim", names::cim);
    out.attribute("xsi:type", "p:" + instance.class_name() + "_Type");
    write_properties_sorted(out, instance, {.prefix = "p:", .ns = ns, .form = nested(form)});
    out.close();
}

std::string encode_instance(const cim::Instance& instance, std::string_view ns)
{
    xml::Writer out;
    write_instance(out, instance, ns, resource_uri(ns, instance.class_name()));
    return out.take();
}

cim::Instance decode_instance(const xml::Element& element, const cim::TypeSource& types)
{
    return ValueReader{types, Sender::host}.instance(element);
}

} // namespace watari::wsman
