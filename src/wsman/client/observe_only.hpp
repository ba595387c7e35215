#pragma once

#include "wsman/codec/message.hpp"

#include <string>
#include <string_view>

namespace watari::wsman {

/// Whether a host is only looked at. Asked before every request: switched while sessions use it, it
/// holds from then on.
struct Observation {
    std::string host; ///< as people call it
    bool is_on = true;
};

/// Whether a host that is only observed may be sent this: what changes nothing there, whatever it
/// means to that host. Of methods those that are known to read and nothing else.
bool may_send(const RequestBody& body, std::string_view class_name) noexcept;

/// Throws conflict (message::host_is_observed) for what may not be sent; null: all may.
void require_may_send(const Observation* observation, const RequestBody& body,
                      std::string_view class_name);

} // namespace watari::wsman
