#pragma once

#include "cim/class_declaration.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

#include <string>
#include <string_view>

namespace watari::cim {

/// The DSP0201 CLASS element of class metadata, without a namespace as clients of real hosts look
/// for it [C].
void write_class(xml::Writer& out, const ClassDeclaration& declaration);
/// On one line.
std::string to_class_xml(const ClassDeclaration& declaration);

/// Reads a CLASS element; elements and attributes it does not know are passed over, since hosts add
/// their own. Throws invalid: message::cim_xml_malformed.
ClassDeclaration read_class(const xml::Element& element);
ClassDeclaration class_from_xml(std::string_view text);

} // namespace watari::cim
