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
    bool reads = false;     ///< the method changes nothing, whatever became of it
};

/// The Error for a refusal, by data/faults: kind, cause and what to do about it, by number and,
/// where a method counts in its own way (v2's Add…, Modify…, Remove…), by that.
Error host_error(const HostSays& says);

/// The Error for what CIM_DataFile.Delete answered.
Error file_error(const std::string& host, const std::string& path, std::uint32_t code);

} // namespace watari::hyperv
