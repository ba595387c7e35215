#include "cim/instance.hpp"

#include <algorithm>

namespace watari::cim {

namespace {

class Untyped final : public TypeSource
{
public:
    std::optional<PropertyType> property_type(std::string_view, std::string_view) const override
    {
        return std::nullopt;
    }
    std::optional<PropertyType> parameter_type(std::string_view, std::string_view,
                                               std::string_view) const override
    {
        return std::nullopt;
    }
};

} // namespace

const Property* Instance::find(std::string_view name) const noexcept
{
    const auto at = std::ranges::find_if(
        properties_, [&](const Property& property) { return same_name(property.name, name); });
    return at == properties_.end() ? nullptr : &*at;
}

const Value& Instance::operator[](std::string_view name) const noexcept
{
    static const Value null;
    const Property* property = find(name);
    return property == nullptr ? null : property->value;
}

void Instance::set(Property property)
{
    const auto at = std::ranges::find_if(
        properties_, [&](const Property& other) { return same_name(other.name, property.name); });
    if (at == properties_.end()) {
        properties_.push_back(std::move(property));
    } else {
        *at = std::move(property);
    }
}

void Instance::erase(std::string_view name)
{
    std::erase_if(properties_,
                  [&](const Property& property) { return same_name(property.name, name); });
}

const TypeSource& untyped() noexcept
{
    static const Untyped source;
    return source;
}

} // namespace watari::cim
