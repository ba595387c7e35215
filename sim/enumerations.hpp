#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "wsman/codec/message.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

/// What an enumeration still has to give.
struct Enumeration {
    std::vector<wsman::Item> items;
    std::size_t given = 0;
    std::string account;
    SteadyTime expires{};

    std::size_t left() const noexcept { return items.size() - given; }
};

/// Open enumeration contexts; idle ones die.
class Enumerations
{
public:
    Enumerations(Clock& clock, Random& random, std::chrono::milliseconds idle)
        : clock_(clock), random_(random), idle_(idle)
    {
    }

    /// Returns the context's text.
    std::string open(Enumeration enumeration);
    /// nullptr: unknown, ended or expired.
    Enumeration* find(const std::string& context);
    /// False when the account has no such enumeration.
    bool close(const std::string& context, const std::string& account);
    /// `count` more items went out; after the last ones the context is gone.
    void given(const std::string& context, std::size_t count, bool was_last);
    std::size_t count_of(const std::string& account);
    void clear() { open_.clear(); }

private:
    void expire();

    Clock& clock_;
    Random& random_;
    std::chrono::milliseconds idle_;
    std::map<std::string, Enumeration> open_;
};

} // namespace watari::sim
