#include "cim/class_xml.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <variant>

namespace watari::wsman {

namespace {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

/// Hosts declare the prefixes in use and no others: enumeration `s a n w`, transfer `s a x w p`,
/// faults `s a x e n w p` [R].
std::string_view prefixes_of(const ResponseBody& body, const Response& response)
{
    if (std::holds_alternative<Fault>(body)) {
        return "saxenwp";
    }
    if (std::holds_alternative<ItemsResponse>(body) ||
        response.action.starts_with(names::enumeration)) {
        return "sanw";
    }
    if (response.action.starts_with(names::eventing)) {
        return "saenw"; // UNVERIFIED: no recording
    }
    return std::holds_alternative<IdentifyResponse>(body) ? "s" : "saxwp";
}

std::string_view uri_of(char prefix)
{
    switch (prefix) {
    case 'a':
        return names::addressing;
    case 'x':
        return names::transfer;
    case 'e':
        return names::eventing;
    case 'n':
        return names::enumeration;
    case 'w':
        return names::wsman;
    case 'p':
        return names::microsoft;
    default:
        return names::soap;
    }
}

void write_header(xml::Writer& out, const Response& response)
{
    out.open("s:Header");
    const Fault* fault = std::get_if<Fault>(&response.body);
    const bool derive = fault != nullptr && response.action.empty();
    out.element("a:Action", derive ? fault_action(*fault) : std::string_view{response.action});
    out.element("a:MessageID", response.message_id);
    out.element("a:To", names::anonymous);
    if (!response.relates_to.empty()) {
        out.element("a:RelatesTo", response.relates_to);
    }
    if (fault != nullptr) {
        for (const std::string& name : fault->not_understood) {
            const auto brace = name.rfind('}');
            const bool qualified = name.starts_with('{') && brace != std::string::npos;
            out.open("s:NotUnderstood");
            out.attribute("qname", qualified ? "z:" + name.substr(brace + 1) : name);
            if (qualified && brace > 1) {
                out.attribute("xmlns:z", name.substr(1, brace - 1));
            }
            out.close();
        }
    }
    out.close();
}

void write_identify(xml::Writer& out, const IdentifyResponse& identity)
{
    out.open("wsmid:IdentifyResponse").attribute("xmlns:wsmid", names::identity);
    out.element("wsmid:ProtocolVersion", identity.protocol_version);
    out.element("wsmid:ProductVendor", identity.product_vendor);
    out.element("wsmid:ProductVersion", identity.product_version);
    if (!identity.security_profiles.empty()) {
        out.open("wsmid:SecurityProfiles");
        for (const std::string& profile : identity.security_profiles) {
            out.element("wsmid:SecurityProfileName", profile);
        }
        out.close();
    }
    out.close();
}

/// Class URI of an item: of the form that the request used.
std::string class_uri(std::string_view ns, const std::string& class_name)
{
    return ns.empty() ? std::string{names::cim_schema_prefix} + class_name
                      : resource_uri(ns, class_name);
}

void write_class(xml::Writer& out, const cim::ClassDeclaration& declaration, const WireForm& form)
{
    if (form.classes_in_fragment) {
        out.open("w:XmlFragment");
    }
    cim::write_class(out, declaration);
    if (form.classes_in_fragment) {
        out.close();
    }
}

void write_item(xml::Writer& out, const Item& item, std::string_view ns, const WireForm& form)
{
    const bool both = item.instance && item.path;
    if (both) {
        out.open("w:Item");
    }
    if (item.instance) {
        write_instance(out, *item.instance, ns, class_uri(ns, item.instance->class_name()), form);
    }
    if (item.declaration) {
        write_class(out, *item.declaration, form);
    }
    if (item.path) {
        out.open("a:EndpointReference");
        write_reference(out, *item.path, ns, form);
        out.close();
    }
    if (both) {
        out.close();
    }
}

/// Items and EndOfSequence are in `w` here and in `n` in PullResponse [S][C].
void write_items(xml::Writer& out, const ItemsResponse& response, std::string_view ns,
                 const WireForm& form)
{
    out.open(response.is_pull ? "n:PullResponse" : "n:EnumerateResponse");
    if (!response.context.empty()) {
        out.element("n:EnumerationContext", response.context);
    } else if (!response.is_pull) {
        out.empty_element("n:EnumerationContext");
    }
    if (response.has_items || response.is_pull) {
        out.open(response.is_pull ? "n:Items" : "w:Items");
        for (const Item& item : response.items) {
            write_item(out, item, ns, form);
        }
        out.close();
    }
    if (response.end_of_sequence) {
        out.empty_element(response.is_pull ? "n:EndOfSequence" : "w:EndOfSequence");
    }
    out.close();
}

/// ReferenceProperties, not ReferenceParameters, in this place [C][S].
void write_subscription(xml::Writer& out, const SubscribeResponse& response, std::string_view uri)
{
    out.open("e:SubscribeResponse");
    out.open("e:SubscriptionManager");
    out.element("a:Address", response.manager);
    out.open("a:ReferenceProperties");
    out.element("w:ResourceURI", uri);
    out.element("e:Identifier", response.identifier);
    out.close().close();
    if (response.expires) {
        out.element("e:Expires", duration_text(*response.expires));
    }
    if (!response.context.empty()) {
        out.element("n:EnumerationContext", response.context);
    }
    out.close();
}

void write_output(xml::Writer& out, const InvokeResponse& response, std::string_view uri,
                  std::string_view ns, const WireForm& form)
{
    out.open("p:" + response.method + "_OUTPUT");
    out.attribute("xmlns:xsi", names::xsi);
    out.attribute("xmlns:p", uri);
    out.attribute("xmlns:cim", names::cim);
    write_properties_sorted(out, response.output, {.prefix = "p:", .ns = ns, .form = form});
    out.close();
}

void write_body(xml::Writer& out, const Response& response, const EncodeOptions& options)
{
    const auto resource = parse_resource_uri(options.resource_uri);
    const std::string ns = resource ? resource->ns : std::string{};
    std::visit(
        Overloaded{
            [&](const IdentifyResponse& identity) { write_identify(out, identity); },
            [&](const InstanceResponse& got) {
                if (got.instance) {
                    write_instance(out, *got.instance, ns, options.resource_uri, options.form);
                }
            },
            [&](const ReferenceResponse& created) {
                out.open("x:ResourceCreated");
                write_reference(out, created.path, ns, options.form);
                out.close();
            },
            [&](const EmptyResponse&) {},
            [&](const ItemsResponse& items) { write_items(out, items, ns, options.form); },
            [&](const InvokeResponse& invoked) {
                write_output(out, invoked, options.resource_uri, ns, options.form);
            },
            [&](const Fault& fault) { write_fault(out, fault, options.language); },
            [&](const ClassResponse& got) { write_class(out, *got.declaration, options.form); },
            [&](const SubscribeResponse& subscribed) {
                write_subscription(out, subscribed, options.resource_uri);
            },
        },
        response.body);
}

} // namespace

std::string encode(const Response& response, const EncodeOptions& options)
{
    xml::Writer out;
    out.open("s:Envelope").attribute("xml:lang", options.language);
    for (const char prefix : prefixes_of(response.body, response)) {
        out.attribute(std::string{"xmlns:"} + prefix, uri_of(prefix));
    }
    if (std::holds_alternative<IdentifyResponse>(response.body)) {
        out.empty_element("s:Header");
    } else {
        write_header(out, response);
    }
    out.open("s:Body");
    write_body(out, response, options);
    out.close().close();
    return out.take();
}

} // namespace watari::wsman
