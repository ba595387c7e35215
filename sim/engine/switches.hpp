#pragma once

#include "generations/generation.hpp"

#include <map>
#include <string>
#include <string_view>

namespace watari::sim
{

/// The UNVERIFIED statements as switches of one host: what the profile says for its generation,
/// unless the caller flipped it.
class Switches
{
public:
    Switches(Generation generation, std::map<std::string, std::string> flipped);

    /// The switch's position; throws internal for a name the profile does not know.
    const std::string& operator[](std::string_view name) const;
    bool is(std::string_view name, std::string_view position) const
    {
        return (*this)[name] == position;
    }
    Generation generation() const noexcept { return generation_; }

private:
    Generation generation_;
    std::map<std::string, std::string, std::less<>> positions_;
};

} // namespace watari::sim
