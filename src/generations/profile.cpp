#include "generations/profile.hpp"

#include "core/error.hpp"
#include "generations/embedded.hpp"
#include "messages/generations.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>
#include <fmt/ranges.h>

namespace watari {

namespace {

namespace json = boost::json;

/// `"default"` is one value for all, or an object: a value per generation where it changes, each
/// holding until the next generation that has one.
std::string default_for(const json::value& value, Generation generation)
{
    if (const auto* text = value.if_string()) {
        return std::string{*text};
    }
    std::string result;
    for (const Generation at : all_generations) {
        if (const auto* text = value.as_object().if_contains(to_string(at))) {
            result = text->as_string();
        }
        if (at == generation) {
            break;
        }
    }
    return result;
}

Profile::Switch read_switch(const json::value& from, Generation generation)
{
    Profile::Switch result;
    result.name = from.at("name").as_string();
    result.default_value = default_for(from.at("default"), generation);
    result.value = result.default_value;
    for (const json::value& value : from.at("values").as_array()) {
        result.values.emplace_back(value.as_string());
    }
    result.text = from.at("text").as_string();
    result.source = from.at("source").as_string();
    return result;
}

} // namespace

Profile Profile::defaults(Generation generation)
{
    static const json::value document = json::parse(generations::embedded::switches());
    Profile profile;
    for (const json::value& entry : document.at("switches").as_array()) {
        profile.switches_.push_back(read_switch(entry, generation));
    }
    std::ranges::sort(profile.switches_, {}, &Switch::name);
    return profile;
}

const Profile::Switch& Profile::find(std::string_view name) const
{
    const auto found = std::ranges::lower_bound(switches_, name, {}, &Switch::name);
    if (found == switches_.end() || found->name != name) {
        throw Error{ErrorKind::invalid, message::switch_unknown{.name = std::string{name}}};
    }
    return *found;
}

Profile::Switch& Profile::find(std::string_view name)
{
    return const_cast<Switch&>(std::as_const(*this).find(name));
}

const std::string& Profile::value(std::string_view name) const
{
    return find(name).value;
}

bool Profile::is(std::string_view name, std::string_view value) const
{
    return find(name).value == value;
}

std::int64_t Profile::number(std::string_view name) const
{
    const std::string& text = find(name).value;
    std::int64_t result = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw Error{ErrorKind::invalid,
                    message::switch_not_number{.name = std::string{name}, .value = text}};
    }
    return result;
}

void Profile::set(std::string_view name, std::string_view value)
{
    Switch& changed = find(name);
    if (std::ranges::find(changed.values, value) == changed.values.end()) {
        throw Error{ErrorKind::invalid,
                    message::switch_value_unknown{
                        .name = std::string{name},
                        .value = std::string{value},
                        .values = fmt::format("{}", fmt::join(changed.values, ", "))}};
    }
    changed.value = value;
}

void Profile::flip(std::string_view name)
{
    Switch& changed = find(name);
    auto at = std::ranges::find(changed.values, changed.value);
    changed.value = ++at == changed.values.end() ? changed.values.front() : *at;
}

void Profile::flip_all()
{
    for (Switch& changed : switches_) {
        if (changed.value == changed.default_value) {
            flip(changed.name);
        }
    }
}

} // namespace watari
