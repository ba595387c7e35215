#pragma once

#include "generations/generation.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace watari {

/// How hosts of one generation behave where no fact says so: named switches
/// (data/profiles/switches.json), every one UNVERIFIED. The simulator acts on them and tests flip
/// them.
class Profile
{
public:
    struct Switch {
        std::string name;
        std::string value;
        std::string default_value;
        std::vector<std::string>
            values;       ///< possible ones, the generation's default among them; two or more
        std::string text; ///< what it decides
        std::string source;
    };

    static Profile defaults(Generation generation);

    /// Throw invalid: message::switch_unknown.
    const std::string& value(std::string_view name) const;
    bool is(std::string_view name, std::string_view value) const;
    /// For switches with the values "yes" and "no".
    bool yes(std::string_view name) const { return is(name, "yes"); }
    /// For switches with whole numbers; throws invalid: message::switch_not_number.
    std::int64_t number(std::string_view name) const;

    /// Throws invalid: message::switch_unknown, switch_value_unknown.
    void set(std::string_view name, std::string_view value);
    /// To the next possible value; with two values, the other one.
    void flip(std::string_view name);
    /// Every switch to a value other than its default.
    void flip_all();

    /// Sorted by name.
    const std::vector<Switch>& all() const noexcept { return switches_; }

private:
    const Switch& find(std::string_view name) const;
    Switch& find(std::string_view name);

    std::vector<Switch> switches_;
};

} // namespace watari
