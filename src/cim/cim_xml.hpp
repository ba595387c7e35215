#pragma once

#include "cim/instance.hpp"

#include <string>
#include <string_view>

namespace watari::cim {

/// How strictly CIM-XML text inside parameters is read.
enum class CimXmlReading {
    lenient,      ///< any well-formed DSP0201 INSTANCE: what a client does with answers
    strict_values ///< refuses named references `&amp;` and `&lt;` in values as Hyper-V's own parser
                  ///< was observed to (wsman.md 5.2)
};

/// DSP0201 INSTANCE text of an embedded instance as Hyper-V wants it: no declaration, upper-case
/// names, TYPE on every PROPERTY, values with numeric character references only, null properties
/// left out. Source: wsman.md 5.1, 5.2.
std::string to_cim_xml(const Instance& instance);

/// As hosts print it (answers): null properties as PROPERTY without VALUE.
std::string to_cim_xml_with_nulls(const Instance& instance);

/// Throws invalid: message::cim_xml_malformed (why), cim_xml_bad_value (property, type, text). In
/// strict_values mode a named reference throws cim_xml_named_reference with PeerSays.code 32768
/// (&amp;) or 32773 (&lt;), as observed.
Instance from_cim_xml(std::string_view text, CimXmlReading reading = CimXmlReading::lenient);

} // namespace watari::cim
