#include "cim/cim_xml.hpp"
#include "cim/class_xml.hpp"
#include "cim/object_path.hpp"

namespace watari::cim {

namespace {

void write_one_value(xml::Writer& out, const Value& value)
{
    if (value.is_null()) {
        out.empty_element("VALUE.NULL");
    } else if (const auto flag = value.boolean()) {
        out.element("VALUE", *flag ? "TRUE" : "FALSE");
    } else if (const auto* path = value.reference()) {
        out.element("VALUE", path->text());
    } else if (const auto* embedded = value.embedded()) {
        out.element("VALUE", to_cim_xml(*embedded));
    } else {
        out.element("VALUE", value.text());
    }
}

void write_value(xml::Writer& out, const Value& value)
{
    if (const auto* values = value.array()) {
        out.open("VALUE.ARRAY");
        for (const Value& one : *values) {
            write_one_value(out, one);
        }
        out.close();
    } else if (!value.is_null()) {
        write_one_value(out, value);
    }
}

void write_qualifiers(xml::Writer& out, const std::vector<Qualifier>& qualifiers)
{
    for (const Qualifier& qualifier : qualifiers) {
        out.open("QUALIFIER").attribute("NAME", qualifier.name);
        out.attribute("TYPE", to_string(qualifier.type));
        write_value(out, qualifier.value);
        out.close();
    }
}

/// NAME and what follows from the type; `kind` is PROPERTY or PARAMETER.
void open_element(xml::Writer& out, std::string_view kind, const ElementDeclaration& element)
{
    const bool is_property = kind == "PROPERTY";
    std::string tag{kind};
    if (element.type == Type::reference) {
        tag += element.is_array && !is_property ? ".REFARRAY" : ".REFERENCE";
    } else if (element.is_array) {
        tag += ".ARRAY";
    }
    out.open(tag).attribute("NAME", element.name);
    if (element.type == Type::reference) {
        if (!element.reference_class.empty()) {
            out.attribute("REFERENCECLASS", element.reference_class);
        }
    } else if (element.type == Type::object) {
        out.attribute("TYPE", "string").attribute("EmbeddedObject", "object");
    } else {
        out.attribute("TYPE", to_string(element.type));
    }
    if (!element.class_origin.empty()) {
        out.attribute("CLASSORIGIN", element.class_origin);
    }
}

void write_element(xml::Writer& out, std::string_view kind, const ElementDeclaration& element)
{
    open_element(out, kind, element);
    write_qualifiers(out, element.qualifiers);
    write_value(out, element.default_value);
    out.close();
}

} // namespace

void write_class(xml::Writer& out, const ClassDeclaration& declaration)
{
    out.open("CLASS").attribute("NAME", declaration.name);
    if (!declaration.superclass.empty()) {
        out.attribute("SUPERCLASS", declaration.superclass);
    }
    write_qualifiers(out, declaration.qualifiers);
    for (const ElementDeclaration& property : declaration.properties) {
        write_element(out, "PROPERTY", property);
    }
    for (const MethodDeclaration& method : declaration.methods) {
        out.open("METHOD").attribute("NAME", method.name);
        if (method.returns) {
            out.attribute("TYPE", to_string(*method.returns));
        }
        if (!method.class_origin.empty()) {
            out.attribute("CLASSORIGIN", method.class_origin);
        }
        write_qualifiers(out, method.qualifiers);
        for (const ElementDeclaration& parameter : method.parameters) {
            write_element(out, "PARAMETER", parameter);
        }
        out.close();
    }
    out.close();
}

std::string to_class_xml(const ClassDeclaration& declaration)
{
    xml::Writer out;
    write_class(out, declaration);
    std::string line;
    for (const char c : out.take()) {
        if (c == '\n') {
            line += "&#10;"; // only texts have line breaks; nothing is CDATA
        } else {
            line += c;
        }
    }
    return line;
}

} // namespace watari::cim
