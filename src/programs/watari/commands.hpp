#pragma once

#include "programs/watari/session.hpp"

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace watari::cli {

/// Each adds the verbs of one noun; the verb that was given sets `action`.
void add_host_commands(CLI::App& app, Action& action);
void add_storage_commands(CLI::App& app, Action& action);
void add_image_commands(CLI::App& app, Action& action);
void add_plan_commands(CLI::App& app, Action& action);
void add_network_commands(CLI::App& app, Action& action);
void add_vm_commands(CLI::App& app, Action& action);
void add_operation_commands(CLI::App& app, Action& action);

/// A noun that needs one of its verbs.
CLI::App* add_noun(CLI::App& app, const std::string& name, const std::string& description);
CLI::App* add_verb(CLI::App& noun, const std::string& name, const std::string& description);

/// Options many verbs share.
void add_limit(CLI::App& verb, std::size_t& limit);
void add_key(CLI::App& verb, std::string& key);

/// "2GiB" as the contract counts it. Throws invalid.
std::int64_t mib_from(const std::string& size);
std::int64_t bytes_from(const std::string& size);
std::optional<std::int64_t> optional_mib_from(const std::string& size);
std::optional<std::int64_t> optional_bytes_from(const std::string& size);
std::optional<std::string> given(const std::string& text);

} // namespace watari::cli
