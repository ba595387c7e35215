#pragma once

#include "sim/host/v1/view.hpp"

/// Device settings as clients send them, put into the engine.
namespace watari::sim::host::v1 {

/// Adds the device; returns its id. Throws refuse(32773 for what no host understands, others as the
/// engine says).
std::string add_resource(const View& view, Vm& vm, const cim::Instance& given);
/// Changes the device, memory or processor that InstanceID names.
void modify_resource(const View& view, Vm& vm, const cim::Instance& given);
/// Memory or processor settings without regard to InstanceID; false: neither of the two.
bool apply_to_system(const View& view, Settings& settings, const cim::Instance& given);

} // namespace watari::sim::host::v1
