#pragma once

#include "cim/instance.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::cim {

/// A qualifier of a class, property, method or parameter: [Key], [Description("…")], [ValueMap{…}].
struct Qualifier {
    std::string name;
    Type type = Type::boolean;
    bool is_array = false;
    Value value = {};

    friend bool operator==(const Qualifier&, const Qualifier&) = default;
};

/// A property as its class declares it, or a parameter as its method does (In and Out are
/// qualifiers).
struct ElementDeclaration {
    std::string name;
    Type type = Type::string;
    bool is_array = false;
    std::string reference_class = {}; ///< of references, as declared; may be empty
    std::string class_origin = {};    ///< the class that declares it first, when the host says so
    Value default_value = {};
    std::vector<Qualifier> qualifiers = {};

    const Qualifier* find_qualifier(std::string_view name) const noexcept;
    /// Whether the boolean qualifier is there and true.
    bool is(std::string_view qualifier) const noexcept;
    friend bool operator==(const ElementDeclaration&, const ElementDeclaration&) = default;
};

struct MethodDeclaration {
    std::string name;
    std::optional<Type> returns = Type::uint32; ///< nullopt: void
    std::string class_origin = {};
    std::vector<ElementDeclaration> parameters = {};
    std::vector<Qualifier> qualifiers = {};

    const ElementDeclaration* find(std::string_view parameter) const noexcept;
    friend bool operator==(const MethodDeclaration&, const MethodDeclaration&) = default;
};

/// A class as a host describes it (class metadata, wsman.md 7): inherited elements included when
/// they were asked for.
struct ClassDeclaration {
    std::string name;
    std::string superclass = {}; ///< empty: none
    std::vector<Qualifier> qualifiers = {};
    std::vector<ElementDeclaration> properties = {};
    std::vector<MethodDeclaration> methods = {};

    const ElementDeclaration* find_property(std::string_view name) const noexcept;
    const MethodDeclaration* find_method(std::string_view name) const noexcept;
    bool is(std::string_view qualifier) const noexcept; ///< "Association", "Abstract"
    std::vector<std::string> keys() const;
    friend bool operator==(const ClassDeclaration&, const ClassDeclaration&) = default;
};

} // namespace watari::cim
