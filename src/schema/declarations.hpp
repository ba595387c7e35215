#pragma once

#include "cim/class_declaration.hpp"
#include "schema/catalogue.hpp"

namespace watari::schema {

/// The class as class metadata shows it: inherited elements included, with the qualifiers that
/// follow from the catalogue (Key, read, write, In, Out, Association, Abstract).
cim::ClassDeclaration declaration_of(const ClassInfo& info);

} // namespace watari::schema
