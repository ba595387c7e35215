#pragma once

#include "hyperv/wmi/act.hpp"

#include <string>

/// What the acts of both drivers refuse or find wanting.
namespace watari::hyperv::wmi {

/// Whether the host said no: because of what is there, or of what was asked.
bool is_refusal(const Error& error);

[[noreturn]] void throw_not_on_host(const Act& act, const HostVmId& vm);
[[noreturn]] void throw_must_be_off(const VmSummary& vm);
/// Conflict; outcome_unknown unless act.all_certain().
[[noreturn]] void throw_vm_not_as_asked(const Act& act, const std::string& name, std::string what);
[[noreturn]] void throw_disk_not_as_asked(const Act& act, const HostPath& path, std::string what);
[[noreturn]] void throw_has_checkpoints(const Act& act, const HostPath& path, std::string holder);
[[noreturn]] void throw_disk_missing(const Act& act, const HostPath& path);

} // namespace watari::hyperv::wmi
