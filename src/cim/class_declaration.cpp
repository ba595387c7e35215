#include "cim/class_declaration.hpp"

#include <algorithm>

namespace watari::cim {

namespace {

template <class Named>
const Named* find_named(const std::vector<Named>& all, std::string_view name) noexcept
{
    const auto found =
        std::ranges::find_if(all, [&](const Named& one) { return same_name(one.name, name); });
    return found == all.end() ? nullptr : &*found;
}

bool is_true(const std::vector<Qualifier>& qualifiers, std::string_view name) noexcept
{
    const Qualifier* found = find_named(qualifiers, name);
    return found != nullptr && found->type == Type::boolean &&
           found->value.boolean().value_or(true);
}

} // namespace

const Qualifier* ElementDeclaration::find_qualifier(std::string_view wanted) const noexcept
{
    return find_named(qualifiers, wanted);
}

bool ElementDeclaration::is(std::string_view qualifier) const noexcept
{
    return is_true(qualifiers, qualifier);
}

const ElementDeclaration* MethodDeclaration::find(std::string_view parameter) const noexcept
{
    return find_named(parameters, parameter);
}

const ElementDeclaration* ClassDeclaration::find_property(std::string_view wanted) const noexcept
{
    return find_named(properties, wanted);
}

const MethodDeclaration* ClassDeclaration::find_method(std::string_view wanted) const noexcept
{
    return find_named(methods, wanted);
}

bool ClassDeclaration::is(std::string_view qualifier) const noexcept
{
    return is_true(qualifiers, qualifier);
}

std::vector<std::string> ClassDeclaration::keys() const
{
    std::vector<std::string> names;
    for (const ElementDeclaration& property : properties) {
        if (property.is("Key")) {
            names.push_back(property.name);
        }
    }
    return names;
}

} // namespace watari::cim
