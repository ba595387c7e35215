#include "provisioning/orders.hpp"

namespace watari::provisioning {

// DESIGN section 5: HTTP requests to one host; one system disk, one NIC; host-job polls and
// handshakes apart.
std::optional<std::int64_t> requests_budget(std::string_view workflow, std::string_view ns,
                                            store::DiskSource source, std::size_t disks)
{
    const bool v1 = ns == "v1";
    if (workflow == "create_vm") {
        return (v1 ? 16 : 12) + (source == store::DiskSource::copy ? 2 : 0);
    }
    if (workflow == "delete_vm") {
        return (v1 ? 6 : 4) + static_cast<std::int64_t>(disks);
    }
    if (workflow == "resize_vm") {
        return v1 ? 4 + 5 : 3 + 4; // memory and CPU, and the disk (docs/decisions/0007)
    }
    return std::nullopt;
}

} // namespace watari::provisioning
