#pragma once

#include "wsman/codec/message.hpp"
#include "xml/reader.hpp"

#include <optional>

namespace watari::wsman {

/// Reads what is there of the headers even when it refuses them; the fault is the one of
/// wsman.md 2.1 and 8.2 (V17–V21).
std::optional<Fault> read_request_header(const xml::Element* element, RequestHeader& into);

} // namespace watari::wsman
