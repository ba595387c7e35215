#include "cim/cim_xml.hpp"
#include "cim/object_path.hpp"
#include "xml/writer.hpp"

#include <algorithm>

namespace watari::cim {

namespace {

enum class Nulls { left_out, shown };

/// Numeric character references only: Hyper-V's own parser answered 32768 to `&amp;` and 32773 to
/// `&lt;` and took line breaks as `&#xA;` [C] (wsman.md 5.2). What XML forbids is dropped.
void append_escaped(std::string& out, std::string_view text)
{
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&#38;";
            break;
        case '<':
            out += "&#60;";
            break;
        case '>':
            out += "&#62;";
            break;
        case '"':
            out += "&#34;";
            break;
        case '\n':
            out += "&#xA;";
            break;
        case '\r':
            out += "&#xD;";
            break;
        case '\t':
            out += "&#x9;";
            break;
        default:
            if (static_cast<unsigned char>(c) >= 0x20) {
                out += c;
            }
        }
    }
}

void append_attribute(std::string& out, std::string_view name, std::string_view value)
{
    out += ' ';
    out += name;
    out += "=\"";
    append_escaped(out, value);
    out += '"';
}

std::string value_text(const Value& value)
{
    if (const auto* path = value.reference()) {
        return path->text();
    }
    return value.embedded() != nullptr ? to_cim_xml(*value.embedded()) : value.text();
}

void append_value(std::string& out, const Value& value)
{
    if (value.is_null()) {
        out += "<VALUE.NULL/>";
        return;
    }
    out += "<VALUE>";
    append_escaped(out, value_text(value));
    out += "</VALUE>";
}

void append_reference(std::string& out, const ObjectPath& path);

void append_key_value(std::string& out, const Value& value)
{
    if (const auto* path = value.reference()) {
        append_reference(out, *path);
        return;
    }
    const bool number = value.signed_integer() || value.unsigned_integer();
    const char* type = value.boolean() ? "boolean" : number ? "numeric" : "string";
    out += "<KEYVALUE";
    append_attribute(out, "VALUETYPE", type);
    out += '>';
    append_escaped(out, value.text());
    out += "</KEYVALUE>";
}

/// DSP0201 writes an only key without name as its bare value.
void append_key(std::string& out, const ObjectPath::Key& key)
{
    if (key.first.empty()) {
        append_key_value(out, key.second);
        return;
    }
    out += "<KEYBINDING";
    append_attribute(out, "NAME", key.first);
    out += '>';
    append_key_value(out, key.second);
    out += "</KEYBINDING>";
}

void append_instance_name(std::string& out, const ObjectPath& path)
{
    out += "<INSTANCENAME";
    append_attribute(out, "CLASSNAME", path.class_name());
    out += '>';
    for (const auto& key : path.keys()) {
        append_key(out, key);
    }
    out += "</INSTANCENAME>";
}

void append_namespace(std::string& out, std::string_view ns)
{
    out += "<LOCALNAMESPACEPATH>";
    while (!ns.empty()) {
        const auto end = std::min(ns.find('/'), ns.size());
        out += "<NAMESPACE";
        append_attribute(out, "NAME", ns.substr(0, end));
        out += "/>";
        ns.remove_prefix(std::min(end + 1, ns.size()));
    }
    out += "</LOCALNAMESPACEPATH>";
}

void append_reference(std::string& out, const ObjectPath& path)
{
    out += "<VALUE.REFERENCE>";
    if (path.ns().empty()) {
        append_instance_name(out, path);
    } else if (path.host().empty()) {
        out += "<LOCALINSTANCEPATH>";
        append_namespace(out, path.ns());
        append_instance_name(out, path);
        out += "</LOCALINSTANCEPATH>";
    } else {
        out += "<INSTANCEPATH><NAMESPACEPATH><HOST>";
        append_escaped(out, path.host());
        out += "</HOST>";
        append_namespace(out, path.ns());
        out += "</NAMESPACEPATH>";
        append_instance_name(out, path);
        out += "</INSTANCEPATH>";
    }
    out += "</VALUE.REFERENCE>";
}

void append_reference_property(std::string& out, const Property& property)
{
    out += "<PROPERTY.REFERENCE";
    append_attribute(out, "NAME", property.name);
    const ObjectPath* path = property.value.reference();
    if (path == nullptr) {
        out += "/>";
        return;
    }
    append_attribute(out, "REFERENCECLASS", path->class_name());
    out += '>';
    append_reference(out, *path);
    out += "</PROPERTY.REFERENCE>";
}

/// DSP0201 has no array of references in a property; such a one is written as text of paths.
void append_property(std::string& out, const Property& property)
{
    const bool is_array = property.is_array || property.value.is_array();
    if (property.type == Type::reference && !is_array) {
        append_reference_property(out, property);
        return;
    }
    const bool as_text = property.type == Type::object || property.type == Type::reference;
    const std::string_view element = is_array ? "PROPERTY.ARRAY" : "PROPERTY";
    out += '<';
    out += element;
    append_attribute(out, "NAME", property.name);
    append_attribute(out, "TYPE", as_text ? "string" : to_string(property.type));
    if (property.type == Type::object) {
        append_attribute(out, "EmbeddedObject", "instance");
    }
    if (property.value.is_null()) {
        out += "/>";
        return;
    }
    out += '>';
    if (!is_array) {
        append_value(out, property.value);
    } else {
        out += "<VALUE.ARRAY>";
        const Value::Array only{property.value};
        for (const Value& value : property.value.is_array() ? *property.value.array() : only) {
            append_value(out, value);
        }
        out += "</VALUE.ARRAY>";
    }
    out += "</";
    out += element;
    out += '>';
}

void append_instance(std::string& out, const Instance& instance, Nulls nulls)
{
    out += "<INSTANCE";
    append_attribute(out, "CLASSNAME", instance.class_name());
    out += '>';
    for (const Property& property : instance.properties()) {
        if (nulls == Nulls::shown || !property.value.is_null()) {
            append_property(out, property);
        }
    }
    out += "</INSTANCE>";
}

} // namespace

std::string to_cim_xml(const Instance& instance)
{
    std::string out;
    append_instance(out, instance, Nulls::left_out);
    return xml::only_allowed(std::move(out));
}

std::string to_cim_xml_with_nulls(const Instance& instance)
{
    std::string out;
    append_instance(out, instance, Nulls::shown);
    return xml::only_allowed(std::move(out));
}

} // namespace watari::cim
