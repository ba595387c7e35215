#pragma once

#include "cim/class_declaration.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace watari::cim {

/// The types that class declarations give; classes are added as they become known.
class DeclaredTypes final : public TypeSource
{
public:
    void add(std::shared_ptr<const ClassDeclaration> declaration);
    const ClassDeclaration* find(std::string_view class_name) const noexcept;

    std::optional<PropertyType> property_type(std::string_view class_name,
                                              std::string_view property) const override;
    std::optional<PropertyType> parameter_type(std::string_view class_name, std::string_view method,
                                               std::string_view parameter) const override;

private:
    std::map<std::string, std::shared_ptr<const ClassDeclaration>, std::less<>>
        classes_; ///< by folded name
};

} // namespace watari::cim
