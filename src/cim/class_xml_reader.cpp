#include "cim/cim_xml_elements.hpp"
#include "cim/class_xml.hpp"
#include "core/error.hpp"

#include <utility>

namespace watari::cim {

namespace {

using elements::child;
using elements::fail;
using elements::is;
using elements::required;

/// A class of a real host has under 200 elements; what a broken one may make us build is bounded.
constexpr std::size_t elements_max = 5'000;
constexpr xml::Limits limits{.bytes_max = 16U << 20, .depth_max = 64, .nodes_max = 500'000};

std::string optional_text(const xml::Element& element, std::string_view attribute)
{
    return std::string{element.attribute("", attribute).value_or("")};
}

/// What cannot be read as its type stays text: metadata explains, nothing is decided by it.
Value one_value(const xml::Element& element, Type type)
{
    if (is(element, "VALUE.NULL")) {
        return {};
    }
    if (type == Type::reference || type == Type::object) {
        return Value{element.text()};
    }
    auto value = Value::parse(type, element.text());
    return value ? std::move(*value) : Value{element.text()};
}

Value value_of(const xml::Element& element, Type type)
{
    if (const auto* array = child(element, "VALUE.ARRAY")) {
        Value::Array values;
        for (const xml::Element& at : array->children()) {
            values.push_back(one_value(at, type));
        }
        return values;
    }
    const auto* value = child(element, "VALUE");
    return value != nullptr ? one_value(*value, type) : Value{};
}

std::vector<Qualifier> qualifiers_of(const xml::Element& element)
{
    std::vector<Qualifier> qualifiers;
    for (const xml::Element& at : element.children()) {
        if (!is(at, "QUALIFIER")) {
            continue;
        }
        if (qualifiers.size() == elements_max) {
            fail("too many qualifiers");
        }
        Qualifier qualifier{.name = std::string{required(at, "NAME")},
                            .type = elements::type_of(at),
                            .is_array = child(at, "VALUE.ARRAY") != nullptr};
        qualifier.value = value_of(at, qualifier.type);
        qualifiers.push_back(std::move(qualifier));
    }
    return qualifiers;
}

/// A PROPERTY… or PARAMETER… element, by what follows its `kind`.
ElementDeclaration element_of(const xml::Element& element, std::string_view kind)
{
    const std::string_view suffix = element.name().substr(kind.size());
    ElementDeclaration declared{.name = std::string{required(element, "NAME")}};
    if (suffix == ".REFERENCE" || suffix == ".REFARRAY") {
        declared.type = Type::reference;
        declared.is_array = suffix == ".REFARRAY";
        declared.reference_class = optional_text(element, "REFERENCECLASS");
    } else if (suffix.empty() || suffix == ".ARRAY") {
        declared.type = elements::type_of(element);
        declared.is_array = suffix == ".ARRAY";
        declared.default_value = value_of(element, declared.type);
    } else {
        fail("a class may not contain " + std::string{element.name()});
    }
    declared.class_origin = optional_text(element, "CLASSORIGIN");
    declared.qualifiers = qualifiers_of(element);
    return declared;
}

MethodDeclaration method_of(const xml::Element& element)
{
    MethodDeclaration method{.name = std::string{required(element, "NAME")}};
    method.returns =
        element.attribute("", "TYPE") ? std::optional{elements::type_of(element)} : std::nullopt;
    method.class_origin = optional_text(element, "CLASSORIGIN");
    method.qualifiers = qualifiers_of(element);
    for (const xml::Element& at : element.children()) {
        if (!at.name().starts_with("PARAMETER")) {
            continue;
        }
        if (method.parameters.size() == elements_max) {
            fail("too many parameters");
        }
        method.parameters.push_back(element_of(at, "PARAMETER"));
    }
    return method;
}

} // namespace

ClassDeclaration read_class(const xml::Element& element)
{
    if (!is(element, "CLASS")) {
        fail("the element is not CLASS but " + std::string{element.name()});
    }
    ClassDeclaration declaration{.name = std::string{required(element, "NAME")},
                                 .superclass = optional_text(element, "SUPERCLASS"),
                                 .qualifiers = qualifiers_of(element)};
    for (const xml::Element& at : element.children()) {
        if (declaration.properties.size() + declaration.methods.size() == elements_max) {
            fail("too many properties and methods");
        }
        if (at.name().starts_with("PROPERTY")) {
            declaration.properties.push_back(element_of(at, "PROPERTY"));
        } else if (is(at, "METHOD")) {
            declaration.methods.push_back(method_of(at));
        }
    }
    return declaration;
}

ClassDeclaration class_from_xml(std::string_view text)
{
    std::string why;
    try {
        const auto document = xml::Document::parse(text, limits);
        return read_class(document.root());
    } catch (const Error& error) {
        if (!error.code().starts_with("xml_")) {
            throw;
        }
        why = error.what();
    }
    fail(std::move(why));
}

} // namespace watari::cim
