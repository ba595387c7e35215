#include "wsman/codec/codec.hpp"

#include "core/error.hpp"
#include "wsman/codec/envelope.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/filter.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/request_header.hpp"
#include "wsman/codec/values.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

using Refusal = std::optional<Fault>;
using TypesOf = std::function<const cim::TypeSource&(std::string_view ns)>;

constexpr std::string_view input_suffix = "_INPUT";

Fault not_the_schema(std::string why)
{
    return make_fault(faults::schema_validation, std::move(why));
}

/// Namespace that the request addresses: in its URI, or in the selector of the DMTF forms.
std::string addressed_namespace(const RequestHeader& header,
                                const std::optional<ResourceName>& resource)
{
    if (resource && !resource->ns.empty()) {
        return resource->ns;
    }
    for (const Selector& selector : header.selectors) {
        const auto* text = std::get_if<std::string>(&selector.value);
        if (text != nullptr && cim::same_name(selector.name, names::namespace_selector)) {
            return *text;
        }
    }
    return {};
}

std::optional<std::uint32_t> count_of(const xml::Element* element)
{
    std::uint32_t count = 0;
    const std::string_view text = element != nullptr ? element->trimmed_text() : std::string_view{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (problem != std::errc{} || end != text.data() + text.size() || count == 0) {
        return std::nullopt;
    }
    return count;
}

class BodyReader
{
public:
    BodyReader(const Envelope& envelope, const RequestHeader& header, const TypesOf& types_of)
        : element_(envelope.body->first_child()),
          header_element_(envelope.header),
          header_(header),
          types_of_(types_of),
          resource_(parse_resource_uri(header.resource_uri))
    {
    }

    Refusal read(RequestBody& into);

private:
    Refusal read_instance(cim::Instance& into);
    Refusal read_enumerate(Enumerate& into);
    Refusal read_pull(Pull& into);
    Refusal read_release(Release& into);
    Refusal read_invoke(Invoke& into);
    Refusal read_eventing(RequestBody& into);
    Refusal read_subscribe(Subscribe& into);
    /// Unsubscribe or Renew: `into` gets the subscription's identifier.
    Refusal read_subscription(std::string_view name, std::string& into);
    Refusal missing(std::string_view name) const;
    const cim::TypeSource& types() const
    {
        return types_of_(addressed_namespace(header_, resource_));
    }

    const xml::Element* element_;
    const xml::Element* header_element_;
    const RequestHeader& header_;
    const TypesOf& types_of_;
    std::optional<ResourceName> resource_;
};

Refusal BodyReader::read(RequestBody& into)
{
    const std::string& action = header_.action;
    if (action == names::get) {
        into = Get{};
        return {};
    }
    if (action == names::delete_) {
        into = Delete{};
        return {};
    }
    if (action == names::put) {
        return read_instance(into.emplace<Put>().instance);
    }
    if (action == names::create) {
        return read_instance(into.emplace<Create>().instance);
    }
    if (action == names::enumerate) {
        return read_enumerate(into.emplace<Enumerate>());
    }
    if (action == names::pull) {
        return read_pull(into.emplace<Pull>());
    }
    if (action == names::release) {
        return read_release(into.emplace<Release>());
    }
    if (action.starts_with(names::eventing)) {
        return read_eventing(into);
    }
    if (action.size() > header_.resource_uri.size() + 1 &&
        cim::same_name(action.substr(0, header_.resource_uri.size()), header_.resource_uri) &&
        action[header_.resource_uri.size()] == '/') {
        return read_invoke(into.emplace<Invoke>());
    }
    into = Get{};
    return make_fault(faults::action_not_supported);
}

Refusal BodyReader::read_eventing(RequestBody& into)
{
    if (header_.action == names::subscribe) {
        return read_subscribe(into.emplace<Subscribe>());
    }
    if (header_.action == names::unsubscribe) {
        return read_subscription("Unsubscribe", into.emplace<Unsubscribe>().identifier);
    }
    if (header_.action == names::renew) {
        auto& renew = into.emplace<Renew>();
        if (Refusal refusal = read_subscription("Renew", renew.identifier)) {
            return refusal;
        }
        if (const auto* expires = element_->child(names::eventing, "Expires")) {
            renew.expires = duration_from(expires->trimmed_text());
        }
        return {};
    }
    into = Get{};
    return make_fault(faults::action_not_supported);
}

Refusal BodyReader::missing(std::string_view name) const
{
    return not_the_schema(fmt::format("The body lacks the element {}.", name));
}

Refusal BodyReader::read_instance(cim::Instance& into)
{
    if (element_ == nullptr) {
        return missing(resource_ ? resource_->class_name : "of the instance");
    }
    into = ValueReader{types(), Sender::client}.instance(*element_);
    return {};
}

Refusal BodyReader::read_enumerate(Enumerate& into)
{
    if (element_ == nullptr || !element_->is(names::enumeration, "Enumerate")) {
        return missing("Enumerate");
    }
    into.optimize = element_->child(names::wsman, "OptimizeEnumeration") != nullptr;
    if (const auto* count = element_->child(names::wsman, "MaxElements")) {
        into.max_elements = count_of(count);
        if (!into.max_elements) {
            return not_the_schema("MaxElements is no positive number.");
        }
    }
    if (const auto* mode = element_->child(names::wsman, "EnumerationMode")) {
        if (mode->trimmed_text() == "EnumerateEPR") {
            into.mode = EnumerationMode::references;
        } else if (mode->trimmed_text() == "EnumerateObjectAndEPR") {
            into.mode = EnumerationMode::objects_and_references;
        } else if (mode->trimmed_text() != "EnumerateObject") {
            return make_fault(faults::enumeration_mode);
        }
    }
    const auto* filter = element_->child(names::wsman, "Filter"); // n:Filter means the same [S]
    filter = filter != nullptr ? filter : element_->child(names::enumeration, "Filter");
    if (filter != nullptr) {
        into.filter = read_filter(*filter);
    }
    return {};
}

Refusal BodyReader::read_subscribe(Subscribe& into)
{
    if (element_ == nullptr || !element_->is(names::eventing, "Subscribe")) {
        return missing("Subscribe");
    }
    const auto* delivery = element_->child(names::eventing, "Delivery");
    if (delivery == nullptr) {
        return missing("Delivery");
    }
    into.mode = delivery->attribute({}, "Mode").value_or("");
    if (const auto* heartbeats = delivery->child(names::wsman, "Heartbeats")) {
        into.heartbeats = duration_from(heartbeats->trimmed_text());
    }
    if (const auto* expires = element_->child(names::eventing, "Expires")) {
        into.expires = duration_from(expires->trimmed_text());
    }
    const auto* filter = element_->child(names::wsman, "Filter");
    filter = filter != nullptr ? filter : element_->child(names::eventing, "Filter");
    if (filter != nullptr) {
        into.filter = read_filter(*filter);
    }
    return {};
}

Refusal BodyReader::read_subscription(std::string_view name, std::string& into)
{
    if (element_ == nullptr || !element_->is(names::eventing, name)) {
        return missing(name);
    }
    into = header_text(header_element_, names::eventing, "Identifier");
    return {};
}

Refusal BodyReader::read_pull(Pull& into)
{
    if (element_ == nullptr || !element_->is(names::enumeration, "Pull")) {
        return missing("Pull");
    }
    const auto* context = element_->child(names::enumeration, "EnumerationContext");
    if (context == nullptr) {
        return missing("EnumerationContext");
    }
    into.context = context->trimmed_text();
    if (const auto* count = element_->child(names::enumeration, "MaxElements")) {
        into.max_elements = count_of(count);
        if (!into.max_elements) {
            return not_the_schema("MaxElements is no positive number.");
        }
    }
    return {};
}

Refusal BodyReader::read_release(Release& into)
{
    if (element_ == nullptr || !element_->is(names::enumeration, "Release")) {
        return missing("Release");
    }
    const auto* context = element_->child(names::enumeration, "EnumerationContext");
    if (context == nullptr) {
        return missing("EnumerationContext");
    }
    into.context = context->trimmed_text();
    return {};
}

/// Windows is lax about the wrapper's namespace and strict about that of its children [C]; a method
/// without parameters may come with an empty body (UNVERIFIED).
Refusal BodyReader::read_invoke(Invoke& into)
{
    into.method = header_.action.substr(header_.resource_uri.size() + 1);
    if (element_ == nullptr) {
        return {};
    }
    if (!cim::same_name(element_->name(), into.method + std::string{input_suffix})) {
        return missing(into.method + std::string{input_suffix});
    }
    for (const xml::Element& child : element_->children()) {
        if (!cim::same_name(child.ns(), header_.resource_uri)) {
            return not_the_schema(fmt::format(
                "The parameter {} is not in the namespace of the class.", child.name()));
        }
    }
    ValueReader values{types(), Sender::client};
    const std::string class_name = resource_ ? resource_->class_name : std::string{};
    into.input = values.parameters(*element_, class_name, into.method);
    into.has_wrapped_reference = values.saw_wrapped_reference();
    into.has_element_tree_parameter = values.saw_element_tree();
    return {};
}

Refusal read_request(std::string_view bytes, const TypesOf& types_of, Request& request)
{
    const xml::Document document = parse_message(bytes);
    const Envelope envelope = open_envelope(document);
    if (const auto* body = envelope.body->first_child();
        body != nullptr && body->is(names::identity, "Identify")) {
        request.body = Identify{};
        return {};
    }
    Refusal of_header = read_request_header(envelope.header, request.header);
    Refusal of_body = BodyReader{envelope, request.header, types_of}.read(request.body);
    return of_header ? of_header : of_body;
}

} // namespace

DecodedRequest decode_request(std::string_view bytes, const TypesOf& types_of)
{
    DecodedRequest decoded;
    try {
        decoded.refusal = read_request(bytes, types_of, decoded.request);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::invalid) {
            throw;
        }
        const auto& arguments = error.message().arguments;
        decoded.refusal =
            not_the_schema(arguments.empty() ? error.code() : arguments.front().second);
    }
    return decoded;
}

DecodedRequest decode_request(std::string_view bytes, const cim::TypeSource& types)
{
    return decode_request(
        bytes,
        TypesOf{[source = &types](std::string_view) -> const cim::TypeSource& { return *source; }});
}

} // namespace watari::wsman
