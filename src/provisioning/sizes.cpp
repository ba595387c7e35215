#include "provisioning/sizes.hpp"

#include "core/error.hpp"
#include "messages/provisioning.hpp"

namespace watari::provisioning {

namespace {

constexpr std::int64_t memory_step_mib =
    2; // Hyper-V counts memory in steps of 2 MiB on every generation (generations.json)
constexpr std::uint64_t sector = 512;

} // namespace

void check_sizes(std::int64_t memory_mib, std::uint64_t disk_bytes)
{
    if (memory_mib % memory_step_mib != 0) {
        throw Error{ErrorKind::invalid,
                    message::memory_not_even{.memory_mib = std::to_string(memory_mib)}};
    }
    if (disk_bytes % sector != 0) {
        throw Error{ErrorKind::invalid,
                    message::disk_not_sectors{.disk_bytes = std::to_string(disk_bytes)}};
    }
}

} // namespace watari::provisioning
