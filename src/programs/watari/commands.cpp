#include "programs/watari/commands.hpp"

#include "client/size.hpp"
#include "messages/cli_help.hpp"
#include "programs/watari/usage.hpp"

#include <CLI/CLI.hpp>

namespace watari::cli {

Verb& Verb::needs(const char* name, std::string& into, const Message& text)
{
    app_->add_option(name, into, render(text, language_))->required();
    return *this;
}

Verb& Verb::needs(const char* name, std::vector<std::string>& into, const Message& text)
{
    app_->add_option(name, into, render(text, language_))->required();
    return *this;
}

Verb& Verb::needs_number(const char* name, std::int64_t& into, const Message& text)
{
    auto* option = app_->add_option(name, into, render(text, language_))->required();
    must_be_number(*option, language_);
    return *this;
}

Verb& Verb::option(const char* name, std::string& into, const Message& text)
{
    app_->add_option(name, into, render(text, language_));
    return *this;
}

Verb& Verb::option(const char* name, std::optional<std::string>& into, const Message& text)
{
    app_->add_option(name, into, render(text, language_));
    return *this;
}

Verb& Verb::number(const char* name, std::optional<std::int64_t>& into, const Message& text)
{
    auto* option = app_->add_option(name, into, render(text, language_));
    must_be_number(*option, language_);
    return *this;
}

Verb& Verb::one_of(const char* name, std::optional<std::string>& into,
                   const std::vector<std::string>& values, const Message& text)
{
    auto* option = app_->add_option(name, into, render(text, language_));
    must_be_one_of(*option, values, language_);
    return *this;
}

Verb& Verb::needs_one_of(const char* name, std::string& into,
                         const std::vector<std::string>& values, const Message& text)
{
    auto* option = app_->add_option(name, into, render(text, language_))->required();
    must_be_one_of(*option, values, language_);
    return *this;
}

Verb& Verb::flag(const char* name, bool& into, const Message& text)
{
    app_->add_flag(name, into, render(text, language_));
    return *this;
}

Verb& Verb::flag(const char* name, std::optional<bool>& into, bool value, const Message& text)
{
    app_->add_flag_callback(name, [&into, value] { into = value; }, render(text, language_));
    return *this;
}

Verb& Verb::list(const char* name, std::vector<std::string>& into, const Message& text)
{
    app_->add_option(name, into, render(text, language_))->expected(1)->take_all();
    return *this;
}

Verb& Verb::limit(std::size_t& into)
{
    auto* option = app_->add_option("--limit", into, render(message::help_limit{}, language_));
    must_be_number(*option, 1, 1'000'000, language_);
    return *this;
}

Verb& Verb::key(std::string& into)
{
    return option("--idempotency-key", into, message::help_key{});
}

void Verb::does(Act act)
{
    app_->callback([chosen = action_, act = std::move(act)] { *chosen = {.act = act}; });
}

void Verb::does_directly(Act act, const bool* is_direct)
{
    app_->callback([chosen = action_, act = std::move(act), is_direct] {
        *chosen = {.act = act, .is_direct = is_direct == nullptr || *is_direct};
    });
}

Noun::Noun(CLI::App& app, Action& action, Language language, const char* name, const Message& text)
    : app_(app.add_subcommand(name, render(text, language))), action_(&action), language_(language)
{
    speak_too(*app_, language);
    app_->require_subcommand(1);
}

Verb Noun::verb(const char* name, const Message& text)
{
    auto* verb = app_->add_subcommand(name, render(text, language_));
    speak_too(*verb, language_);
    return {*verb, *action_, language_};
}

Noun Noun::noun(const char* name, const Message& text)
{
    return {*app_, *action_, language_, name, text};
}

void add_one(Noun& noun, const char* name, const Message& text, const char* argument,
             const Message& argument_text, Task<client::ExitCode> (*act)(Session&, std::string))
{
    const auto given = std::make_shared<std::string>();
    noun.verb(name, text)
        .needs(argument, *given, argument_text)
        .does([given, act](Session& session) { return act(session, *given); });
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

} // namespace watari::cli
