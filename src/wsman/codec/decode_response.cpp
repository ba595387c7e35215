#include "cim/class_xml.hpp"
#include "core/error.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/envelope.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <utility>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

constexpr std::string_view response_suffix = "Response";
constexpr std::string_view output_suffix = "_OUTPUT";

IdentifyResponse read_identify(const xml::Element& element)
{
    const auto text = [&](std::string_view name) {
        const auto* child = element.child(names::identity, name);
        return std::string{child ? child->trimmed_text() : std::string_view{}};
    };
    IdentifyResponse identity{
        text("ProtocolVersion"), text("ProductVendor"), text("ProductVersion"), {}};
    if (const auto* profiles = element.child(names::identity, "SecurityProfiles")) {
        for (const xml::Element& profile : profiles->children()) {
            if (profile.is(names::identity, "SecurityProfileName")) {
                identity.security_profiles.emplace_back(profile.trimmed_text());
            }
        }
    }
    return identity;
}

cim::ObjectPath reference_from(const xml::Element& element)
{
    auto path = read_reference(element);
    if (!path) {
        fail_decoding(fmt::format("{} is not a reference to a WMI object", element.name()));
    }
    return std::move(*path);
}

/// The CLASS element of class metadata: the body's child or an item, perhaps inside a wrapper
/// (UNVERIFIED, wsman.md 7), in no namespace or one; nullptr when there is none.
const xml::Element* find_class(const xml::Element& element)
{
    if (element.name() == "CLASS" && element.attribute({}, "NAME")) {
        return &element;
    }
    const auto* child = element.first_child();
    const bool is_wrapper = child != nullptr && child->next_sibling() == nullptr;
    return is_wrapper && child->name() == "CLASS" && child->attribute({}, "NAME") ? child : nullptr;
}

SharedClass class_from(const xml::Element& element)
{
    std::string why;
    try {
        return std::make_shared<const cim::ClassDeclaration>(cim::read_class(element));
    } catch (const Error& error) {
        why = error.what();
    }
    fail_decoding(std::move(why));
}

Item read_item(const xml::Element& element, ValueReader& values)
{
    if (const auto* declaration = find_class(element)) {
        return {{}, {}, class_from(*declaration)};
    }
    if (element.is(names::addressing, "EndpointReference")) {
        return {{}, reference_from(element), {}};
    }
    if (!element.is(names::wsman, "Item")) {
        return {values.instance(element), {}, {}};
    }
    Item item;
    for (const xml::Element& child : element.children()) {
        if (const auto* declaration = find_class(child)) {
            item.declaration = class_from(*declaration);
        } else if (child.is(names::addressing, "EndpointReference")) {
            item.path = reference_from(child);
        } else {
            item.instance = values.instance(child);
        }
    }
    return item;
}

/// EndOfSequence counts as a direct child only: a class may have such a property (3.5). Its
/// namespace and that of Items may be either, whichever answer it is.
ItemsResponse read_items(const xml::Element& element, ValueReader& values)
{
    ItemsResponse response;
    response.is_pull = element.name() == "PullResponse";
    for (const xml::Element& child : element.children()) {
        if (child.ns() != names::enumeration && child.ns() != names::wsman) {
            continue;
        }
        if (child.name() == "EnumerationContext") {
            response.context = child.trimmed_text();
        } else if (child.name() == "EndOfSequence") {
            response.end_of_sequence = true;
        } else if (child.name() == "Items") {
            response.has_items = true;
            for (const xml::Element& item : child.children()) {
                response.items.push_back(read_item(item, values));
            }
        }
    }
    return response;
}

SubscribeResponse read_subscription(const xml::Element& element)
{
    SubscribeResponse response;
    if (const auto* manager = element.child(names::eventing, "SubscriptionManager")) {
        const auto text = [](const xml::Element* from, std::string_view ns, std::string_view name) {
            const auto* child = from != nullptr ? from->child(ns, name) : nullptr;
            return std::string{child != nullptr ? child->trimmed_text() : std::string_view{}};
        };
        response.manager = text(manager, names::addressing, "Address");
        // The older addressing says properties, the newer parameters; both are read.
        const auto* given = manager->child(names::addressing, "ReferenceProperties");
        given = given != nullptr ? given : manager->child(names::addressing, "ReferenceParameters");
        response.identifier = text(given, names::eventing, "Identifier");
    }
    if (const auto* expires = element.child(names::eventing, "Expires")) {
        response.expires = duration_from(expires->trimmed_text());
    }
    if (const auto* context = element.child(names::enumeration, "EnumerationContext")) {
        response.context = context->trimmed_text();
    }
    return response;
}

