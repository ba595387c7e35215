#pragma once

#include "vhd/create.hpp"

#include <functional>

namespace watari::vhd {

/// Called between steps; what it throws stops the work.
using Progress = std::function<void(ByteSize done, ByteSize total)>;

/// Fills the empty file `into` with a new disk (fixed or dynamic) that has all data of `from` and
/// its chain, and flushes it. It has a new id; size zero means that of `from`. Only what is not
/// zero is written. A failure leaves a file to be deleted.
void copy(Disk& from, File& into, NewDisk disk, Random& random, const Progress& progress = {});

} // namespace watari::vhd
