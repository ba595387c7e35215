#pragma once

#include "hyperv/connect/connect.hpp"
#include "store/records/host.hpp"

#include <string>

namespace watari::fleet {

/// How a host is reached, as its record says; everything but who observes it.
hyperv::HostAddress address_of(const store::HostRecord& record, std::string password);

} // namespace watari::fleet
