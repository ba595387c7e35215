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

/// Puts what `child` holds itself into `parent`, growing that where the child is larger. Both are
/// of one chain, and nobody else uses either. No parents are read, so they may be absent. Can be
/// run again after an interruption. The child's file is the caller's to delete, and other children
/// of `parent` are broken afterwards. To merge into an ancestor, merge those in between first, the
/// oldest one first. Throws conflict if format or sector size differ.
void merge(Disk& child, Disk& parent, const Progress& progress = {});

} // namespace watari::vhd
