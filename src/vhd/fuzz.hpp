#pragma once

#include "vhd/bytes.hpp"

namespace watari::vhd {

/// Takes `bytes` for a file of each format and reads, writes and grows it: any Error is fine,
/// anything else is a bug.
void exercise(ByteView bytes);

} // namespace watari::vhd
