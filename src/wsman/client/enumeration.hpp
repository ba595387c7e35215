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
    std::vector<Selector> selectors = {};
    Asked asked = {};                          ///< its action is set per request
    std::optional<std::size_t> rows_max = {};  ///< of all batches together
    std::optional<std::size_t> bytes_max = {}; ///< likewise
};

Listing listing_of_query(std::string_view ns, std::string_view wql);
Listing listing_of_class(std::string_view ns, std::string_view class_name);

/// Gives every batch to `take` until it returns false, whatever its items are; else as enumerate().
using TakeItems = std::function<bool(std::vector<Item>)>;
Task<> enumerate_items(Channel& channel, Listing listing, const TakeItems& take, Deadline deadline);
/// Gives every batch to `take` until it returns false; releases what is left open on the host. In
/// constant memory. Throws exhausted (message::wsman_list_too_long).
Task<> enumerate(Channel& channel, Listing listing,
                 const std::function<bool(std::vector<cim::Instance>)>& take, Deadline deadline);
/// Everything, up to the limits of the session's options. A list that breaks off is read once more
/// from its beginning.
Task<std::vector<cim::Instance>> collect(Channel& channel, Listing listing, Deadline deadline);

} // namespace watari::wsman
