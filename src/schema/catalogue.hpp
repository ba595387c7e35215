#pragma once

#include "cim/instance.hpp"
#include "generations/generation.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::schema {

inline constexpr std::string_view v1_namespace = "root/virtualization";
inline constexpr std::string_view v2_namespace = "root/virtualization/v2";
inline constexpr std::string_view cimv2_namespace = "root/cimv2";

struct PropertyInfo {
    std::string name;
    cim::Type type = cim::Type::string;
    bool is_array = false;
    bool is_key = false;
    bool is_read_write = false; ///< documented access; only Put follows it (see writable())
};

struct ParameterInfo {
    std::string name;
    cim::Type type = cim::Type::string;
    bool is_array = false;
    bool in = false;
    bool out = false;
    std::string reference_class; ///< for references, as documented; a hint
    std::string embedded_class;  ///< for strings that carry CIM-XML; a hint (DefineSystem names one
                                 ///< class and takes others)
};

struct MethodInfo {
    std::string name;
    cim::Type returns = cim::Type::uint32;
    std::vector<ParameterInfo> parameters;

    const ParameterInfo* find(std::string_view parameter) const noexcept;
};

struct ClassInfo {
    std::string name;
    std::string superclass; ///< empty: none known
    bool is_abstract = false;
    bool is_association = false;
    std::vector<std::string> keys;        ///< empty: not addressable (singletons of methods)
    std::vector<PropertyInfo> properties; ///< inherited ones included
    std::vector<MethodInfo> methods;      ///< inherited ones included

    const PropertyInfo* find_property(std::string_view name) const noexcept;
    const MethodInfo* find_method(std::string_view name) const noexcept;
};

/// What a method does with a property inside an embedded instance (data/schema/writable.json).
enum class Writability {
    accepted, ///< taken and stored
    ignored,  ///< silently dropped, with a good return code
    refused,  ///< the call fails with 32773
};

/// The classes one namespace of one generation has. Immutable; made once per process and shared by
/// all threads.
class Catalogue final : public cim::TypeSource
{
public:
    /// nullptr when that generation does not have the namespace (v1 from 2012 R2 on, v2 on 2008
    /// R2).
    static const Catalogue* of(Generation generation, std::string_view ns);
    /// Everything any generation has in that namespace: what a client decodes with. nullptr: a
    /// namespace we know nothing of.
    static const Catalogue* any(std::string_view ns);

    std::string_view ns() const noexcept { return ns_; }
    const ClassInfo* find(std::string_view class_name) const noexcept;
    /// Every class, sorted by name.
    const std::vector<const ClassInfo*>& classes() const noexcept { return classes_; }
    /// True for the class itself and for its bases.
    bool is_a(std::string_view class_name, std::string_view base) const noexcept;
    Writability writability(std::string_view class_name, std::string_view property,
                            std::string_view method) const noexcept;
    /// Whether WS-Transfer Put may change instances of this class (v1's put_rule; documented access
    /// elsewhere).
    bool accepts_put(std::string_view class_name) const noexcept;

    std::optional<cim::PropertyType> property_type(std::string_view class_name,
                                                   std::string_view property) const override;
    std::optional<cim::PropertyType> parameter_type(std::string_view class_name,
                                                    std::string_view method,
                                                    std::string_view parameter) const override;

    struct Parts;
    explicit Catalogue(Parts parts);
    ~Catalogue() override;

private:
    std::string ns_;
    std::vector<const ClassInfo*> classes_;
    std::unique_ptr<Parts> parts_;
};

} // namespace watari::schema
