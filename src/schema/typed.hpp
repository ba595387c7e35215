#pragma once

#include "cim/cim_xml.hpp"
#include "cim/instance.hpp"
#include "cim/object_path.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Typed access to instances and methods. The classes themselves (schema/v1.hpp, v2.hpp, cimv2.hpp)
/// are generated from data/schema for the classes that data/schema/used.json lists, so that a name
/// or type the documented schema does not have fails to compile:
///
///     Object<Msvm_ProcessorSettingData> cpu;
///     cpu.set(Msvm_ProcessorSettingData::VirtualQuantity, 4);
///     call.set(DefineSystem::SystemSettings, cpu);
namespace watari::schema {

/// Declared CIM type as C++ type: boolean bool, uintN std::uintN_t, sintN std::intN_t, realN
/// double, string std::string, datetime cim::DateTime, reference cim::ObjectPath, embedded
/// structure cim::Instance; parameters that carry an instance Embedded.
struct Embedded {
};

template <class Class, class T>
struct Property {
    std::string_view name;
    cim::Type type;
};

template <class Class, class T>
struct ArrayProperty {
    std::string_view name;
    cim::Type type;
};

namespace detail {

template <class T>
std::optional<T> from_value(const cim::Value& value);
template <>
std::optional<bool> from_value(const cim::Value& value);
template <>
std::optional<double> from_value(const cim::Value& value);
template <>
std::optional<std::string> from_value(const cim::Value& value);
template <>
std::optional<cim::DateTime> from_value(const cim::Value& value);
template <>
std::optional<cim::ObjectPath> from_value(const cim::Value& value);
/// Structure, or CIM-XML text (which throws as cim::from_cim_xml does).
template <>
std::optional<cim::Instance> from_value(const cim::Value& value);

template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
std::optional<T> integer_from(const cim::Value& value)
{
    const auto number = value.unsigned_integer();
    return number && *number <= T(-1) ? std::optional<T>{static_cast<T>(*number)} : std::nullopt;
}

template <std::signed_integral T>
std::optional<T> integer_from(const cim::Value& value)
{
    const auto number = value.signed_integer();
    return number && static_cast<T>(*number) == *number ? std::optional<T>{static_cast<T>(*number)}
                                                        : std::nullopt;
}

template <class T>
std::optional<T> read(const cim::Value& value)
{
    if constexpr (std::integral<T> && !std::same_as<T, bool>) {
        return integer_from<T>(value);
    } else {
        return from_value<T>(value);
    }
}

template <class T>
cim::Value write(const T& value)
{
    if constexpr (std::signed_integral<T>) {
        return cim::Value{std::int64_t{value}};
    } else {
        return cim::Value{value};
    }
}

} // namespace detail

/// An instance of `Class` (or of a class derived from it), read and written by declared properties
/// only.
template <class Class>
class Object
{
public:
    Object() : instance_(std::string{Class::class_name}) {}
    explicit Object(cim::Instance instance) : instance_(std::move(instance)) {}

    /// nullopt: absent, null, or not of the declared type.
    template <class T>
    std::optional<T> get(const Property<Class, T>& property) const
    {
        return detail::read<T>(instance_[property.name]);
    }

    /// Absent and null arrays are empty; a single value is an array of one.
    template <class T>
    std::vector<T> get(const ArrayProperty<Class, T>& property) const
    {
        std::vector<T> values;
        const cim::Value& value = instance_[property.name];
        if (const auto* array = value.array()) {
            for (const auto& element : *array) {
                if (auto read = detail::read<T>(element)) {
                    values.push_back(std::move(*read));
                }
            }
        } else if (auto read = detail::read<T>(value)) {
            values.push_back(std::move(*read));
        }
        return values;
    }

    /// Whether the host returned the property at all, null or not: evidence that it exists there.
    template <class P>
    bool has(const P& property) const
    {
        return instance_.find(property.name) != nullptr;
    }

    template <class T>
    Object& set(const Property<Class, T>& property, std::type_identity_t<T> value)
    {
        instance_.set({std::string{property.name}, property.type, false, detail::write<T>(value)});
        return *this;
    }

    template <class T>
    Object& set(const ArrayProperty<Class, T>& property, const std::vector<T>& values)
    {
        cim::Value::Array array;
        for (const auto& value : values) {
            array.push_back(detail::write<T>(value));
        }
        instance_.set(
            {std::string{property.name}, property.type, true, cim::Value{std::move(array)}});
        return *this;
    }

