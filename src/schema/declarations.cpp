#include "schema/declarations.hpp"

#include <string>
#include <utility>

namespace watari::schema {

namespace {

cim::Qualifier flag(std::string name)
{
    return {.name = std::move(name), .value = true};
}

cim::Qualifier text(std::string name, std::string value)
{
    return {.name = std::move(name), .type = cim::Type::string, .value = std::move(value)};
}

cim::ElementDeclaration declared(const PropertyInfo& property)
{
    cim::ElementDeclaration element{
        .name = property.name, .type = property.type, .is_array = property.is_array};
    if (property.is_key) {
        element.qualifiers.push_back(flag("Key"));
    }
    element.qualifiers.push_back(flag("read"));
    if (property.is_read_write) {
        element.qualifiers.push_back(flag("write"));
    }
    return element;
}

cim::ElementDeclaration declared(const ParameterInfo& parameter)
{
    cim::ElementDeclaration element{.name = parameter.name,
                                    .type = parameter.type,
                                    .is_array = parameter.is_array,
                                    .reference_class = parameter.reference_class};
    if (parameter.in) {
        element.qualifiers.push_back(flag("In"));
    }
    if (parameter.out) {
        element.qualifiers.push_back(flag("Out"));
    }
    if (!parameter.embedded_class.empty()) {
        element.qualifiers.push_back(text("EmbeddedInstance", parameter.embedded_class));
    }
    return element;
}

cim::MethodDeclaration declared(const MethodInfo& method)
{
    cim::MethodDeclaration declaration{.name = method.name, .returns = method.returns};
    declaration.qualifiers.push_back(flag("Implemented"));
    for (const auto& parameter : method.parameters) {
        declaration.parameters.push_back(declared(parameter));
    }
    return declaration;
}

} // namespace

cim::ClassDeclaration declaration_of(const ClassInfo& info)
{
    cim::ClassDeclaration declaration{.name = info.name, .superclass = info.superclass};
    declaration.qualifiers.push_back(flag(info.is_abstract ? "Abstract" : "dynamic"));
    if (info.is_association) {
        declaration.qualifiers.push_back(flag("Association"));
    }
    for (const auto& property : info.properties) {
        declaration.properties.push_back(declared(property));
    }
    for (const auto& method : info.methods) {
        declaration.methods.push_back(declared(method));
    }
    return declaration;
}

} // namespace watari::schema
