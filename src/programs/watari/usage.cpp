#include "programs/watari/usage.hpp"

#include "client/nearest.hpp"
#include "client/text_width.hpp"
#include "messages/cli.hpp"
#include "messages/cli_help.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace watari::cli {

namespace {

using client::printable;

/// The command that was being given: the last noun or verb understood.
const CLI::App& last_command(const CLI::App& app)
{
    const CLI::App* last = &app;
    while (!last->get_subcommands().empty()) {
        last = last->get_subcommands().front();
    }
    return *last;
}

/// "watari vm create".
std::string path_of(const CLI::App& command)
{
    const auto* parent = command.get_parent();
    return parent == nullptr ? command.get_name() : path_of(*parent) + " " + command.get_name();
}

std::vector<std::string> verbs_of(const CLI::App& command)
{
    std::vector<std::string> names;
    for (const auto* verb : command.get_subcommands({})) {
        names.push_back(verb->get_name());
    }
    return names;
}

/// Those of the command and of everything above it.
std::vector<std::string> options_of(const CLI::App& command)
{
    std::vector<std::string> names;
    for (const auto* at = &command; at != nullptr; at = at->get_parent()) {
        for (const auto* option : at->get_options()) {
            for (const auto& name : option->get_lnames()) {
                names.push_back("--" + name);
            }
        }
    }
    return names;
}

std::vector<std::string> missing_in(const CLI::App& command)
{
    std::vector<std::string> names;
    for (const auto* option : command.get_options()) {
        if (option->get_required() && option->count() == 0) {
            names.push_back(option->get_name());
        }
    }
    return names;
}

std::string joined(const std::vector<std::string>& words)
{
    return fmt::format("{}", fmt::join(words, ", "));
}

class Explanation
{
public:
    Explanation(const CLI::App& app, Language language)
        : command_(last_command(app)), path_(path_of(command_)), language_(language)
    {
        extras_ = app.remaining(true);
    }

    std::string text_of(const CLI::ParseError& error) const
    {
        if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
            return error.what(); // "--name: ", then what must_be_one_of or must_be_number said
        }
        if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
            const std::string_view what{error.what()};
            return text(message::cli_usage_one_value{
                .option = std::string{what.substr(0, what.find_first_of(": "))}});
        }
        if (const auto option = std::ranges::find_if(
                extras_, [](const auto& word) { return word.starts_with("-"); });
            option != extras_.end()) {
            return with_nearest(
                message::cli_usage_option_unknown{.command = path_, .given = printable(*option)},
                *option, options_of(command_));
        }
        const auto verbs = verbs_of(command_);
        if (!extras_.empty() && !verbs.empty()) {
            return with_nearest(
                message::cli_usage_command_unknown{.command = path_,
                                                   .given = printable(extras_.front()),
                                                   .commands = joined(verbs)},
                extras_.front(), verbs);
        }
        return text_of_what_misses(error, verbs);
    }

private:
    std::string text_of_what_misses(const CLI::ParseError& error,
                                    const std::vector<std::string>& verbs) const
    {
        if (!verbs.empty()) {
            return text(
                message::cli_usage_command_missing{.command = path_, .commands = joined(verbs)});
        }
        if (const auto missing = missing_in(command_); !missing.empty()) {
            return text(
                message::cli_usage_required_missing{.command = path_, .missing = joined(missing)});
        }
        if (!extras_.empty()) {
            return text(message::cli_usage_argument_unexpected{
                .command = path_, .given = printable(extras_.front())});
        }
        return text(message::cli_usage_other{.why = printable(error.what())});
    }

    std::string text(const Message& message) const { return render(message, language_); }

    std::string with_nearest(const Message& message, const std::string& given,
                             const std::vector<std::string>& known) const
    {
        const auto nearest = client::nearest(given, known);
        return nearest ? text(message) + "\n" +
                             text(message::cli_usage_did_you_mean{.nearest = *nearest})
                       : text(message);
    }

    const CLI::App& command_;
    std::string path_;
    Language language_;
    std::vector<std::string> extras_; ///< words nothing took
};

std::optional<std::int64_t> number_in(std::string_view text)
{
    std::int64_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

/// Aligns by display width, so that Japanese stands in line too.
class Formatter final : public CLI::Formatter
{
public:
    std::string make_option(const CLI::Option* option, bool is_positional) const override
    {
        const auto name = "  " + make_option_name(option, is_positional) + make_option_opts(option);
        const auto column = get_column_width();
        const auto gap =
            client::display_width(name) < column ? std::string{} : "\n" + std::string(column, ' ');
        return client::padded(name, column) + gap + make_option_desc(option) + "\n";
    }
};

} // namespace

void speak(CLI::App& app, Language language)
{
    const auto text = [language](const Message& message) { return render(message, language); };
    const auto formatter = std::make_shared<Formatter>();
    formatter->label("Usage", text(message::help_usage{}));
    formatter->label("Positionals", text(message::help_arguments{}));
    formatter->label("OPTIONS", text(message::help_label_options{}));
    formatter->label("SUBCOMMAND", text(message::help_label_command{}));
    formatter->label("TEXT", text(message::help_label_text{}));
    formatter->label("REQUIRED", text(message::help_label_required{}));
    app.formatter(formatter);
    app.option_defaults()->group(text(message::help_options{}));
    app.set_help_flag("-h,--help", text(message::help_help{}));
    app.footer(text(message::help_exit_codes{}));
}

void speak_too(CLI::App& command, Language language)
{
    command.group(render(message::help_commands{}, language));
    command.get_help_ptr()->group(render(message::help_options{}, language));
}

void must_be_one_of(CLI::Option& option, std::vector<std::string> values, Language language)
{
    option.type_name(fmt::format("{}", fmt::join(values, "|")));
    option.check([values = std::move(values), language](const std::string& given) {
        const bool is_known = std::ranges::find(values, given) != values.end();
        return is_known ? std::string{}
                        : render(message::cli_usage_not_one_of{.given = printable(given),
                                                               .values = joined(values)},
                                 language);
    });
}

void must_be_number(CLI::Option& option, Language language)
{
    option.type_name(render(message::help_label_number{}, language));
    option.check([language](const std::string& given) {
        return number_in(given)
                   ? std::string{}
                   : render(message::cli_usage_not_number{.given = printable(given)}, language);
    });
}

void must_be_number(CLI::Option& option, std::int64_t least, std::int64_t most, Language language)
{
    option.type_name(render(message::help_label_number{}, language));
    option.check([least, most, language](const std::string& given) {
        const auto number = number_in(given);
        return number && *number >= least && *number <= most
                   ? std::string{}
                   : render(message::cli_usage_not_in_range{.given = printable(given),
                                                            .least = std::to_string(least),
                                                            .most = std::to_string(most)},
                            language);
    });
}

std::string usage_text(const CLI::App& app, const CLI::ParseError& error, Language language)
{
    return Explanation{app, language}.text_of(error) + "\n" +
           render(message::cli_usage_see{.command = path_of(last_command(app))}, language);
}

} // namespace watari::cli
