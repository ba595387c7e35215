#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>

namespace watari::hyperv {

/// What a host answered to a method, or wrote into the host job the method had started.
struct HostSays {
    std::string host;       ///< the host's name
    std::string method;     ///< "DefineSystem"
    std::uint32_t code = 0; ///< ReturnValue, ErrorCode of the host job, or HRESULT
    std::string text = {};  ///< the host's words; shown, never interpreted
};

/// The Error for a refusal: kind, cause and what to do about it, by number. The numbers 1 to 6,
/// 4097 to 4099, 32768 to 32779 and the HRESULTs mean the same in both namespaces (wsman.md 4.5,
/// disk-formats.md 5); what only one namespace says is its driver's.
Error host_error(const HostSays& says);

} // namespace watari::hyperv
