#pragma once

#include "sim/repository.hpp"

#include <memory>

namespace watari::sim::host::v1 {

/// `root\virtualization` of this host; nullptr where its generation has none (from 2012 R2 on).
std::unique_ptr<Repository> make_repository(Host& host);

} // namespace watari::sim::host::v1
