#pragma once

#include "wsman/client/channel.hpp"

#include <functional>
#include <string>
#include <vector>

namespace watari::wsman {

struct Listing {
    std::string ns;
    std::string resource_class; ///< "*" for queries
    std::optional<Filter> filter = {};
    Asked asked = {}; ///< its action is set per request
};

Listing listing_of_query(std::string_view ns, std::string_view wql);
Listing listing_of_class(std::string_view ns, std::string_view class_name);

/// Gives every batch to `take` until it returns false; releases what is left open on the host.
Task<> enumerate(Channel& channel, Listing listing,
                 const std::function<bool(std::vector<cim::Instance>)>& take, Deadline deadline);

} // namespace watari::wsman
