#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <variant>

namespace watari::wsman {

namespace {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

void write_must(xml::Writer& out, std::string_view name, std::string_view text)
{
    out.open(name).attribute("s:mustUnderstand", "true").text(text).close();
}

void write_optional_headers(xml::Writer& out, const RequestHeader& header)
{
    if (!header.locale.empty()) {
        out.open("w:Locale").attribute("xml:lang", header.locale);
        out.attribute("s:mustUnderstand", header.locale_must_understand ? "true" : "false").close();
    }
    if (!header.data_locale.empty()) {
        out.open("p:DataLocale").attribute("xml:lang", header.data_locale);
        out.attribute("s:mustUnderstand", "false").close();
    }
    if (!header.session_id.empty()) {
        out.open("p:SessionId").attribute("s:mustUnderstand", "false");
        out.text(header.session_id).close();
    }
    if (header.operation_timeout_invalid) {
        out.element("w:OperationTimeout", "PT-1S");
    } else if (header.operation_timeout) {
        out.element("w:OperationTimeout", duration_text(*header.operation_timeout));
    }
    if (!header.fragment.empty()) {
        out.open("w:FragmentTransfer").attribute("s:mustUnderstand", "true");
        out.attribute("Dialect", names::dialect_xpath).text(header.fragment).close();
    }
}

void write_options(xml::Writer& out, const RequestHeader& header)
{
    if (header.options.empty()) {
        return;
    }
    out.open("w:OptionSet").attribute("s:mustUnderstand", "true");
    for (const auto& [name, value] : header.options) {
        out.open("w:Option").attribute("Name", name);
        if (value == "true" || value == "false") {
            out.attribute("Type", "xs:boolean"); // as PowerShell sends them [C]
        }
        out.text(value).close();
    }
    out.close();
}

void write_header(xml::Writer& out, const RequestHeader& header, const std::string* subscription,
                  std::string_view ns)
{
    out.open("s:Header");
    out.element("a:To", header.to);
    write_must(out, "w:ResourceURI", header.resource_uri);
    if (header.has_reply_to) {
        out.open("a:ReplyTo");
        write_must(out, "a:Address",
                   header.reply_to_anonymous ? names::anonymous : std::string_view{header.to});
        out.close();
    }
    write_must(out, "a:Action", header.action);
    if (header.max_envelope_size) {
        write_must(out, "w:MaxEnvelopeSize", std::to_string(*header.max_envelope_size));
    }
    if (!header.message_id.empty()) {
        out.element("a:MessageID", header.message_id);
    }
    write_optional_headers(out, header);
    write_selectors(out, header.selectors, ns);
    write_options(out, header);
    if (subscription != nullptr) {
        out.element("e:Identifier", *subscription);
    }
    out.close();
}

void write_filter(xml::Writer& out, const Filter& filter, std::string_view ns)
{
    // The text of an association filter is the equal query, so it goes out as one.
    const bool is_query = filter.dialect == names::dialect_association;
    out.open("w:Filter")
        .attribute("Dialect", is_query ? names::dialect_wql : std::string_view{filter.dialect});
    if (filter.selectors.empty()) {
        out.text(filter.text);
    } else {
        write_selectors(out, filter.selectors, ns);
    }
    out.close();
}

void write_enumerate(xml::Writer& out, const Enumerate& enumerate, std::string_view ns)
{
    out.open("n:Enumerate");
    if (enumerate.optimize) {
        out.empty_element("w:OptimizeEnumeration");
    }
    if (enumerate.max_elements) {
        out.element("w:MaxElements", std::to_string(*enumerate.max_elements));
    }
    switch (enumerate.mode) {
    case EnumerationMode::objects:
        break;
    case EnumerationMode::references:
        out.element("w:EnumerationMode", "EnumerateEPR");
        break;
    case EnumerationMode::objects_and_references:
        out.element("w:EnumerationMode", "EnumerateObjectAndEPR");
        break;
    }
    if (enumerate.filter) {
        write_filter(out, *enumerate.filter, ns);
    }
    out.close();
}

void write_invoke(xml::Writer& out, const Invoke& invoke, std::string_view uri, std::string_view ns)
{
    out.open("p:" + invoke.method + "_INPUT");
    out.attribute("xmlns:p", uri);
    out.attribute("xmlns:xsi", names::xsi);
    out.attribute("xmlns:cim", names::cim);
    for (const cim::Property& parameter : invoke.input.properties()) {
        write_property(out, parameter, {.prefix = "p:", .ns = ns, .embedded_as_cdata = true});
    }
    out.close();
}

void write_subscribe(xml::Writer& out, const Subscribe& subscribe, std::string_view ns)
{
    out.open("e:Subscribe");
    out.open("e:Delivery").attribute("Mode", subscribe.mode);
    if (subscribe.heartbeats) {
        out.element("w:Heartbeats", duration_text(*subscribe.heartbeats));
    }
    out.close();
    if (subscribe.expires) {
        out.element("e:Expires", duration_text(*subscribe.expires));
    }
    if (subscribe.filter) {
        write_filter(out, *subscribe.filter, ns);
    }
    out.close();
}

void write_renew(xml::Writer& out, const Renew& renew)
{
    out.open("e:Renew");
    if (renew.expires) {
        out.element("e:Expires", duration_text(*renew.expires));
    }
    out.close();
}

/// The subscription a request is about travels as a header of its own [C].
const std::string* subscription_of(const RequestBody& body)
{
    if (const auto* unsubscribe = std::get_if<Unsubscribe>(&body)) {
        return &unsubscribe->identifier;
    }
    const auto* renew = std::get_if<Renew>(&body);
    return renew != nullptr ? &renew->identifier : nullptr;
}

void write_body(xml::Writer& out, const Request& request, std::string_view ns)
{
    const std::string& uri = request.header.resource_uri;
    const auto write_context = [&](std::string_view context) {
        out.element("n:EnumerationContext", context);
    };
    std::visit(Overloaded{
                   [&](const Identify&) { out.empty_element("wsmid:Identify"); },
                   [&](const Get&) {},
                   [&](const Delete&) {},
                   [&](const Put& put) { write_instance(out, put.instance, ns, uri); },
                   [&](const Create& create) { write_instance(out, create.instance, ns, uri); },
                   [&](const Enumerate& enumerate) { write_enumerate(out, enumerate, ns); },
                   [&](const Pull& pull) {
                       out.open("n:Pull");
                       write_context(pull.context);
                       if (pull.max_elements) {
                           out.element("n:MaxElements", std::to_string(*pull.max_elements));
                       }
                       out.close();
                   },
                   [&](const Release& release) {
                       out.open("n:Release");
                       write_context(release.context);
                       out.close();
                   },
                   [&](const Invoke& invoke) { write_invoke(out, invoke, uri, ns); },
                   [&](const Subscribe& subscribe) { write_subscribe(out, subscribe, ns); },
                   [&](const Unsubscribe&) { out.empty_element("e:Unsubscribe"); },
                   [&](const Renew& renew) { write_renew(out, renew); },
               },
               request.body);
}

bool is_eventing(const RequestBody& body)
{
    return std::holds_alternative<Subscribe>(body) || subscription_of(body) != nullptr;
}

bool is_enumeration(const RequestBody& body)
{
    return std::holds_alternative<Enumerate>(body) || std::holds_alternative<Pull>(body) ||
           std::holds_alternative<Release>(body);
}

} // namespace

std::string encode(const Request& request)
{
    xml::Writer out;
    out.open("s:Envelope").attribute("xmlns:s", names::soap);
    if (std::holds_alternative<Identify>(request.body)) {
        out.attribute("xmlns:wsmid", names::identity);
        out.empty_element("s:Header")
            .open("s:Body")
            .empty_element("wsmid:Identify")
            .close()
            .close();
        return out.take();
    }
    out.attribute("xmlns:a", names::addressing);
    if (is_enumeration(request.body)) {
        out.attribute("xmlns:n", names::enumeration);
    }
    if (is_eventing(request.body)) {
        out.attribute("xmlns:e", names::eventing);
    }
    out.attribute("xmlns:w", names::wsman);
    out.attribute("xmlns:p", names::microsoft);
    const auto resource = parse_resource_uri(request.header.resource_uri);
    const std::string ns = resource ? resource->ns : std::string{};
    write_header(out, request.header, subscription_of(request.body), ns);
    out.open("s:Body");
    write_body(out, request, ns);
    out.close().close();
    return out.take();
}

} // namespace watari::wsman
