#pragma once

#include "wsman/codec/message.hpp"
#include "xml/reader.hpp"

namespace watari::wsman {

/// w:Filter or n:Filter. Throws invalid: message::wsman_bad_answer when a filter of a known dialect
/// is not built as it should be.
Filter read_filter(const xml::Element& element);

} // namespace watari::wsman
