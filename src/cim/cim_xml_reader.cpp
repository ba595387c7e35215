#include "cim/cim_xml.hpp"
#include "cim/cim_xml_elements.hpp"
#include "cim/object_path.hpp"
#include "core/error.hpp"
#include "messages/cim.hpp"
#include "xml/reader.hpp"

#include <algorithm>
#include <array>

namespace watari::cim {

namespace {

constexpr xml::Limits limits{.bytes_max = 16U << 20, .depth_max = 64, .nodes_max = 500'000};
constexpr int embedding_depth_max = 8;
constexpr std::size_t shown_bytes_max = 80;
constexpr std::size_t properties_max =
    2'000; ///< names are compared one by one; the largest documented class has under 150

/// What Hyper-V answered to a named reference in a value [C] (wsman.md 5.2).
struct NamedReference {
    std::string_view text;
    std::uint32_t return_code;
};
constexpr std::array named_references{NamedReference{"&amp;", 32768},
                                      NamedReference{"&lt;", 32773}};

using elements::child;
using elements::fail;
using elements::is;
using elements::required;

const xml::Element& only_child(const xml::Element& element)
{
    const xml::Element* first = element.first_child();
    if (first == nullptr || first->next_sibling() != nullptr) {
        fail("a " + std::string{element.name()} + " must have one child");
    }
    return *first;
}

xml::Document parse_text(std::string_view text)
{
    try {
        return xml::Document::parse(text, limits);
    } catch (const Error& error) {
        fail(error.what());
    }
}

/// Throws for the first named reference in character data; markup, comments and CDATA do not count.
void refuse_named_references(std::string_view text)
{
    while (!text.empty()) {
        if (text.starts_with("<![CDATA[")) {
            text.remove_prefix(std::min(text.find("]]>"), text.size()));
        } else if (text.starts_with("<!--")) {
            text.remove_prefix(std::min(text.find("-->", 4), text.size()));
        } else if (text.front() == '<') {
            char quote = 0;
            const auto end = std::ranges::find_if(text, [&](char c) {
                if (quote == 0 && (c == '"' || c == '\'')) {
                    quote = c;
                } else if (c == quote) {
                    quote = 0;
                }
                return quote == 0 && c == '>';
            });
            text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
        } else if (text.front() == '&') {
            for (const auto& [reference, code] : named_references) {
                if (text.starts_with(reference)) {
                    throw Error{
                        ErrorKind::invalid,
                        message::cim_xml_named_reference{.reference = std::string{reference}},
                        PeerSays{.code = code}};
                }
            }
            text.remove_prefix(1);
        } else {
            text.remove_prefix(1);
            text.remove_prefix(std::min(text.find_first_of("<&"), text.size()));
        }
    }
}

class InstanceReader
{
public:
    InstanceReader(CimXmlReading reading, int embedding_depth)
        : reading_(reading), embedding_depth_(embedding_depth)
    {
    }

    Instance read(std::string_view text) const
    {
        if (embedding_depth_ > embedding_depth_max) {
            fail("embedded instances nest too deep");
        }
        const auto document = parse_text(text);
        if (reading_ == CimXmlReading::strict_values) {
            refuse_named_references(text);
        }
        return instance(document.root());
    }

private:
    Instance instance(const xml::Element& element) const
    {
        if (!is(element, "INSTANCE")) {
            fail("the root is not INSTANCE but " + std::string{element.name()});
        }
        Instance result{std::string{required(element, "CLASSNAME")}};
        for (const xml::Element& at : element.children()) {
            if (is(at, "QUALIFIER")) {
                continue;
            }
            Property read = property(at);
            if (result.properties().size() == properties_max) {
                fail("more than " + std::to_string(properties_max) + " properties");
            }
            if (result.find(read.name) != nullptr) {
                fail("property " + read.name + " stands twice");
            }
            result.append(std::move(read));
        }
        return result;
    }

    Property property(const xml::Element& element) const
    {
        if (is(element, "PROPERTY.REFERENCE")) {
            const xml::Element* value = child(element, "VALUE.REFERENCE");
            return {.name = std::string{required(element, "NAME")},
                    .type = Type::reference,
                    .value = value == nullptr ? Value{} : Value{reference(*value)}};
        }
        const bool is_array = is(element, "PROPERTY.ARRAY");
        if (!is_array && !is(element, "PROPERTY")) {
            fail("an INSTANCE may not contain " + std::string{element.name()});
        }
        Property result{.name = std::string{required(element, "NAME")},
                        .type = elements::type_of(element),
                        .is_array = is_array};
        for (const xml::Element& at : element.children()) {
            if (is(at, "QUALIFIER")) {
                continue;
            }
            if (!is(at, is_array ? "VALUE.ARRAY" : "VALUE") && !is(at, "VALUE.NULL")) {
                fail("property " + result.name + " may not contain " + std::string{at.name()});
            }
            if (!is(at, "VALUE.NULL")) {
                result.value = is_array ? array(result, at) : value(result, at);
            }
        }
        return result;
    }

    Value array(const Property& property, const xml::Element& element) const
    {
        Value::Array values;
        for (const xml::Element& at : element.children()) {
            if (is(at, "VALUE")) {
                values.push_back(value(property, at));
            } else if (is(at, "VALUE.NULL")) {
                values.emplace_back();
            } else {
                fail("property " + property.name + " may not contain " + std::string{at.name()});
            }
        }
        return values;
    }

    Value value(const Property& property, const xml::Element& element) const
    {
        if (element.first_child() != nullptr) {
            fail("the value of property " + property.name + " contains elements");
        }
        const std::string_view text = element.text();
        if (property.type == Type::object) {
            return Value{InstanceReader{reading_, embedding_depth_ + 1}.read(text)};
        }
        if (auto value = Value::parse(property.type, text)) {
            return std::move(*value);
        }
        if (text.empty() && reading_ == CimXmlReading::lenient) {
            return Value{};
        }
        throw Error{ErrorKind::invalid,
                    message::cim_xml_bad_value{.property = property.name,
                                               .text = std::string{text.substr(0, shown_bytes_max)},
                                               .type = std::string{to_string(property.type)}}};
    }

    static ObjectPath reference(const xml::Element& value_reference)
    {
        const xml::Element& at = only_child(value_reference);
        if (is(at, "INSTANCENAME")) {
            return {{}, std::string{required(at, "CLASSNAME")}, keys(at)};
        }
        const bool local = is(at, "LOCALINSTANCEPATH");
        if (!local && !is(at, "INSTANCEPATH")) {
            fail("a VALUE.REFERENCE may not contain " + std::string{at.name()});
        }
        const xml::Element* full = local ? &at : child(at, "NAMESPACEPATH");
        const xml::Element* local_ns =
            full == nullptr ? nullptr : child(*full, "LOCALNAMESPACEPATH");
        const xml::Element* name = child(at, "INSTANCENAME");
        if (local_ns == nullptr || name == nullptr) {
            fail("an " + std::string{at.name()} + " is not complete");
        }
        ObjectPath path{ns(*local_ns), std::string{required(*name, "CLASSNAME")}, keys(*name)};
        const xml::Element* host = local ? nullptr : child(*full, "HOST");
        return host == nullptr ? path : path.with_host(std::string{host->trimmed_text()});
    }

    static std::string ns(const xml::Element& local_namespace_path)
    {
        std::string text;
        for (const xml::Element& at : local_namespace_path.children()) {
            text += text.empty() ? "" : "/";
            text += required(at, "NAME");
        }
        return text;
    }

    static std::vector<ObjectPath::Key> keys(const xml::Element& instance_name)
    {
        std::vector<ObjectPath::Key> result;
        for (const xml::Element& at : instance_name.children()) {
            if (is(at, "KEYBINDING")) {
                result.emplace_back(std::string{required(at, "NAME")}, key_value(only_child(at)));
            } else {
                result.emplace_back(std::string{}, key_value(at)); // the only key may have no name
            }
        }
        return result;
    }

    static Value key_value(const xml::Element& element)
    {
        if (is(element, "VALUE.REFERENCE")) {
            return Value{reference(element)};
        }
        if (!is(element, "KEYVALUE")) {
            fail("a key may not contain " + std::string{element.name()});
        }
        const auto kind = element.attribute("", "VALUETYPE").value_or("string");
        const auto text = element.text();
        if (kind == "string") {
            return Value{text};
        }
        auto value = Value::parse(kind == "boolean" ? Type::boolean : Type::uint64, text);
        if (!value && kind == "numeric") {
            value = Value::parse(Type::sint64, text);
        }
        if (!value) {
            fail("a key has an unreadable value");
        }
        return std::move(*value);
    }

    CimXmlReading reading_;
    int embedding_depth_;
};

} // namespace

Instance from_cim_xml(std::string_view text, CimXmlReading reading)
{
    return InstanceReader{reading, 0}.read(text);
}

} // namespace watari::cim
