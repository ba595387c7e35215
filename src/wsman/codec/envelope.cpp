#include "wsman/codec/envelope.hpp"

#include "core/catalogue.hpp"
#include "core/error.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <optional>

namespace watari::wsman {

Envelope open_envelope(const xml::Document& document)
{
    const xml::Element& root = document.root();
    if (root.name() != "Envelope") {
        fail_decoding("no SOAP envelope");
    }
    if (root.ns() != names::soap) {
        fail_decoding("not SOAP 1.2");
    }
    const Envelope envelope{root.child(names::soap, "Header"), root.child(names::soap, "Body")};
    if (envelope.body == nullptr) {
        fail_decoding("the envelope has no body");
    }
    return envelope;
}

xml::Document parse_message(std::string_view bytes)
{
    std::string why;
    try {
        return xml::Document::parse(bytes);
    } catch (const Error& error) {
        why = render(error.message(), Language::en);
    }
    fail_decoding(std::move(why));
}

std::string_view header_text(const xml::Element* header, std::string_view ns, std::string_view name)
{
    const auto* element = header != nullptr ? header->child(ns, name) : nullptr;
    return element != nullptr ? element->trimmed_text() : std::string_view{};
}

} // namespace watari::wsman
