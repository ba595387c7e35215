#pragma once

#include "sim/engine/host.hpp"
#include "sim/repository.hpp"
#include "wsman/codec/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace watari::sim {

/// Stack 2.0 (2008 R2) has no Create, Delete, events, class metadata and MSFT_WmiError for WMI.
bool is_old_stack(Generation generation) noexcept;

} // namespace watari::sim

/// The SOAP faults of a Windows host: subcode, detail and numbers as wsman.md 8.2 lists them.
namespace watari::sim::soap {

/// A request answered with a fault, on its way up to who answers.
struct Refused {
    wsman::Fault fault;
};
[[noreturn]] void refuse(wsman::Fault fault);

wsman::Fault sender(std::string subcode, std::uint32_t number, std::string text,
                    std::string detail = {});
wsman::Fault receiver(std::string subcode, std::uint32_t number, std::string text);
/// On Stack 3.0 as MSFT_WmiError, before that as a provider fault.
wsman::Fault of_wmi(wsman::Fault fault, std::uint32_t hresult, std::uint32_t cim_status,
                    Generation generation);

wsman::Fault timed_out();
wsman::Fault access_denied();
/// Of the service, and of its WMI plug-in (the choice of the plug-in's number is UNVERIFIED).
wsman::Fault too_many_operations();
wsman::Fault too_many_plugin_operations();
wsman::Fault bad_context();
wsman::Fault no_such_instance(Generation generation);
wsman::Fault no_such_namespace(std::string_view ns, Generation generation);
wsman::Fault from(const RepositoryFault& fault, const Host& host);

} // namespace watari::sim::soap
