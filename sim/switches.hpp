#pragma once

#include <map>
#include <span>
#include <string>

namespace watari::sim {

/// `NAME=VALUE` texts → EngineOptions.switches; of one name the last counts. Throws invalid:
/// message::hvsim_bad_switch, switch_unknown, switch_value_unknown, with the text as frame.
std::map<std::string, std::string> switches_from(std::span<const std::string> texts);

/// Every switch for a person to read: name, default (per generation where it differs), other
/// values, what it decides.
std::string describe_switches();

} // namespace watari::sim
