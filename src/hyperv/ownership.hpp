#pragma once

#include "hyperv/words.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace watari::hyperv {

/// v1's DefineVirtualSystem takes no Notes, so a VM is born with our id in its name: `watari-<vm
/// id>`.
std::string birth_name(const VmId& vm);
/// The VM whose birth name it is.
std::optional<VmId> born_as(std::string_view name);

/// What a host shows of the VM that has the GUID.
struct SeenVm {
    std::string name;
    std::string notes;
    HostPath folder = {}; ///< of its configuration; empty: not looked at
    /// v1: its name is the one it was born with, which is as good as the mark until that follows.
    bool has_birth_name = false;
};

/// Whether at least two of recorded GUID, our mark (or birth name) and our folder are there. A mark
/// of another VM or site denies it.
bool is_proven(const VmRef& wanted, const SeenVm& seen);
/// Throws conflict: message::ownership_lost unless is_proven().
void prove_ownership(const VmRef& wanted, const SeenVm& seen);

/// Whether the file's name, or the name of the folder it is in, carries the VM's id: only such
/// files are ever deleted.
bool carries_id(std::string_view path, const VmId& vm);

} // namespace watari::hyperv
