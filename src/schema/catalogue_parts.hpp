#pragma once

#include "schema/catalogue.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace watari::schema {

/// Hash and equality of names without regard to ASCII case and without copies.
struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept;
};
struct NameEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept
    {
        return cim::same_name(a, b);
    }
};

struct ClassEntry {
    ClassInfo info;
    std::unordered_map<std::string, std::size_t, NameHash, NameEqual>
        properties; ///< index in info.properties
    /// The class does not exist in this generation and only links its descendants to its bases.
    bool is_hidden = false;
};

struct WritableRule {
    std::string class_name;
    std::vector<std::string> properties;
    std::vector<std::string> methods;
    bool is_for_all = false; ///< the properties are "*"
    Writability effect = Writability::accepted;

    bool names(std::string_view property, std::string_view method) const noexcept;
};

struct Catalogue::Parts {
    std::string ns;
    std::unordered_map<std::string, std::unique_ptr<ClassEntry>, NameHash, NameEqual> classes;
    std::vector<WritableRule> rules;
    std::vector<std::string> put_classes; ///< empty: documented access decides

    const ClassEntry* find(std::string_view class_name) const noexcept;
    /// Steps from a class up to a base, 0 for itself; nullopt when it is none of its bases.
    std::optional<std::size_t> distance(std::string_view class_name,
                                        std::string_view base) const noexcept;
};

/// Reads the data inside the program; without a generation, what any of them has. nullopt: the
/// generation lacks the namespace.
std::optional<Catalogue::Parts> read_parts(std::string_view ns,
                                           std::optional<Generation> generation);

} // namespace watari::schema
