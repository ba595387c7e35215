#pragma once

#include <string>
#include <string_view>

namespace watari::xml {

/// The document with one element per line, indented by two spaces per level, for people to read.
/// Prefixes and attributes stay as they are; elements that hold only text stay on one line. What is
/// no XML, or is cut off, comes out as it is from there on.
std::string pretty(std::string_view text);

} // namespace watari::xml
