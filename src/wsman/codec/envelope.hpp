#pragma once

#include "wsman/codec/message.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

#include <string_view>

/// The SOAP envelope around both ends' messages. For the codec's own files.
namespace watari::wsman {

/// s:Header (may be null) and s:Body of a document. Throws invalid: message::wsman_bad_answer when
/// it is no SOAP 1.2 envelope.
struct Envelope {
    const xml::Element* header = nullptr;
    const xml::Element* body = nullptr;
};
Envelope open_envelope(const xml::Document& document);

/// Parses; what the reader refuses comes as message::wsman_bad_answer too.
xml::Document parse_message(std::string_view bytes);

/// Text of a header's element, trimmed; empty when it is not there.
std::string_view header_text(const xml::Element* header, std::string_view ns,
                             std::string_view name);

} // namespace watari::wsman
