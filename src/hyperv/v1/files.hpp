#pragma once

#include "hyperv/v1/act.hpp"
#include "hyperv/words.hpp"

namespace watari::hyperv::v1 {

/// Deletes exactly this file through root/cimv2: one request, after one that proves that nobody
/// holds it unless that was just read.
Task<> delete_disk(Act& act, HostPath path, VmId vm);

/// One request.
Task<std::optional<HostPath>> find_folder(Act& act, HostPath path);

} // namespace watari::hyperv::v1
