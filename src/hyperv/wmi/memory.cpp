#include "hyperv/wmi/memory.hpp"

#include "messages/hyperv.hpp"

namespace watari::hyperv::wmi {

void require_aligned(ByteSize memory)
{
    if (memory == ByteSize{} || !memory.is_multiple_of(ByteSize::mib(2))) {
        throw Error{ErrorKind::invalid, message::memory_not_aligned{.asked = memory.human()}};
    }
}

} // namespace watari::hyperv::wmi
