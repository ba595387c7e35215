#pragma once

#include "core/random.hpp"
#include "hyperv/driver.hpp"
#include "wsman/client/session.hpp"

#include <functional>
#include <memory>
#include <string>

namespace watari::http {
class Client;
}

namespace watari::hyperv::v1 {

/// The driver for `root\virtualization`. `client`, `clock` and `random` outlive it; `host_name` is
/// the host's own name, for texts. `on_request` hears of every HTTP request, whichever call it was
/// for.
std::unique_ptr<Driver>
make_driver(http::Client& client, Clock& clock, Random& random, Capabilities capabilities,
            std::string host_name,
            std::function<void(const wsman::RequestRecord&)> on_request = {});

} // namespace watari::hyperv::v1
