#pragma once

#include "programs/watari/commands.hpp"

namespace watari::cli {

/// host doctor: which hop on the way to a host fails.
void add_doctor(Noun& noun);
/// host prepare: the script that lets Watari in.
void add_prepare(Noun& noun);

} // namespace watari::cli
