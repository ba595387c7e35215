#pragma once

#include "hyperv/driver.hpp"
#include "hyperv/wmi/surroundings.hpp"

#include <memory>

namespace watari::hyperv::v2 {

/// The driver for `root\virtualization\v2`.
std::unique_ptr<Driver> make_driver(wmi::Surroundings around);

} // namespace watari::hyperv::v2
