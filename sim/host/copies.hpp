#pragma once

#include "sim/engine/host.hpp"

#include <string_view>

namespace watari::sim::host {

/// What a copy leaves that does not come to its end (switch partial_copy_left_behind): nothing, or
/// a file that shows the whole size and lacks the content.
inline void interrupt_copy(Host& host, std::string_view source, DiskSpec target)
{
    Storage& storage = host.storage();
    const bool can_be_left = storage.file_exists(source) && !storage.file_exists(target.path);
    if (can_be_left && host.profile().is("partial_copy_left_behind", "yes")) {
        target.size = storage.disk(source).spec.size;
        storage.create_disk(target);
    }
}

} // namespace watari::sim::host
