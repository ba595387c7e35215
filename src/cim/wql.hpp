#pragma once

#include "cim/instance.hpp"
#include "cim/object_path.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace watari::cim::wql {

struct Condition;

/// `select * | a,b from Class [where …]`
struct Select {
    std::vector<std::string> properties; ///< empty: all
    std::string class_name;
    std::shared_ptr<const Condition> where; ///< null: none
};

/// `ASSOCIATORS OF {path} [WHERE AssocClass = X ResultClass = Y Role = a ResultRole = b]`, or
/// `REFERENCES OF {…}`.
struct Related {
    bool references = false;
    ObjectPath source;
    std::string assoc_class;
    std::string result_class;
    std::string role;
    std::string result_role;
};

using Query = std::variant<Select, Related>;

/// Throws invalid: message::wql_syntax (where, expected, found).
Query parse(std::string_view text);

/// Answers `ISA`; null means only equality of names counts.
using IsA = bool (*)(const void* context, std::string_view derived, std::string_view base);

/// Whether the instance satisfies the condition: strings without regard to case, LIKE with % _
/// [a-z] [^a], NULL tests, = <> < > <= >= , AND OR NOT, numbers by value, datetimes by CIM text. An
/// unknown property compares as null.
bool matches(const Select& select, const Instance& instance);
/// The same, with `is_a(context, derived, base)` answering ISA.
bool matches(const Select& select, const Instance& instance, IsA is_a, const void* context);

/// If the condition demands `property = 'text'` at its top level (alone or under AND), that text:
/// for look-ups by key.
std::optional<std::string> demanded(const Select& select, std::string_view property);

/// Quotes a text as a WQL string literal: '…' with \ and ' escaped.
std::string literal(std::string_view text);

} // namespace watari::cim::wql
