#pragma once

#include "cim/value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace watari::cim {

struct Property {
    std::string name;
    Type type = Type::string;
    bool is_array = false;
    Value value = {};

    friend bool operator==(const Property&, const Property&) = default;
};

/// An instance of a CIM class: its class name and the properties it carries, in the order they
/// came. Names compare without regard to case and stand once.
class Instance
{
public:
    Instance() = default;
    explicit Instance(std::string class_name) : class_name_(std::move(class_name)) {}

    const std::string& class_name() const noexcept { return class_name_; }
    void set_class_name(std::string name) { class_name_ = std::move(name); }
    const std::vector<Property>& properties() const noexcept { return properties_; }

    const Property* find(std::string_view name) const noexcept;
    /// The value, or null when the property is not there.
    const Value& operator[](std::string_view name) const noexcept;
    /// Adds or replaces.
    void set(Property property);
    void set(std::string_view name, Type type, Value value)
    {
        set(Property{std::string{name}, type, value.is_array(), std::move(value)});
    }
    void erase(std::string_view name);
    /// Appends without looking for an earlier one of that name: for decoders of input already known
    /// to be unique.
    void append(Property property) { properties_.push_back(std::move(property)); }
    void reserve(std::size_t count) { properties_.reserve(count); }

    friend bool operator==(const Instance&, const Instance&) = default;

private:
    std::string class_name_;
    std::vector<Property> properties_;
};

struct PropertyType {
    Type type = Type::string;
    bool is_array = false;
};

/// Knows the declared types of classes; WS-Management elements carry none. schema::Catalogue is
/// one.
class TypeSource
{
public:
    virtual ~TypeSource() = default;
    /// nullopt: unknown class or property; the decoder then keeps text (repeated elements become an
    /// array of text).
    virtual std::optional<PropertyType> property_type(std::string_view class_name,
                                                      std::string_view property) const = 0;
    /// Output or input parameter of a method; "ReturnValue" is the return value.
    virtual std::optional<PropertyType> parameter_type(std::string_view class_name,
                                                       std::string_view method,
                                                       std::string_view parameter) const = 0;
};

/// Knows nothing: every value stays text.
const TypeSource& untyped() noexcept;

} // namespace watari::cim