/// "…/Msvm_X/Method" + "Response" → the method, when the element is its output.
std::optional<std::string_view> method_of_output(const xml::Element& element)
{
    std::string_view name = element.name();
    if (!name.ends_with(output_suffix)) {
        return std::nullopt;
    }
    name.remove_suffix(output_suffix.size());
    return name;
}

InvokeResponse read_output(const xml::Element& element, std::string_view method,
                           std::string_view action, ValueReader& values)
{
    auto resource = parse_resource_uri(element.ns());
    if (!resource) {
        const auto slash = action.rfind('/');
        resource =
            parse_resource_uri(action.substr(0, slash == std::string_view::npos ? 0 : slash));
    }
    const std::string class_name = resource ? resource->class_name : std::string{};
    return {std::string{method}, values.parameters(element, class_name, method)};
}

ResponseBody read_empty_body(std::string_view action)
{
    if (action.starts_with(names::get) || action.starts_with(names::put)) {
        return InstanceResponse{};
    }
    if (!action.ends_with(response_suffix)) {
        fail_decoding("the body is empty and the action says nothing");
    }
    if (parse_resource_uri(action)) { // a method without output
        action.remove_suffix(response_suffix.size());
        return InvokeResponse{std::string{action.substr(action.rfind('/') + 1)}, {}};
    }
    return EmptyResponse{};
}

Fault read_fault_of(const xml::Element& element, const xml::Element* header)
{
    Fault fault = read_fault(element);
    for (const auto* child = header ? header->first_child() : nullptr; child != nullptr;
         child = child->next_sibling()) {
        if (!child->is(names::soap, "NotUnderstood")) {
            continue;
        }
        const std::string_view name = child->attribute({}, "qname").value_or("");
        const auto colon = name.find(':');
        const auto ns = colon == std::string_view::npos
                            ? std::nullopt
                            : child->namespace_of(name.substr(0, colon));
        fault.not_understood.push_back(ns ? fmt::format("{{{}}}{}", *ns, name.substr(colon + 1))
                                          : std::string{name});
    }
    return fault;
}

ResponseBody read_body(const Envelope& envelope, std::string_view action,
                       const cim::TypeSource& types, std::string_view projected_class)
{
    const xml::Element* element = envelope.body->first_child();
    if (element == nullptr) {
        return read_empty_body(action);
    }
    if (element->is(names::soap, "Fault")) {
        return read_fault_of(*element, envelope.header);
    }
    if (element->is(names::identity, "IdentifyResponse")) {
        return read_identify(*element);
    }
    if (element->is(names::transfer, "ResourceCreated")) {
        return ReferenceResponse{reference_from(*element)};
    }
    if (element->is(names::eventing, "SubscribeResponse")) {
        return read_subscription(*element);
    }
    ValueReader values{types, Sender::host, projected_class};
    if (element->is(names::enumeration, "EnumerateResponse") ||
        element->is(names::enumeration, "PullResponse")) {
        return read_items(*element, values);
    }
    if (action.starts_with(names::enumeration) || action.starts_with(names::eventing)) {
        return EmptyResponse{}; // some servers put an element into ReleaseResponse
    }
    if (const auto* declaration = find_class(*element)) {
        return ClassResponse{class_from(*declaration)};
    }
    if (action.starts_with(names::get) || action.starts_with(names::put)) {
        return InstanceResponse{values.instance(*element)};
    }
    if (const auto method = method_of_output(*element)) {
        return read_output(*element, *method, action, values);
    }
    return InstanceResponse{values.instance(*element)};
}

} // namespace

Response decode_response(std::string_view bytes, const cim::TypeSource& types,
                         std::string_view projected_class)
{
    const xml::Document document = parse_message(bytes);
    const Envelope envelope = open_envelope(document);
    Response response;
    response.action = header_text(envelope.header, names::addressing, "Action");
    response.message_id = header_text(envelope.header, names::addressing, "MessageID");
    response.relates_to = header_text(envelope.header, names::addressing, "RelatesTo");
    response.body = read_body(envelope, response.action, types, projected_class);
    return response;
}

} // namespace watari::wsman
