#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "sim/repository.hpp"
#include "wsman/codec/message.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace watari::sim {

/// `SELECT * FROM __InstanceModificationEvent WITHIN 2 WHERE TargetInstance ISA 'Class'`: the one
/// form of event query that is known here.
struct EventQuery {
    std::string class_name;
    std::chrono::milliseconds within{};
};
/// nullopt: no such query.
std::optional<EventQuery> event_query_from(std::string_view wql);

/// Somebody who waits for changed instances; they pull (wsman.md 6.2; UNVERIFIED by a recording).
struct Subscription {
    std::string identifier;
    std::string account;
    std::string ns;
    EventQuery query;
    SteadyTime expires{};
    std::map<std::string, cim::Instance> seen = {}; ///< by path, at the last look
    std::deque<wsman::Item> events = {};

    /// Compares the instances there are now with those seen before, as WMI does every WITHIN.
    void look(Repository& repository);
    wsman::ItemsResponse take(std::size_t count);
};

class Subscriptions
{
public:
    Subscriptions(Clock& clock, Random& random) : clock_(clock), random_(random) {}

    /// Returns its context.
    std::string open(Subscription subscription);
    /// nullptr: unknown or expired.
    Subscription* find(const std::string& context);
    bool close(const std::string& identifier, const std::string& account);
    void clear() { open_.clear(); }

private:
    Clock& clock_;
    Random& random_;
    std::map<std::string, Subscription> open_; ///< by context
};

} // namespace watari::sim
