#include "sim/metadata.hpp"

#include "schema/declarations.hpp"
#include "wsman/codec/names.hpp"

#include <algorithm>
#include <memory>

namespace watari::sim {

namespace {

/// The highest base that has it; the catalogue lists inherited elements with every class.
template <class Has>
std::string origin_of(const schema::Catalogue& catalogue, const std::string& class_name,
                      const Has& has)
{
    std::string origin = class_name;
    const schema::ClassInfo* base = catalogue.find(class_name);
    while (base != nullptr && has(*base)) {
        origin = base->name;
        base = base->superclass.empty() ? nullptr : catalogue.find(base->superclass);
    }
    return origin;
}

void strip_qualifiers(cim::ClassDeclaration& declaration)
{
    declaration.qualifiers.clear();
    for (auto& property : declaration.properties) {
        property.qualifiers.clear();
    }
    for (auto& method : declaration.methods) {
        method.qualifiers.clear();
        for (auto& parameter : method.parameters) {
            parameter.qualifiers.clear();
        }
    }
}

void set_origins(const schema::Catalogue& catalogue, cim::ClassDeclaration& declaration)
{
    const auto set = [&](auto& element, const auto& has) {
        if (element.class_origin.empty()) {
            element.class_origin = origin_of(catalogue, declaration.name, has);
        }
    };
    for (auto& property : declaration.properties) {
        set(property, [&](const schema::ClassInfo& info) {
            return info.find_property(property.name) != nullptr;
        });
    }
    for (auto& method : declaration.methods) {
        set(method, [&](const schema::ClassInfo& info) {
            return info.find_method(method.name) != nullptr;
        });
    }
}

wsman::SharedClass as_wished(const schema::Catalogue& catalogue, cim::ClassDeclaration declaration,
                             const MetadataWish& wish)
{
    if (!wish.inherited || wish.class_origin) {
        set_origins(catalogue, declaration);
    }
    if (!wish.inherited) {
        const auto is_inherited = [&](const auto& element) {
            return !cim::same_name(element.class_origin, declaration.name);
        };
        std::erase_if(declaration.properties, is_inherited);
        std::erase_if(declaration.methods, is_inherited);
    }
    if (!wish.class_origin) {
        for (auto& property : declaration.properties) {
            property.class_origin.clear();
        }
        for (auto& method : declaration.methods) {
            method.class_origin.clear();
        }
    }
    if (!wish.qualifiers) {
        strip_qualifiers(declaration);
    }
    return std::make_shared<const cim::ClassDeclaration>(std::move(declaration));
}

bool is_wished(const schema::Catalogue& catalogue, const schema::ClassInfo& info,
               const MetadataWish& wish)
{
    if (wish.class_name.empty() || cim::same_name(info.name, wish.class_name)) {
        return true;
    }
    return wish.subclasses && catalogue.is_a(info.name, wish.class_name);
}

bool option(const wsman::RequestHeader& header, std::string_view name)
{
    return std::ranges::any_of(header.options, [&](const auto& given) {
        return cim::same_name(given.first, name) && cim::same_name(given.second, "true");
    });
}

std::string selector(const wsman::RequestHeader& header, std::string_view name)
{
    for (const wsman::Selector& given : header.selectors) {
        const auto* value = std::get_if<std::string>(&given.value);
        if (value != nullptr && cim::same_name(given.name, name)) {
            return *value;
        }
    }
    return {};
}

} // namespace

MetadataWish metadata_wish(const wsman::RequestHeader& header)
{
    return {.ns = selector(header, wsman::names::namespace_selector),
            .class_name = selector(header, wsman::names::class_selector),
            .subclasses = option(header, "IncludeSubClasses"),
            .qualifiers = option(header, "IncludeQualifiers"),
            .inherited = option(header, "IncludeInheritedElements"),
            .class_origin = option(header, "IncludeClassOrigin")};
}

std::vector<wsman::SharedClass> class_metadata(const schema::Catalogue& catalogue,
                                               const DeclarationsByName* declarations,
                                               const MetadataWish& wish)
{
    std::vector<wsman::SharedClass> found;
    for (const schema::ClassInfo* info : catalogue.classes()) {
        if (!is_wished(catalogue, *info, wish)) {
            continue;
        }
        const auto at = declarations != nullptr ? declarations->find(cim::folded(info->name))
                                                : DeclarationsByName::const_iterator{};
        const bool is_declared = declarations != nullptr && at != declarations->end();
        found.push_back(
            as_wished(catalogue, is_declared ? *at->second : schema::declaration_of(*info), wish));
    }
    return found;
}

} // namespace watari::sim
