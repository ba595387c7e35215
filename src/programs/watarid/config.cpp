#include "programs/watarid/config.hpp"

#include "messages/watarid.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

namespace watari {

namespace {

constexpr std::array<std::string_view, 7> known_settings{
    "data", "listen", "tls_certificate", "tls_key", "log_level", "log_file", "operation_timeout"};

using Settings = std::vector<std::pair<std::string, std::string>>; // later ones win

std::string in(const Settings& settings, std::string_view name)
{
    std::string value;
    for (const auto& [key, text] : settings) {
        if (key == name) {
            value = text;
        }
    }
    return value;
}

void read_file(const std::string& path, bool required, Settings& settings,
               std::vector<Message>& problems)
{
    std::ifstream file{path};
    if (!file) {
        if (required) {
            problems.emplace_back(message::config_unreadable{.path = path});
        }
        return;
    }
    std::ostringstream text;
    text << file.rdbuf();
    try {
        const auto table = toml::parse(text.str());
        for (const auto& [key, node] : table) {
            const std::string name{key.str()};
            if (std::ranges::find(known_settings, name) == known_settings.end()) {
                problems.emplace_back(message::config_unknown{.path = path, .setting = name});
            } else if (const auto* value = node.as_string()) {
                settings.emplace_back(name, value->get());
            } else {
                problems.emplace_back(message::config_not_text{.path = path, .setting = name});
            }
        }
    } catch (const toml::parse_error& error) {
        problems.emplace_back(
            message::config_malformed{.path = path,
                                      .line = std::to_string(error.source().begin.line),
                                      .why = std::string{error.description()}});
    }
}

void read_environment(const std::vector<std::pair<std::string, std::string>>& environment,
                      Settings& settings)
{
    constexpr std::string_view prefix = "WATARI_";
    for (const auto& [name, value] : environment) {
        if (!name.starts_with(prefix)) {
            continue;
        }
        std::string key;
        for (const char c : name.substr(prefix.size())) {
            key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        if (std::ranges::find(known_settings, key) != known_settings.end()) {
            settings.emplace_back(key, value);
        }
    }
}

std::optional<log::Level> level_from(std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, log::Level>, 4> levels{
        {{"debug", log::Level::debug},
         {"info", log::Level::info},
         {"warn", log::Level::warn},
         {"error", log::Level::error}}};
    const auto found =
        std::ranges::find(levels, text, &std::pair<std::string_view, log::Level>::first);
    return found == levels.end() ? std::nullopt : std::optional{found->second};
}

} // namespace

Loaded load_config(const Flags& flags,
                   const std::vector<std::pair<std::string, std::string>>& environment)
{
    Loaded loaded;
    Settings settings;
    const auto home = in(environment, "HOME");
    const auto path = flags.config_file.value_or(home + "/.config/watari/watarid.toml");
    read_file(path, flags.config_file.has_value(), settings, loaded.problems);
    read_environment(environment, settings);
    const std::array<std::pair<std::string_view, const std::optional<std::string>*>, 7> given{
        {{"data", &flags.data},
         {"listen", &flags.listen},
         {"tls_certificate", &flags.tls_certificate},
         {"tls_key", &flags.tls_key},
         {"log_level", &flags.log_level},
         {"log_file", &flags.log_file},
         {"operation_timeout", &flags.operation_timeout}}};
    for (const auto& [name, value] : given) {
        if (*value) {
            settings.emplace_back(name, **value);
        }
    }

    const auto data = in(settings, "data");
    loaded.config.data = data.empty() ? home + "/.local/state/watari" : data;
    if (data.empty() && home.empty()) {
        loaded.problems.emplace_back(message::config_no_data_folder{});
    }
    if (const auto listen = in(settings, "listen"); !listen.empty()) {
        if (const auto endpoint = net::endpoint_from(listen)) {
            loaded.config.listen = *endpoint;
        } else {
            loaded.problems.emplace_back(message::config_bad_address{.value = listen});
        }
    }
    loaded.config.tls_certificate = in(settings, "tls_certificate");
    loaded.config.tls_key = in(settings, "tls_key");
    if (loaded.config.tls_certificate.empty() != loaded.config.tls_key.empty()) {
        loaded.problems.emplace_back(message::config_tls_incomplete{});
    }
    if (loaded.config.tls_certificate.empty() && !net::is_loopback(loaded.config.listen.address)) {
        loaded.problems.emplace_back(
            message::config_needs_tls{.address = loaded.config.listen.text()});
    }
    if (const auto level = in(settings, "log_level"); !level.empty()) {
        if (const auto known = level_from(level)) {
            loaded.config.log_level = *known;
        } else {
            loaded.problems.emplace_back(message::config_bad_level{.value = level});
        }
    }
    loaded.config.log_file = in(settings, "log_file");
    if (const auto text = in(settings, "operation_timeout"); !text.empty()) {
        int number = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failure == std::errc{} && end == text.data() + text.size() && number >= 1 &&
            number <= 60) {
            loaded.config.operation_timeout = std::chrono::seconds{number};
        } else {
            loaded.problems.emplace_back(message::config_bad_timeout{.value = text});
        }
    }
    return loaded;
}

} // namespace watari
