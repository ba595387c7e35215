// For the sources of this module only.
#pragma once

#include <string>

namespace watari::net {

/// Throws not_found (message::tls_file_unreadable).
std::string read_pem_file(const std::string& path);

} // namespace watari::net
