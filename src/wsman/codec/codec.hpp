#pragma once

#include "wsman/codec/message.hpp"
#include "wsman/codec/wire_form.hpp"
#include "xml/reader.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace watari::wsman {

/// Client's end.
std::string encode(const Request& request);
/// `types` gives the declared types of the namespace addressed. Throws invalid:
/// message::wsman_bad_answer (why) for anything that is not an answer (HTML, no envelope, missing
/// body); never crashes on foreign bytes. Prefixes are free (V56). `projected_class` is the class
/// of `select a,b from Class`, whose items name none.
Response decode_response(std::string_view bytes, const cim::TypeSource& types,
                         std::string_view projected_class = {});

/// Server's end.
struct DecodedRequest {
    Request request;
    /// Set when the request is refused before any operation: the fault to answer with (V17–V21,
    /// malformed SOAP, wrong wrapper).
    std::optional<Fault> refusal;
};
DecodedRequest decode_request(std::string_view bytes, const cim::TypeSource& types);
/// As above, for a server of several namespaces: asks for the types once it knows which one is
/// addressed ("root/virtualization/v2"; empty when the request names none).
DecodedRequest
decode_request(std::string_view bytes,
               const std::function<const cim::TypeSource&(std::string_view ns)>& types_of);

struct EncodeOptions {
    std::string language = "en-US";
    std::string resource_uri; ///< of the request: namespace of elements and of Invoke's output
    WireForm form = {};
};
/// Properties come out in alphabetical order, null scalars as xsi:nil, null and empty arrays absent
/// [R].
std::string encode(const Response& response, const EncodeOptions& options);

/// One instance element as Windows prints it (3.1); `ns` is the CIM namespace.
std::string encode_instance(const cim::Instance& instance, std::string_view ns);
cim::Instance decode_instance(const xml::Element& element, const cim::TypeSource& types);

/// xs:duration of WS-Man headers ("PT60.000S"); nullopt when it is not one, is negative, or has
/// years or months.
std::optional<std::chrono::milliseconds> duration_from(std::string_view text);

/// "PT60.000S".
std::string duration_text(std::chrono::milliseconds duration);

} // namespace watari::wsman
