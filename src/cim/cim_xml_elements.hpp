#pragma once

#include "cim/value.hpp"
#include "xml/reader.hpp"

#include <string>
#include <string_view>

/// What reading instances and reading classes of DSP0201 have in common. For the module's own
/// files.
namespace watari::cim::elements {

/// Throws invalid: message::cim_xml_malformed.
[[noreturn]] void fail(std::string why);

inline bool is(const xml::Element& element, std::string_view name) noexcept
{
    return element.name() == name;
}

/// An attribute that must be there and not be empty.
std::string_view required(const xml::Element& element, std::string_view attribute);

/// The first child of that name, whatever its namespace.
const xml::Element* child(const xml::Element& element, std::string_view name) noexcept;

/// TYPE, and object where EmbeddedObject says so.
Type type_of(const xml::Element& element);

} // namespace watari::cim::elements
