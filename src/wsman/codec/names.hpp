#pragma once

#include <string_view>

/// Namespaces and fixed URIs of WS-Management as Windows speaks it. Source: wsman.md 0.
namespace watari::wsman::names {

inline constexpr std::string_view soap = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr std::string_view addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
inline constexpr std::string_view wsman = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
/// Microsoft's extension headers; `p` at header level, where the body binds `p` to the class URI.
inline constexpr std::string_view microsoft = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view enumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
inline constexpr std::string_view transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
inline constexpr std::string_view eventing = "http://schemas.xmlsoap.org/ws/2004/08/eventing";
inline constexpr std::string_view binding = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd";
inline constexpr std::string_view cim = "http://schemas.dmtf.org/wbem/wscim/1/common";
inline constexpr std::string_view wsman_fault =
    "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
inline constexpr std::string_view identity =
    "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
inline constexpr std::string_view xsi = "http://www.w3.org/2001/XMLSchema-instance";
inline constexpr std::string_view xml = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view wmi_error =
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError";

inline constexpr std::string_view anonymous =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

inline constexpr std::string_view get = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";
inline constexpr std::string_view put = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Put";
inline constexpr std::string_view create = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create";
inline constexpr std::string_view delete_ = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete";
inline constexpr std::string_view enumerate =
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate";
inline constexpr std::string_view pull = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull";
inline constexpr std::string_view release =
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release";

inline constexpr std::string_view subscribe =
    "http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe";
inline constexpr std::string_view unsubscribe =
    "http://schemas.xmlsoap.org/ws/2004/08/eventing/Unsubscribe";
inline constexpr std::string_view renew = "http://schemas.xmlsoap.org/ws/2004/08/eventing/Renew";
inline constexpr std::string_view delivery_pull = "http://schemas.dmtf.org/wbem/wsman/1/wsman/Pull";

inline constexpr std::string_view dialect_wql = "http://schemas.microsoft.com/wbem/wsman/1/WQL";
inline constexpr std::string_view dialect_selector =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";
inline constexpr std::string_view dialect_association =
    "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter";
/// What a filter without Dialect attribute means; the URI is UNVERIFIED.
inline constexpr std::string_view dialect_xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";

inline constexpr std::string_view wmi_prefix = "http://schemas.microsoft.com/wbem/wsman/1/wmi/";
inline constexpr std::string_view cim_schema_prefix =
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
inline constexpr std::string_view class_metadata_prefix =
    "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/";
inline constexpr std::string_view fault_detail_prefix =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/";

/// Selector that carries the namespace where the URI does not (DMTF form, class metadata).
inline constexpr std::string_view namespace_selector = "__cimnamespace";
/// Selector that names the class whose metadata is asked for [C].
inline constexpr std::string_view class_selector = "ClassName";

/// HTTP header of an Identify without credentials (wsman.md 1.4).
inline constexpr std::string_view identify_header = "WSMANIDENTIFY";
inline constexpr std::string_view identify_unauthenticated = "unauthenticated";
inline constexpr std::string_view content_type = "application/soap+xml;charset=UTF-8";

} // namespace watari::wsman::names

/// WSManFault codes (wsman.md 8.2) and WMI HRESULTs (8.4) that code decides on; data/faults has
/// what all of them mean.
namespace watari::wsman::codes {

inline constexpr unsigned destination_unreachable = 2150858752;
inline constexpr unsigned action_not_supported = 2150858753;
inline constexpr unsigned invalid_header = 2150858767;
inline constexpr unsigned must_understand = 2150858768;
inline constexpr unsigned header_required = 2150858769;
inline constexpr unsigned timed_out = 2150858793;
inline constexpr unsigned bad_resource_uri = 2150858811;

inline constexpr unsigned wmi_first = 0x80041000;
inline constexpr unsigned wmi_last = 0x80041FFF;
inline constexpr unsigned wmi_not_found = 0x80041002;
inline constexpr unsigned wmi_invalid_class = 0x80041010;

} // namespace watari::wsman::codes
