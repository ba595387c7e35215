#pragma once

#include "cim/class_declaration.hpp"

#include <string>

namespace watari::cim {

/// The class as MOF shows it (DSP0004): for people to read. Qualifiers stand in one line before
/// what they qualify; descriptions are left out unless `with_descriptions`.
struct MofStyle {
    bool with_descriptions = false;
};
std::string to_mof(const ClassDeclaration& declaration, MofStyle style = {});

/// A value as MOF writes it: "text" with escapes, numbers, TRUE, {1, 2}, NULL.
std::string mof_value(const Value& value);

} // namespace watari::cim
