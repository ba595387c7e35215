#include "sim/switches.hpp"

#include "core/error.hpp"
#include "generations/profile.hpp"
#include "messages/sim.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

namespace watari::sim {

namespace {

/// "a", or "a, from ws2012r2 b" where generations differ.
std::string default_of(std::size_t index, const std::vector<Profile>& by_generation)
{
    std::string text;
    std::string last;
    for (std::size_t at = 0; at < by_generation.size(); ++at) {
        const std::string& value = by_generation[at].all()[index].default_value;
        if (value != last) {
            text += at == 0 ? value
                            : fmt::format(", from {} {}", to_string(all_generations[at]), value);
            last = value;
        }
    }
    return text;
}

} // namespace

std::map<std::string, std::string> switches_from(std::span<const std::string> texts)
{
    std::map<std::string, std::string> found;
    // Names and values are the same for every generation.
    Profile known = Profile::defaults(all_generations.front());
    for (const std::string& text : texts) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Error{ErrorKind::invalid, message::hvsim_bad_switch{.text = text}};
        }
        const std::string name = text.substr(0, equals);
        const std::string value = text.substr(equals + 1);
        try {
            known.set(name, value);
        } catch (Error& error) {
            error.add_frame("reading --switch " + text);
            throw;
        }
        found[name] = value;
    }
    return found;
}

std::string describe_switches()
{
    std::vector<Profile> by_generation;
    by_generation.reserve(all_generations.size());
    for (const Generation generation : all_generations) {
        by_generation.push_back(Profile::defaults(generation));
    }
    std::string text;
    const auto& switches = by_generation.front().all();
    for (std::size_t index = 0; index < switches.size(); ++index) {
        const Profile::Switch& each = switches[index];
        text +=
            fmt::format("{}={}\n    default {}\n    {}\n", each.name, fmt::join(each.values, "|"),
                        default_of(index, by_generation), each.text);
    }
    return text;
}

} // namespace watari::sim
