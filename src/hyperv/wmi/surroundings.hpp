#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "hyperv/words.hpp"
#include "wsman/client/session.hpp"

#include <functional>
#include <memory>
#include <string>

namespace watari::http {
class Client;
}

namespace watari::hyperv::wmi {

/// What a driver works with; `client`, `clock` and `random` outlive it.
struct Surroundings {
    http::Client& client;
    Clock& clock;
    Random& random;
    Capabilities capabilities;
    std::string host_name; ///< the host's own, for texts
    /// Hears of every HTTP request, whichever call it was for; null: nobody.
    std::function<void(const wsman::RequestRecord&)> on_request = {};
    std::shared_ptr<const wsman::Observation> observation = {}; ///< null: changes may be sent
    std::shared_ptr<wsman::HostQuota> quota = {};               ///< null: one of each call alone
};

} // namespace watari::hyperv::wmi
