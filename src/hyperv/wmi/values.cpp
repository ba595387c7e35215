#include "hyperv/wmi/values.hpp"

namespace watari::hyperv::wmi {

bool is_passing(PowerState state) noexcept
{
    switch (state) {
    case PowerState::starting:
    case PowerState::stopping:
    case PowerState::saving:
    case PowerState::pausing:
    case PowerState::resuming:
        return true;
    case PowerState::off:
    case PowerState::running:
    case PowerState::paused:
    case PowerState::saved:
    case PowerState::unknown:
        return false;
    }
    return false;
}

} // namespace watari::hyperv::wmi
