#include "cim/declared_types.hpp"

namespace watari::cim {

void DeclaredTypes::add(std::shared_ptr<const ClassDeclaration> declaration)
{
    std::string name = folded(declaration->name);
    classes_.insert_or_assign(std::move(name), std::move(declaration));
}

const ClassDeclaration* DeclaredTypes::find(std::string_view class_name) const noexcept
{
    const auto at = classes_.find(folded(class_name));
    return at == classes_.end() ? nullptr : at->second.get();
}

std::optional<PropertyType> DeclaredTypes::property_type(std::string_view class_name,
                                                         std::string_view property) const
{
    const ClassDeclaration* declaration = find(class_name);
    const auto* found = declaration != nullptr ? declaration->find_property(property) : nullptr;
    return found != nullptr ? std::optional{PropertyType{found->type, found->is_array}}
                            : std::nullopt;
}

std::optional<PropertyType> DeclaredTypes::parameter_type(std::string_view class_name,
                                                          std::string_view method,
                                                          std::string_view parameter) const
{
    const ClassDeclaration* declaration = find(class_name);
    const auto* found = declaration != nullptr ? declaration->find_method(method) : nullptr;
    if (found == nullptr) {
        return std::nullopt;
    }
    if (same_name(parameter, "ReturnValue")) {
        return found->returns ? std::optional{PropertyType{*found->returns, false}} : std::nullopt;
    }
    const auto* declared = found->find(parameter);
    return declared != nullptr ? std::optional{PropertyType{declared->type, declared->is_array}}
                               : std::nullopt;
}

} // namespace watari::cim
