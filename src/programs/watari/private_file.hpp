#pragma once

#include <string>
#include <string_view>

namespace watari::cli {

/// A new file, or one that is replaced, that its owner alone may read. Throws invalid
/// (message::cli_file_unwritable).
void write_private_file(const std::string& path, std::string_view text);

} // namespace watari::cli
