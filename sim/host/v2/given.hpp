#pragma once

#include "sim/host/v2/shapes.hpp"

#include <string>
#include <vector>

/// What a client gives to v2's methods, read into the engine's words.
namespace watari::sim::host::v2 {

/// The texts of a (possibly array) parameter.
std::vector<std::string> texts_of(const cim::Value& value);
/// The paths of a (possibly array) reference parameter.
std::vector<cim::ObjectPath> paths_of(const cim::Value& value);

/// The VM or checkpoint that an InstanceID, or the path of settings or of a system, names. Throws
/// refuse(32773).
Host::Named named(Host& host, std::string_view instance_id);
Host::Named named(Host& host, const cim::ObjectPath& path);
/// A string property that holds an object path, its key InstanceID; an unescaped or unknown one is
/// refused (32773).
std::string instance_id_in(const std::string& path_text);

/// Changes what `given` names.
void apply_system(Settings& settings, const cim::Instance& given, const Host& host);
void apply_memory(MemorySettings& memory, const cim::Instance& given);
void apply_processor(ProcessorSettings& processor, const cim::Instance& given);
void apply_device(Host& host, Device& device, const cim::Instance& given);
/// A new device as an Add call describes it; parents are looked up in `settings`.
Device device_from(Host& host, const Uuid& owner, const cim::Instance& given);

/// Runs `act` now (0 with its outputs), or as a host job (4096 without results).
MethodAnswer perform(Host& host, Vm& vm, bool as_job, std::uint16_t type, std::string text,
                     std::function<cim::Instance()> act, bool job_shows_results = false);

} // namespace watari::sim::host::v2
