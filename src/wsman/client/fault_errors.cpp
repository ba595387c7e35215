#include "wsman/client/fault_errors.hpp"

#include "messages/wsman.hpp"
#include "wsman/codec/names.hpp"

#include <fmt/format.h>

namespace watari::wsman {

namespace {

bool is(const Fault& fault, std::string_view subcode) noexcept
{
    return fault.subcode == subcode;
}

bool is_quota(const Fault& fault) noexcept
{
    constexpr std::uint32_t server_limits_exceeded = 27; // CIM status
    return is(fault, "wsman:QuotaLimit") || fault.cim_status == server_limits_exceeded ||
           fault.code == codes::quota_shell || fault.code == codes::quota_max_shells ||
           (fault.code >= codes::quota_operations_first &&
            fault.code <= codes::quota_operations_last) ||
           (fault.code >= codes::quota_plugin_first && fault.code <= codes::quota_plugin_last);
}

PeerSays peer_of(const Fault& fault)
{
    PeerSays peer{.text = fault.message};
    if (fault.wmi_code != 0) {
        peer.code = fault.wmi_code;
    } else if (fault.code != 0) {
        peer.code = fault.code;
    }
    return peer;
}

std::string name_of(const Fault& fault)
{
    std::string name = fault.must_understand ? "s:MustUnderstand" : fault.subcode;
    if (name.empty()) {
        name = fault.is_sender ? "s:Sender" : "s:Receiver";
    }
    return fault.detail_uri.empty() ? name : fmt::format("{} ({})", name, fault.detail_uri);
}

/// The kind when the host may have begun: only a read can simply be tried again.
ErrorKind unless_begun(Effect effect, ErrorKind of_read) noexcept
{
    return effect == Effect::changes ? ErrorKind::outcome_unknown : of_read;
}

/// A missing class or namespace comes as CannotProcessFilter without its HRESULT (8.2; recorded
/// from 2008 R2).
Error query_error(const Asked& asked, PeerSays peer)
{
    return Error{asked.query_is_sound ? ErrorKind::unsupported : ErrorKind::invalid,
                 message::wsman_bad_query{.ns = asked.ns, .query = asked.query}, std::move(peer)};
}

/// Errors that the provider's HRESULT decides (8.4); nullopt for the others.
std::optional<Error> wmi_error(const Fault& fault, const Asked& asked)
{
    const PeerSays peer = peer_of(fault);
    switch (fault.wmi_code) {
    case codes::wmi_not_found:
        return Error{
            ErrorKind::not_found,
            message::wmi_instance_missing{.class_name = asked.class_name, .object = asked.object},
            peer};
    case codes::wmi_invalid_namespace:
        return Error{ErrorKind::unsupported, message::wmi_namespace_missing{.ns = asked.ns}, peer};
    case codes::wmi_invalid_class:
        return Error{ErrorKind::unsupported,
                     message::wmi_class_missing{.class_name = asked.class_name, .ns = asked.ns},
                     peer};
    case codes::wmi_access_denied:
        return Error{
            ErrorKind::denied,
            message::wmi_access_denied{.action = asked.action, .class_name = asked.class_name},
            peer};
    case codes::wmi_already_exists:
        return Error{
            ErrorKind::conflict,
            message::wmi_already_exists{.action = asked.action, .class_name = asked.class_name},
            peer};
    case codes::wmi_invalid_query:
        return query_error(asked, peer);
    case codes::wmi_invalid_method:
    case codes::wmi_method_not_implemented:
        return Error{
            ErrorKind::unsupported,
            message::wmi_method_missing{.action = asked.action, .class_name = asked.class_name},
            peer};
    case codes::wmi_invalid_parameter:
    case codes::wmi_invalid_method_parameters:
        return Error{
            ErrorKind::invalid,
            message::wsman_schema_violation{.action = asked.action, .class_name = asked.class_name},
            peer};
    default:
        return std::nullopt;
    }
}

/// Quota, rights and time, by code first and subcode second (8.3).
std::optional<Error> limit_error(const Fault& fault, const Asked& asked)
{
    const PeerSays peer = peer_of(fault);
    if (is_quota(fault)) {
        return Error{ErrorKind::exhausted, message::wsman_quota{.action = asked.action}, peer};
    }
    constexpr std::uint32_t denied_first = 2150859012; // WMI service, provider, cannot connect
    constexpr std::uint32_t denied_last = 2150859014;
    if (fault.code == codes::access_denied || is(fault, "wsman:AccessDenied") ||
        (fault.code >= denied_first && fault.code <= denied_last)) {
        return Error{
            ErrorKind::denied,
            message::wmi_access_denied{.action = asked.action, .class_name = asked.class_name},
            peer};
    }
    if (fault.code == codes::timed_out || is(fault, "wsman:TimedOut") ||
        is(fault, "wsen:TimedOut")) {
        return Error{
            unless_begun(asked.effect, ErrorKind::timed_out),
            message::wsman_timed_out{.action = asked.action, .class_name = asked.class_name}, peer};
    }
    if (is_answer_too_large(fault)) {
        // A method has run by then: only its answer did not fit.
        return Error{
            unless_begun(asked.effect, ErrorKind::exhausted),
            message::wsman_answer_too_large{.action = asked.action, .class_name = asked.class_name},
            peer};
    }
    if (is_context_lost(fault)) {
        return Error{ErrorKind::unavailable,
                     message::wsman_enumeration_lost{.class_name = asked.class_name}, peer};
    }
    return std::nullopt;
}

std::optional<Error> filter_error(const Fault& fault, const Asked& asked)
{
    const PeerSays peer = peer_of(fault);
    if (is(fault, "wsen:CannotProcessFilter")) {
        return query_error(asked, peer);
    }
    if (is(fault, "wsen:FilterDialectRequestedUnavailable") ||
        is(fault, "wsen:FilteringNotSupported") || is(fault, "wsman:UnsupportedFeature") ||
        is(fault, "wsa:ActionNotSupported")) {
        return Error{
            ErrorKind::unsupported,
            message::wsman_unsupported{.action = asked.action, .class_name = asked.class_name},
            peer};
    }
    return std::nullopt;
}

/// What the request itself got wrong: nothing was done.
std::optional<Error> request_error(const Fault& fault, const Asked& asked)
{
    const PeerSays peer = peer_of(fault);
    if (is(fault, "wsa:DestinationUnreachable")) {
        if (fault.detail_uri == "InvalidResourceURI" || asked.object.empty()) {
            return Error{ErrorKind::unsupported,
                         message::wmi_class_missing{.class_name = asked.class_name, .ns = asked.ns},
                         peer};
        }
        return Error{
            ErrorKind::not_found,
            message::wmi_instance_missing{.class_name = asked.class_name, .object = asked.object},
            peer};
    }
    if (is(fault, "wsman:InvalidSelectors")) {
        return Error{
            ErrorKind::invalid,
            message::wsman_bad_selectors{.class_name = asked.class_name, .object = asked.object},
            peer};
    }
    if (is(fault, "wsman:SchemaValidationError") || is(fault, "wsman:InvalidParameter") ||
        is(fault, "wxf:InvalidRepresentation") || fault.code == codes::invalid_parameter) {
        return Error{
            ErrorKind::invalid,
            message::wsman_schema_violation{.action = asked.action, .class_name = asked.class_name},
            peer};
    }
    if (is(fault, "wsman:AlreadyExists")) {
        return Error{
            ErrorKind::conflict,
            message::wmi_already_exists{.action = asked.action, .class_name = asked.class_name},
            peer};
    }
    return std::nullopt;
}

} // namespace

bool is_answer_too_large(const Fault& fault) noexcept
{
    constexpr std::uint32_t uri_too_long = 2150858797;
    return fault.subcode == "wsman:EncodingLimit" && fault.code != codes::envelope_below_minimum &&
           fault.code != uri_too_long && fault.detail_uri != "MinimumEnvelopeLimit" &&
           fault.detail_uri != "URILimitExceeded";
}

bool is_context_lost(const Fault& fault) noexcept
{
    return fault.subcode == "wsen:InvalidEnumerationContext" ||
           fault.code == codes::invalid_context;
}

Error fault_error(const Fault& fault, const Asked& asked)
{
    if (auto error = limit_error(fault, asked)) {
        return *std::move(error);
    }
    if (auto error = wmi_error(fault, asked)) {
        return *std::move(error);
    }
    if (auto error = filter_error(fault, asked)) {
        return *std::move(error);
    }
    if (auto error = request_error(fault, asked)) {
        return *std::move(error);
    }
    if (!fault.is_sender || is(fault, "wsman:InternalError")) {
        return Error{unless_begun(asked.effect, ErrorKind::unavailable),
                     message::wsman_host_failed{.action = asked.action,
                                                .class_name = asked.class_name,
                                                .fault = name_of(fault)},
                     peer_of(fault)};
    }
    return Error{ErrorKind::invalid,
                 message::wsman_fault{.action = asked.action,
                                      .class_name = asked.class_name,
                                      .fault = name_of(fault)},
                 peer_of(fault)};
}

Error http_error(int status, const Asked& asked, const std::string& path)
{
    const PeerSays peer{.code = static_cast<std::uint32_t>(status)};
    switch (status) {
    case 401:
        return Error{ErrorKind::unauthenticated, message::authentication_refused{}, peer};
    case 413:
        return Error{ErrorKind::exhausted,
                     message::wsman_request_too_large{.action = asked.action,
                                                      .class_name = asked.class_name},
                     peer};
    case 500: // without a body: the host wants messages encrypted (10.7)
        return Error{ErrorKind::denied, message::encryption_required{}, peer};
    case 503:
        return Error{ErrorKind::unavailable, message::wsman_service_busy{}, peer};
    default:
        return Error{status >= 500 ? unless_begun(asked.effect, ErrorKind::unavailable)
                                   : ErrorKind::unsupported,
                     message::wsman_http_status{
                         .action = asked.action, .path = path, .status = std::to_string(status)},
                     peer};
    }
}

} // namespace watari::wsman
