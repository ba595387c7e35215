// Placement's rules, and what they say.
#pragma once

#include "provisioning/placement.hpp"

namespace watari::provisioning {

/// What a host was judged by.
struct Seen {
    std::string host;
    std::string state;
    ByteSize memory_free = {};
    ByteSize storage_free = {};
    std::int64_t processors = 0;
};

constexpr Broken bit(Rule rule)
{
    return static_cast<Broken>(1U << static_cast<unsigned>(rule));
}

Seen seen_of(const HostView& host, const Verdict& verdict);
/// One message per broken rule.
std::vector<Message> reasons(Broken broken, const Seen& seen, const Wish& wish);
} // namespace watari::provisioning
