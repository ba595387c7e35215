#pragma once

#include "http/client.hpp"
#include "hyperv/connect/connect.hpp"

namespace watari::hyperv {

bool is_stack_2(std::string_view stack) noexcept;

/// Identify, then the management service of the namespaces in question, then capabilities by what
/// instances carry: three or four requests.
Task<Probe> probe_host(http::Client& client, Clock& clock, Random& random,
                       const HostAddress& address, OnRequest on_request, Deadline deadline);

} // namespace watari::hyperv
