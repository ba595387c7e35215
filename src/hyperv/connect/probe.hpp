#pragma once

#include "http/client.hpp"
#include "hyperv/connect/connect.hpp"

#include <string_view>
#include <vector>

namespace watari::hyperv {

bool is_stack_2(std::string_view stack) noexcept;

/// "root/virtualization/v2".
std::string_view ns_name(Namespace ns) noexcept;
/// Those in which a host's management service is looked for, in this order.
std::vector<Namespace> namespaces_of(NamespaceChoice choice);
/// What it means that none of them has it.
Error no_namespace(const HostAddress& address);

/// Identify, then the management service of the namespaces in question, then capabilities by what
/// the class of settings declares, or where the host does not tell, an instance carries: three or
/// four requests, five where it does not.
Task<Probe> probe_host(http::Client& client, Clock& clock, Random& random,
                       const HostAddress& address, OnRequest on_request, Deadline deadline);

} // namespace watari::hyperv
