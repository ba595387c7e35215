#pragma once

#include "core/error.hpp"
#include "core/log.hpp"
#include "net/network.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace watari {

struct Config {
    std::filesystem::path data;
    net::Endpoint listen{"127.0.0.1", 8420};
    std::string tls_certificate; ///< PEM files; both or neither: then HTTPS alone is served
    std::string tls_key;
    log::Level log_level = log::Level::info;
    std::string log_file;
    std::chrono::seconds operation_timeout{60}; ///< of requests to hosts: 1 to 60
};

/// What the command line gave; stands above the environment, which stands above the file.
struct Flags {
    std::optional<std::string> config_file;
    std::optional<std::string> data;
    std::optional<std::string> listen;
    std::optional<std::string> tls_certificate;
    std::optional<std::string> tls_key;
    std::optional<std::string> log_level;
    std::optional<std::string> log_file;
    std::optional<std::string> operation_timeout;
};

struct Loaded {
    Config config;
    std::vector<Message> problems; ///< everything that is wrong, at once
};

/// TOML file (named, or ~/.config/watari/watarid.toml when there is one), then WATARI_* from
/// `environment`, then flags. Data defaults to
/// ~/.local/state/watari.
Loaded load_config(const Flags& flags,
                   const std::vector<std::pair<std::string, std::string>>& environment);

} // namespace watari
