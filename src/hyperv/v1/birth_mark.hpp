#pragma once

#include "hyperv/words.hpp"

#include <string>
#include <string_view>

namespace watari::hyperv::v1 {

/// Whether the VM is this mark's: by the mark in its Notes, or as long as there is none by our id
/// in its name or as the last part of its folder.
bool carries_mark(const OwnershipMark& mark, std::string_view name, std::string_view notes,
                  std::string_view folder);

} // namespace watari::hyperv::v1
