#include "programs/watari/commands.hpp"

#include "client/size.hpp"

#include <CLI/CLI.hpp>

namespace watari::cli {

CLI::App* add_noun(CLI::App& app, const std::string& name, const std::string& description)
{
    auto* noun = app.add_subcommand(name, description);
    noun->require_subcommand(1);
    return noun;
}

CLI::App* add_verb(CLI::App& noun, const std::string& name, const std::string& description)
{
    return noun.add_subcommand(name, description);
}

void add_limit(CLI::App& verb, std::size_t& limit)
{
    verb.add_option("--limit", limit, "show at most so many")->check(CLI::Range(1, 1'000'000));
}

void add_key(CLI::App& verb, std::string& key)
{
    verb.add_option("--idempotency-key", key,
                    "the same key never orders twice (default: a new one)");
}

std::int64_t mib_from(const std::string& size)
{
    return static_cast<std::int64_t>(client::size_from(size).in_whole_mib());
}

std::int64_t bytes_from(const std::string& size)
{
    return static_cast<std::int64_t>(client::size_from(size).in_bytes());
}

std::optional<std::int64_t> optional_mib_from(const std::string& size)
{
    return size.empty() ? std::nullopt : std::optional{mib_from(size)};
}

std::optional<std::int64_t> optional_bytes_from(const std::string& size)
{
    return size.empty() ? std::nullopt : std::optional{bytes_from(size)};
}

std::optional<std::string> given(const std::string& text)
{
    return text.empty() ? std::nullopt : std::optional{text};
}

} // namespace watari::cli
