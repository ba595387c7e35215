#include "cim/mof.hpp"

#include "cim/cim_xml.hpp"
#include "cim/object_path.hpp"

#include <fmt/format.h>

namespace watari::cim {

namespace {

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
        case '"':
        case '\\':
            out += '\\';
            out += c;
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += c;
        }
    }
    return out + '"';
}

bool is_shown(const Qualifier& qualifier, const MofStyle& style)
{
    return style.with_descriptions || (!same_name(qualifier.name, "Description") &&
                                       !same_name(qualifier.name, "MappingStrings"));
}

/// "Key", "Description(\"…\")", "Values{…}".
std::string qualifier_text(const Qualifier& qualifier)
{
    if (qualifier.value.is_array()) {
        return qualifier.name + mof_value(qualifier.value);
    }
    const auto flag = qualifier.value.boolean();
    if (qualifier.type == Type::boolean && flag.value_or(true)) {
        return qualifier.name;
    }
    return qualifier.name + "(" + mof_value(qualifier.value) + ")";
}

/// "[Key, read] ", or nothing.
std::string qualifiers_text(const std::vector<Qualifier>& qualifiers, const MofStyle& style)
{
    std::string text;
    for (const Qualifier& qualifier : qualifiers) {
        if (is_shown(qualifier, style)) {
            text += (text.empty() ? "[" : ", ") + qualifier_text(qualifier);
        }
    }
    return text.empty() ? text : text + "]";
}

std::string spaced(const std::string& qualifiers)
{
    return qualifiers.empty() ? qualifiers : qualifiers + " ";
}

std::string type_text(const ElementDeclaration& element)
{
    if (element.type == Type::reference) {
        return (element.reference_class.empty() ? "object" : element.reference_class) + " REF";
    }
    return std::string{to_string(element.type)};
}

std::string element_text(const ElementDeclaration& element, const MofStyle& style)
{
    std::string text = fmt::format("{}{} {}{}", spaced(qualifiers_text(element.qualifiers, style)),
                                   type_text(element), element.name, element.is_array ? "[]" : "");
    if (!element.default_value.is_null()) {
        text += " = " + mof_value(element.default_value);
    }
    return text;
}

std::string method_text(const MethodDeclaration& method, const MofStyle& style)
{
    std::string text =
        fmt::format("    {}{} {}(", spaced(qualifiers_text(method.qualifiers, style)),
                    method.returns ? to_string(*method.returns) : "void", method.name);
    const char* separator = "";
    for (const ElementDeclaration& parameter : method.parameters) {
        text += fmt::format("{}\n        {}", separator, element_text(parameter, style));
        separator = ",";
    }
    return text + ");\n";
}

} // namespace

std::string mof_value(const Value& value)
{
    if (value.is_null()) {
        return "NULL";
    }
    if (const auto* values = value.array()) {
        std::string text;
        for (const Value& one : *values) {
            text += (text.empty() ? "{" : ", ") + mof_value(one);
        }
        return text.empty() ? "{}" : text + "}";
    }
    if (const auto flag = value.boolean()) {
        return *flag ? "TRUE" : "FALSE";
    }
    if (const auto* path = value.reference()) {
        return quoted(path->text());
    }
    if (const auto* instance = value.embedded()) {
        return quoted(to_cim_xml(*instance));
    }
    const bool is_text = value.string() != nullptr || value.datetime() != nullptr;
    return is_text ? quoted(value.text()) : value.text();
}

std::string to_mof(const ClassDeclaration& declaration, MofStyle style)
{
    const std::string qualifiers = qualifiers_text(declaration.qualifiers, style);
    std::string text = qualifiers.empty() ? "" : qualifiers + "\n";
    text += "class " + declaration.name;
    if (!declaration.superclass.empty()) {
        text += " : " + declaration.superclass;
    }
    text += "\n{\n";
    for (const ElementDeclaration& property : declaration.properties) {
        text += "    " + element_text(property, style) + ";\n";
    }
    if (!declaration.properties.empty() && !declaration.methods.empty()) {
        text += "\n";
    }
    for (const MethodDeclaration& method : declaration.methods) {
        text += method_text(method, style);
    }
    return text + "};\n";
}

} // namespace watari::cim
