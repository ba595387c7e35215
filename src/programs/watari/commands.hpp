#pragma once

#include "programs/watari/session.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace watari::cli {

/// One verb while it is put together: its arguments, its options and what it does. Every text is a
/// message. What options are read into must outlive the parsing.
class Verb
{
public:
    Verb(CLI::App& app, Action& action, Language language)
        : app_(&app), action_(&action), language_(language)
    {
    }

    /// An argument ("NAME") or option ("--plan") that must be there.
    Verb& needs(const char* name, std::string& into, const Message& text);
    Verb& needs(const char* name, std::vector<std::string>& into, const Message& text);
    Verb& needs_number(const char* name, std::int64_t& into, const Message& text);
    Verb& option(const char* name, std::string& into, const Message& text);
    Verb& option(const char* name, std::optional<std::string>& into, const Message& text);
    Verb& number(const char* name, std::optional<std::int64_t>& into, const Message& text);
    Verb& one_of(const char* name, std::optional<std::string>& into,
                 const std::vector<std::string>& values, const Message& text);
    Verb& needs_one_of(const char* name, std::string& into, const std::vector<std::string>& values,
                       const Message& text);
    Verb& flag(const char* name, bool& into, const Message& text);
    /// An option that may be given several times.
    Verb& list(const char* name, std::vector<std::string>& into, const Message& text);
    /// Gives `value` to what is else not given.
    Verb& flag(const char* name, std::optional<bool>& into, bool value, const Message& text);
    /// Options many verbs share.
    Verb& limit(std::size_t& into);
    Verb& key(std::string& into);

    void does(Act act);
    /// What needs no watarid; where `is_direct` is given, only if that is true after parsing.
    void does_directly(Act act, const bool* is_direct = nullptr);

private:
    CLI::App* app_;
    Action* action_;
    Language language_;
};

/// A noun that needs one of its verbs.
class Noun
{
public:
    Noun(CLI::App& app, Action& action, Language language, const char* name, const Message& text);

    Verb verb(const char* name, const Message& text);
    /// A noun below it.
    Noun noun(const char* name, const Message& text);

private:
    CLI::App* app_;
    Action* action_;
    Language language_;
};

/// All nouns; the verb that was given sets `action`.
struct Menu {
    CLI::App& app;
    Action& action;
    Language language;

    Noun noun(const char* name, const Message& text) { return {app, action, language, name, text}; }
};
void add_host_commands(Menu menu);
void add_storage_commands(Menu menu);
void add_image_commands(Menu menu);
void add_plan_commands(Menu menu);
void add_network_commands(Menu menu);
void add_vm_commands(Menu menu);
void add_operation_commands(Menu menu);
void add_wmi_commands(Menu menu);

/// "list" of a noun; `all` asks the server for so many.
template <class List>
void add_list(Noun& noun, const Message& text,
              Task<client::Answer<List>> (client::Client::*all)(std::size_t),
              std::size_t limit = 100'000);

/// A verb that names one thing and does something with it.
void add_one(Noun& noun, const char* name, const Message& text, const char* argument,
             const Message& argument_text, Task<client::ExitCode> (*act)(Session&, std::string));

/// "2GiB" as the contract counts it. Throws invalid.
std::int64_t mib_from(const std::string& size);
std::int64_t bytes_from(const std::string& size);
std::optional<std::int64_t> optional_mib_from(const std::string& size);
std::optional<std::int64_t> optional_bytes_from(const std::string& size);

template <class List>
Task<client::ExitCode> show_all(Session& session,
                                Task<client::Answer<List>> (client::Client::*all)(std::size_t),
                                std::size_t limit)
{
    co_return session.show_list(co_await (session.client.*all)(limit));
}

template <class List>
void add_list(Noun& noun, const Message& text,
              Task<client::Answer<List>> (client::Client::*all)(std::size_t), std::size_t limit)
{
    const auto wanted = std::make_shared<std::size_t>(limit);
    noun.verb("list", text).limit(*wanted).does([wanted, all](Session& session) {
        return show_all(session, all, *wanted);
    });
}

} // namespace watari::cli