    const cim::Instance& instance() const noexcept { return instance_; }
    std::string cim_xml() const { return cim::to_cim_xml(instance_); }

private:
    cim::Instance instance_;
};

/// Parameters of methods; `Method` is the generated struct (Msvm_X::DefineSystem).
template <class Method, class T>
struct In {
    std::string_view name;
    cim::Type type;
};

template <class Method, class T>
struct ArrayIn {
    std::string_view name;
    cim::Type type;
};

template <class Method, class T>
struct Out {
    std::string_view name;
    cim::Type type;
};

template <class Method, class T>
struct ArrayOut {
    std::string_view name;
    cim::Type type;
};

/// The input of one call, in the order set (send MOF order: set parameters in the order the schema
/// lists them).
template <class Method>
class Call
{
public:
    Call() : parameters_(std::string{Method::name} + "_INPUT") {}

    template <class T>
        requires(!std::same_as<T, Embedded>)
    Call& set(const In<Method, T>& parameter, std::type_identity_t<T> value)
    {
        parameters_.set(
            {std::string{parameter.name}, parameter.type, false, detail::write<T>(value)});
        return *this;
    }

    template <class Class>
    Call& set(const In<Method, Embedded>& parameter, const Object<Class>& object)
    {
        parameters_.set(
            {std::string{parameter.name}, parameter.type, false, cim::Value{object.cim_xml()}});
        return *this;
    }

    template <class T>
        requires(!std::same_as<T, Embedded>)
    Call& set(const ArrayIn<Method, T>& parameter, const std::vector<T>& values)
    {
        cim::Value::Array array;
        for (const auto& value : values) {
            array.push_back(detail::write<T>(value));
        }
        parameters_.set(
            {std::string{parameter.name}, parameter.type, true, cim::Value{std::move(array)}});
        return *this;
    }

    /// Embedded instances of any classes, already as CIM-XML:
    /// `call.set(AddResourceSettings::ResourceSettings, {drive.cim_xml(), nic.cim_xml()})`.
    Call& set(const ArrayIn<Method, Embedded>& parameter, const std::vector<std::string>& cim_xml)
    {
        cim::Value::Array array;
        for (const auto& text : cim_xml) {
            array.emplace_back(text);
        }
        parameters_.set(
            {std::string{parameter.name}, parameter.type, true, cim::Value{std::move(array)}});
        return *this;
    }

    const cim::Instance& parameters() const noexcept { return parameters_; }

private:
    cim::Instance parameters_;
};

/// The output of one call.
template <class Method>
class Result
{
public:
    explicit Result(cim::Instance parameters) : parameters_(std::move(parameters)) {}

    /// 0xFFFFFFFF when the answer carries none.
    std::uint32_t return_value() const
    {
        return detail::read<std::uint32_t>(parameters_["ReturnValue"]).value_or(0xFFFFFFFFU);
    }

    template <class T>
        requires(!std::same_as<T, Embedded>)
    std::optional<T> get(const Out<Method, T>& parameter) const
    {
        return detail::read<T>(parameters_[parameter.name]);
    }

    template <class T>
        requires(!std::same_as<T, Embedded>)
    std::vector<T> get(const ArrayOut<Method, T>& parameter) const
    {
        std::vector<T> values;
        for (const cim::Value& value : elements(parameter.name)) {
            if (auto read = detail::read<T>(value)) {
                values.push_back(std::move(*read));
            }
        }
        return values;
    }

    /// CIM-XML text or a structured element, read as an instance.
    std::vector<cim::Instance> get(const ArrayOut<Method, Embedded>& parameter) const
    {
        return instances(parameter.name);
    }
    std::optional<cim::Instance> get(const Out<Method, Embedded>& parameter) const
    {
        auto found = instances(parameter.name);
        return found.empty() ? std::nullopt : std::optional{std::move(found.front())};
    }

    const cim::Instance& parameters() const noexcept { return parameters_; }

private:
    std::vector<cim::Value> elements(std::string_view name) const
    {
        const cim::Value& value = parameters_[name];
        if (const auto* array = value.array()) {
            return *array;
        }
        return value.is_null() ? std::vector<cim::Value>{} : std::vector<cim::Value>{value};
    }

    std::vector<cim::Instance> instances(std::string_view name) const
    {
        std::vector<cim::Instance> found;
        for (const cim::Value& value : elements(name)) {
            if (const auto* embedded = value.embedded()) {
                found.push_back(*embedded);
            } else if (const auto* text = value.string()) {
                found.push_back(cim::from_cim_xml(*text));
            }
        }
        return found;
    }

    cim::Instance parameters_;
};

} // namespace watari::schema
