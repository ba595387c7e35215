#include "cim/cim_xml_elements.hpp"

#include "core/error.hpp"
#include "messages/cim.hpp"

namespace watari::cim::elements {

namespace {

constexpr std::size_t shown_bytes_max = 80;

} // namespace

void fail(std::string why)
{
    throw Error{ErrorKind::invalid, message::cim_xml_malformed{.why = std::move(why)}};
}

std::string_view required(const xml::Element& element, std::string_view attribute)
{
    const auto value = element.attribute("", attribute);
    if (!value || value->empty()) {
        fail("a " + std::string{element.name()} + " has no " + std::string{attribute});
    }
    return *value;
}

const xml::Element* child(const xml::Element& element, std::string_view name) noexcept
{
    for (const xml::Element& at : element.children()) {
        if (is(at, name)) {
            return &at;
        }
    }
    return nullptr;
}

Type type_of(const xml::Element& element)
{
    const auto name = required(element, "TYPE");
    const auto type = type_from(name);
    if (!type || *type == Type::reference || *type == Type::object) {
        fail("there is no TYPE " + std::string{name.substr(0, shown_bytes_max)});
    }
    // Both spellings are in use (DSP0201 2.2 and later).
    const bool embedded =
        element.attribute("", "EmbeddedObject") || element.attribute("", "EMBEDDEDOBJECT");
    return embedded && *type == Type::string ? Type::object : *type;
}

} // namespace watari::cim::elements
