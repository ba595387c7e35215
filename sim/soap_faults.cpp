#include "sim/soap_faults.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim {

bool is_old_stack(Generation generation) noexcept
{
    return wsman_stack(generation) == "2.0";
}

} // namespace watari::sim

namespace watari::sim::soap {

namespace {

constexpr std::uint32_t wmi_not_found = 0x80041002;
constexpr std::uint32_t wmi_invalid_namespace = 0x8004100E;
constexpr std::uint32_t wmi_invalid_class = 0x80041010;
constexpr std::uint32_t wmi_invalid_query = 0x80041017;
constexpr std::uint32_t wmi_invalid_method = 0x8004102E;
constexpr std::uint32_t wmi_invalid_method_parameters = 0x8004102F;

} // namespace

[[noreturn]] void refuse(wsman::Fault fault)
{
    throw Refused{std::move(fault)};
}

wsman::Fault sender(std::string subcode, std::uint32_t number, std::string text, std::string detail)
{
    wsman::Fault fault;
    fault.subcode = std::move(subcode);
    fault.code = number;
    fault.reason = fault.message = std::move(text);
    fault.detail_uri = std::move(detail);
    return fault;
}

wsman::Fault receiver(std::string subcode, std::uint32_t number, std::string text)
{
    wsman::Fault fault = sender(std::move(subcode), number, std::move(text));
    fault.is_sender = false;
    return fault;
}

wsman::Fault of_wmi(wsman::Fault fault, std::uint32_t hresult, std::uint32_t cim_status,
                    Generation generation)
{
    fault.wmi_code = hresult;
    fault.cim_status = cim_status;
    fault.as_wmi_error = !is_old_stack(generation);
    return fault;
}

wsman::Fault timed_out()
{
    return receiver("wsman:TimedOut", 2150858793,
                    "The WS-Management service cannot complete the operation within the time "
                    "specified in OperationTimeout.");
}

wsman::Fault access_denied()
{
    constexpr std::uint32_t error_access_denied = 5;
    return sender("wsman:AccessDenied", error_access_denied, "Access is denied.");
}

namespace {

/// Recorded as MSFT_WmiError; wsman.md V51 has it so on Stack 2.0, too.
wsman::Fault server_limit(std::uint32_t number, std::string text)
{
    constexpr std::uint32_t server_limits_exceeded = 27;
    wsman::Fault fault = receiver("wsman:InternalError", number, std::move(text));
    fault.cim_status = server_limits_exceeded;
    fault.as_wmi_error = true;
    return fault;
}

} // namespace

wsman::Fault too_many_operations()
{
    return server_limit(2150859174, "The WS-Management service cannot process the request. The "
                                    "user has too many concurrent operations.");
}

wsman::Fault too_many_plugin_operations()
{
    return server_limit(2150859240, "The WS-Management service cannot process the request. The "
                                    "user has too many concurrent operations of this plug-in.");
}

wsman::Fault bad_context()
{
    return receiver("wsen:InvalidEnumerationContext", 2150858779,
                    "The WS-Management service cannot process the request because the enumeration "
                    "context is not valid.");
}

wsman::Fault no_such_instance(Generation generation)
{
    wsman::Fault fault = sender("wsa:DestinationUnreachable", 2150858752,
                                "The WS-Management service cannot find the resource that was "
                                "requested. The selectors name no object.");
    static_cast<void>(generation);
    return fault;
}

wsman::Fault no_such_namespace(std::string_view ns, Generation generation)
{
    return of_wmi(sender("wsa:DestinationUnreachable", wmi_invalid_namespace,
                         fmt::format("The namespace {} does not exist.", ns)),
                  wmi_invalid_namespace, 3, generation);
}

wsman::Fault from(const RepositoryFault& fault, const Host& host)
{
    const Generation generation = host.generation();
    const std::string text = fault.what();
    switch (fault.kind()) {
    case FaultKind::no_such_class:
        return of_wmi(sender("wsa:DestinationUnreachable", wmi_invalid_class, text),
                      wmi_invalid_class, 5, generation);
    case FaultKind::no_such_instance:
        if (fault.number() == wmi_not_found) {
            return of_wmi(sender("wsa:DestinationUnreachable", 2150858752, text), wmi_not_found, 6,
                          generation);
        }
        return no_such_instance(generation);
    case FaultKind::invalid_query:
        return of_wmi(sender("wsen:CannotProcessFilter", 2150858778, text), wmi_invalid_query, 15,
                      generation);
    case FaultKind::invalid_parameters:
        return of_wmi(receiver("wsman:InternalError", wmi_invalid_method_parameters, text),
                      wmi_invalid_method_parameters, 4, generation);
    case FaultKind::no_such_method:
        if (host.profile().is("unknown_method_fault", "invalid_action")) {
            return sender("wsa:ActionNotSupported", 2150858753, text);
        }
        return of_wmi(receiver("wsman:InternalError", wmi_invalid_method, text), wmi_invalid_method,
                      17, generation);
    case FaultKind::schema_violation:
        return sender("wsman:SchemaValidationError", 2150858817, text);
    case FaultKind::not_supported:
        return sender("wsa:ActionNotSupported", 2150858753, text);
    case FaultKind::provider_failure:
        return of_wmi(receiver("wsman:InternalError", fault.number(), text), fault.number(), 1,
                      generation);
    }
    std::unreachable();
}

} // namespace watari::sim::soap
