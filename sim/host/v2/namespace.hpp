#pragma once

#include "sim/repository.hpp"

#include <memory>

namespace watari::sim::host::v2 {

/// `root\virtualization\v2` of this host; nullptr where its generation has none (2008 R2).
std::unique_ptr<Repository> make_repository(Host& host);

} // namespace watari::sim::host::v2
