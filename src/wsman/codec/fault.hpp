#pragma once

#include "wsman/codec/message.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace watari::wsman {

/// A row of wsman.md 8.2. The reason is ours: hosts give theirs in their own language, and nobody
/// may read it.
struct FaultKind {
    bool is_sender = true;
    std::string_view subcode;
    std::string_view detail;
    std::uint32_t code = 0;
    std::string_view reason;
};

namespace faults {

inline constexpr FaultKind destination_unreachable{
    true, "wsa:DestinationUnreachable", "", 2150858752,
    "The addressed resource or instance does not exist on this service."};
inline constexpr FaultKind bad_resource_uri{
    true, "wsa:DestinationUnreachable", "InvalidResourceURI", 2150858811,
    "The resource URI is missing or names nothing this service knows."};
inline constexpr FaultKind action_not_supported{true, "wsa:ActionNotSupported", "", 2150858753,
                                                "The resource does not support this action."};
inline constexpr FaultKind access_denied{true, "wsman:AccessDenied", "", 5, "Access is denied."};
inline constexpr FaultKind selectors_missing{
    true, "wsman:InvalidSelectors", "InsufficientSelectors", 2150858842,
    "The request lacks selectors that the resource needs."};
inline constexpr FaultKind selectors_unexpected{
    true, "wsman:InvalidSelectors", "UnexpectedSelectors", 2150858843,
    "The request has selectors that are no keys of the resource."};
inline constexpr FaultKind selector_type{true, "wsman:InvalidSelectors", "TypeMismatch", 2150858844,
                                         "A selector is of the wrong type."};
inline constexpr FaultKind selector_value{true, "wsman:InvalidSelectors", "InvalidValue",
                                          2150858845,
                                          "A selector has a value that is not possible."};
inline constexpr FaultKind selectors_duplicate{true, "wsman:InvalidSelectors", "DuplicateSelectors",
                                               2150858847, "The request gives a selector twice."};
inline constexpr FaultKind invalid_parameter{true, "wsman:InvalidParameter", "InvalidValue", 87,
                                             "A parameter is incorrect."};
inline constexpr FaultKind schema_validation{
    true, "wsman:SchemaValidationError", "", 2150858817,
    "The message does not match the schema of the operation."};
inline constexpr FaultKind header_required{true, "wsa:MessageInformationHeaderRequired", "",
                                           2150858769, "A required header is missing."};
inline constexpr FaultKind invalid_header{true, "wsa:InvalidMessageInformationHeader", "",
                                          2150858767, "A header has a value that is not valid."};
inline constexpr FaultKind invalid_timeout{true, "wsa:InvalidMessageInformationHeader",
                                           "InvalidTimeout", 2150858767,
                                           "The operation timeout is not valid."};
inline constexpr FaultKind addressing_mode{
    true, "wsman:UnsupportedFeature", "AddressingMode", 2150858870,
    "Answers to another address than the sender's are not supported."};
inline constexpr FaultKind locale_unsupported{true, "wsman:UnsupportedFeature", "Locale",
                                              2150858887, "The locale cannot be made mandatory."};
inline constexpr FaultKind enumeration_mode{true, "wsman:UnsupportedFeature", "EnumerationMode",
                                            2150858818, "The enumeration mode is not supported."};
inline constexpr FaultKind fragment_unsupported{true, "wsman:UnsupportedFeature",
                                                "FragmentLevelAccess", 2150858886,
                                                "Access to fragments is not supported."};
inline constexpr FaultKind envelope_below_minimum{
    true, "wsman:EncodingLimit", "MinimumEnvelopeLimit", 2150858878,
    "The maximum envelope size asked for is below the minimum."};
inline constexpr FaultKind encoding_limit{true, "wsman:EncodingLimit", "MaxEnvelopeSizeExceeded",
                                          2150858824,
                                          "The answer does not fit the maximum envelope size."};
inline constexpr FaultKind invalid_context{
    false, "wsen:InvalidEnumerationContext", "", 2150858779,
    "The enumeration context is unknown or no longer valid."};
inline constexpr FaultKind cannot_process_filter{true, "wsen:CannotProcessFilter", "", 2150858778,
                                                 "The filter could not be processed."};
inline constexpr FaultKind wql_on_class_uri{
    true, "wsen:CannotProcessFilter", "", 2150859003,
    "A query is only possible on the resource URI of all classes."};
inline constexpr FaultKind dialect_unknown{true, "wsen:FilterDialectRequestedUnavailable", "",
                                           2150858777,
                                           "The dialect of the filter is not available."};
inline constexpr FaultKind filtering_not_supported{true, "wsen:FilteringNotSupported", "",
                                                   2150858776, "The resource cannot be filtered."};
inline constexpr FaultKind timed_out{false, "wsman:TimedOut", "", 2150858793,
                                     "The operation did not end within its timeout."};
inline constexpr FaultKind quota_operations{false, "wsman:InternalError", "", 2150859174,
                                            "The user has too many operations at once."};
inline constexpr FaultKind provider_failure{false, "wsman:InternalError", "", 2150858755,
                                            "The provider of the resource failed."};
inline constexpr FaultKind namespace_selector_differs{
    true, "wsman:InternalError", "", 2150859067,
    "The namespace selector and the resource URI name different namespaces."};
inline constexpr FaultKind already_exists{true, "wsman:AlreadyExists", "", 183,
                                          "The object exists already."};

} // namespace faults

/// `message` is the innermost text, the reason when empty; `wmi_code` the provider's HRESULT, if
/// any.
Fault make_fault(const FaultKind& kind, std::string message = {}, std::uint32_t wmi_code = 0);
/// s:MustUnderstand with the QNames "{ns}name" that were not.
Fault must_understand_fault(std::vector<std::string> not_understood);

/// The a:Action of a fault by its subcode's family.
std::string_view fault_action(const Fault& fault);
/// s:Fault; the envelope binds s, a, x, e, n, w and p as hosts do.
void write_fault(xml::Writer& out, const Fault& fault, std::string_view language);
Fault read_fault(const xml::Element& element);

} // namespace watari::wsman
