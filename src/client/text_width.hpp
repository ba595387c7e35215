#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace watari::client {

/// Columns a terminal needs for `text` (UTF-8): East Asian wide characters take two, combining
/// marks none.
std::size_t display_width(std::string_view text) noexcept;

/// `text` without what could move the cursor or change colours: each control character and each
/// broken UTF-8 sequence becomes '?'.
std::string printable(std::string_view text);

/// Cut to at most `columns`, with an ellipsis where something was left out.
std::string shortened(std::string_view text, std::size_t columns);

/// With spaces behind (or before, when `right`) up to `columns`; never cut.
std::string padded(std::string_view text, std::size_t columns, bool right = false);

/// Broken into lines of at most `columns` at spaces and beside wide characters; the lines after the
/// first start with `indent` spaces, and the first leaves room for as many. 0 columns: not broken.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

} // namespace watari::client
