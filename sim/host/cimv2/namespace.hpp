#pragma once

#include "sim/repository.hpp"

#include <memory>

namespace watari::sim::host::cimv2 {

/// `root\cimv2` of this host: the few classes that provisioning reads.
std::unique_ptr<Repository> make_repository(Host& host);

} // namespace watari::sim::host::cimv2
