#include "wsman/codec/fault.hpp"

#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

constexpr int nesting_max = 16;

struct Family {
    std::string_view canonical;
    std::string_view windows; ///< the prefix hosts write
    std::string_view ns;
    std::string_view action;
};

constexpr std::array<Family, 5> families{{
    {"wsa", "a", names::addressing, "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"},
    {"wsman", "w", names::wsman, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"},
    {"wsen", "n", names::enumeration, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault"},
    {"wse", "e", names::eventing, "http://schemas.xmlsoap.org/ws/2004/08/eventing/fault"},
    {"wxf", "x", names::transfer, "http://schemas.xmlsoap.org/ws/2004/09/transfer/fault"},
}};

const Family* family_of(std::string_view subcode) noexcept
{
    for (const Family& family : families) {
        if (subcode.starts_with(family.canonical) &&
            subcode.substr(family.canonical.size()).starts_with(':')) {
            return &family;
        }
    }
    return nullptr;
}

std::uint32_t number(std::string_view text) noexcept
{
    std::uint32_t value = 0;
    const int base = text.starts_with("0x") ? 16 : 10;
    text.remove_prefix(base == 16 ? 2 : 0);
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

bool is_wmi(std::uint32_t code) noexcept
{
    return code >= codes::wmi_first && code <= codes::wmi_last;
}

/// "wsman:TimedOut" from a QName in text, whatever its prefix; the text as it came when the prefix
/// is bound to nothing.
std::string canonical_subcode(const xml::Element& value)
{
    const std::string_view text = value.trimmed_text();
    const auto colon = text.find(':');
    const std::string_view prefix = colon == std::string_view::npos ? "" : text.substr(0, colon);
    const std::string_view local = colon == std::string_view::npos ? text : text.substr(colon + 1);
    const auto ns = value.namespace_of(prefix);
    if (!ns) {
        return std::string{text};
    }
    for (const Family& family : families) {
        if (family.ns == *ns) {
            return fmt::format("{}:{}", family.canonical, local);
        }
    }
    return fmt::format("{{{}}}{}", *ns, local);
}

void read_code(const xml::Element& code, Fault& fault)
{
    if (const auto* value = code.child(names::soap, "Value")) {
        std::string_view text = value->trimmed_text();
        if (const auto colon = text.find(':'); colon != std::string_view::npos) {
            text.remove_prefix(colon + 1);
        }
        fault.is_sender = text != "Receiver";
        fault.must_understand = text == "MustUnderstand";
    }
    const auto* subcode = code.child(names::soap, "Subcode");
    if (const auto* value = subcode ? subcode->child(names::soap, "Value") : nullptr) {
        fault.subcode = canonical_subcode(*value);
    }
}

void note_wmi_code(std::uint32_t code, Fault& fault)
{
    if (is_wmi(code)) {
        fault.wmi_code = code;
    }
}

void note_text(const xml::Element& element, Fault& fault)
{
    if (const auto text = element.trimmed_text(); !text.empty()) {
        fault.message = text;
    }
}

/// f:WSManFault, with f:Message and f:ProviderFault in each other to any depth: what lies innermost
/// speaks last.
void read_wsman_fault(const xml::Element& element, Fault& fault, int depth)
{
    if (depth > nesting_max) {
        return;
    }
    if (element.name() == "WSManFault") {
        const std::uint32_t code = number(element.attribute({}, "Code").value_or(""));
        note_wmi_code(code, fault);
        if (depth == 0) {
            fault.code = code;
            fault.machine = element.attribute({}, "Machine").value_or("");
        }
    } else {
        note_text(element, fault);
    }
    for (const xml::Element& child : element.children()) {
        if (child.ns() != names::wsman_fault) {
            continue;
        }
        if (child.name() != "ExtendedError") {
            read_wsman_fault(child, fault, depth + 1);
        } else if (const auto* status = child.first_child()) {
            const auto* code = status->child(status->ns(), "StatusCode");
            note_wmi_code(code && !is_nil(*code) ? number(code->trimmed_text()) : 0, fault);
        }
    }
}

void read_wmi_error(const xml::Element& error, Fault& fault)
{
    const auto text = [&](std::string_view name) -> std::string_view {
        const auto* child = error.child(error.ns(), name);
        return child && !is_nil(*child) ? child->trimmed_text() : std::string_view{};
    };
    std::uint32_t code = number(text("error_Code"));
    if (constexpr std::string_view prefix = "HRESULT ";
        code == 0 && text("MessageID").starts_with(prefix)) {
        code = number(text("MessageID").substr(prefix.size()));
    }
    if (fault.code == 0) {
        fault.code = code;
        fault.as_wmi_error = true;
    }
    note_wmi_code(code, fault);
    fault.cim_status = number(text("CIMStatusCode"));
    if (!text("Message").empty() && fault.message.empty()) {
        fault.message = text("Message");
    }
}

void read_detail(const xml::Element& detail, Fault& fault)
{
    for (const xml::Element& child : detail.children()) {
        if (child.is(names::wsman_fault, "WSManFault")) {
            fault.as_wmi_error = false;
            read_wsman_fault(child, fault, 0);
        } else if (child.is(names::wsman, "FaultDetail")) {
            std::string_view uri = child.trimmed_text();
            if (uri.starts_with(names::fault_detail_prefix)) {
                uri.remove_prefix(names::fault_detail_prefix.size());
            }
            fault.detail_uri = uri;
        } else if (child.name() == "MSFT_WmiError") {
            read_wmi_error(child, fault);
        }
    }
}

void write_wsman_fault(xml::Writer& out, const Fault& fault)
{
    const std::string& text = fault.message.empty() ? fault.reason : fault.message;
    out.open("f:WSManFault").attribute("xmlns:f", names::wsman_fault);
    out.attribute("Code", std::to_string(fault.code)).attribute("Machine", fault.machine);
    out.open("f:Message");
    if (fault.wmi_code != 0) {
        out.open("f:ProviderFault").attribute("provider", "WMI Provider");
        out.attribute("path", R"(%systemroot%\system32\WsmWmiPl.dll)");
        out.open("f:WSManFault").attribute("xmlns:f", names::wsman_fault);
        out.attribute("Code", std::to_string(fault.wmi_code)).attribute("Machine", fault.machine);
        out.element("f:Message", text);
        out.close().close();
    } else {
        out.text(text);
    }
    out.close().close();
}

void write_nil(xml::Writer& out, std::string_view name)
{
    out.open(name).attribute("xsi:nil", "true").attribute("xsi:type", "cim:cimString").close();
}

void write_typed(xml::Writer& out, std::string_view name, std::string_view type,
                 std::string_view text)
{
    out.open(name).attribute("xsi:type", type).text(text).close();
}

/// MSFT_WmiError with the fields of the recorded one [R], in its order.
void write_wmi_error(xml::Writer& out, const Fault& fault)
{
    constexpr std::string_view string = "cim:cimString";
    constexpr std::string_view number_short = "cim:cimUnsignedShort";
    constexpr std::string_view number_long = "cim:cimUnsignedInt";
    const std::string& text = fault.message.empty() ? fault.reason : fault.message;
    const std::uint32_t code = fault.wmi_code != 0 ? fault.wmi_code : fault.code;
    out.open("p:MSFT_WmiError").attribute("b:IsCIM_Error", "true");
    out.attribute("xmlns:b", names::binding).attribute("xmlns:cim", names::cim);
    out.attribute("xmlns:p", names::wmi_error).attribute("xsi:type", "p:MSFT_WmiError_Type");
    out.attribute("xmlns:xsi", names::xsi);
    write_typed(out, "p:CIMStatusCode", number_long, std::to_string(fault.cim_status));
    write_nil(out, "p:CIMStatusCodeDescription");
    write_nil(out, "p:ErrorSource");
    write_typed(out, "p:ErrorSourceFormat", number_short, "0");
    write_typed(out, "p:ErrorType", number_short, "0");
    write_typed(out, "p:Message", string, text);
    write_typed(out, "p:MessageID", string, fmt::format("HRESULT {:#x}", code));
    write_nil(out, "p:OtherErrorSourceFormat");
    write_nil(out, "p:OtherErrorType");
    write_nil(out, "p:OwningEntity");
    write_typed(out, "p:PerceivedSeverity", number_short, "0");
    write_typed(out, "p:ProbableCause", number_short, "0");
    write_nil(out, "p:ProbableCauseDescription");
    write_typed(out, "p:error_Category", number_long, fault.cim_status == 27 ? "30" : "0");
    write_typed(out, "p:error_Code", number_long, std::to_string(code));
    write_typed(out, "p:error_Type", string, "HRESULT");
    write_typed(out, "p:error_WindowsErrorMessage", string, text);
    out.close();
}

} // namespace

Fault make_fault(const FaultKind& kind, std::string message, std::uint32_t wmi_code)
{
    Fault fault;
    fault.is_sender = kind.is_sender;
    fault.subcode = kind.subcode;
    fault.reason = kind.reason;
    fault.detail_uri = kind.detail;
    fault.code = kind.code;
    fault.wmi_code = wmi_code;
    fault.message = message.empty() ? fault.reason : std::move(message);
    return fault;
}

Fault must_understand_fault(std::vector<std::string> not_understood)
{
    Fault fault;
    fault.must_understand = true;
    fault.code = codes::must_understand;
    fault.reason = "A header that must be understood was not.";
    fault.message = fault.reason;
    fault.not_understood = std::move(not_understood);
    return fault;
}

std::string_view fault_action(const Fault& fault)
{
    const Family* family = family_of(fault.subcode);
    return family != nullptr ? family->action : family_of("wsman:")->action;
}

void write_fault(xml::Writer& out, const Fault& fault, std::string_view language)
{
    out.open("s:Fault").open("s:Code");
    out.element("s:Value", fault.must_understand ? "s:MustUnderstand"
                           : fault.is_sender     ? "s:Sender"
                                                 : "s:Receiver");
    if (!fault.subcode.empty()) {
        std::string subcode = fault.subcode;
        if (const Family* family = family_of(subcode)) {
            subcode.replace(0, family->canonical.size(), family->windows);
        }
        out.open("s:Subcode").element("s:Value", subcode).close();
    }
    out.close();
    out.open("s:Reason").open("s:Text").attribute("xml:lang", language);
    out.text(fault.reason).close().close();
    if (fault.code != 0 || fault.wmi_code != 0 || !fault.detail_uri.empty()) {
        out.open("s:Detail");
        if (!fault.detail_uri.empty()) {
            out.element("w:FaultDetail",
                        std::string{names::fault_detail_prefix} + fault.detail_uri);
        }
        if (fault.as_wmi_error) {
            write_wmi_error(out, fault);
        } else if (fault.code != 0 || fault.wmi_code != 0) {
            write_wsman_fault(out, fault);
        }
        out.close();
    }
    out.close();
}

Fault read_fault(const xml::Element& element)
{
    Fault fault;
    if (const auto* code = element.child(names::soap, "Code")) {
        read_code(*code, fault);
    }
    const auto* reason = element.child(names::soap, "Reason");
    if (const auto* text = reason ? reason->child(names::soap, "Text") : nullptr) {
        fault.reason = text->trimmed_text();
    }
    if (const auto* detail = element.child(names::soap, "Detail")) {
        read_detail(*detail, fault);
    }
    if (fault.message.empty()) {
        fault.message = fault.reason;
    }
    return fault;
}

} // namespace watari::wsman
