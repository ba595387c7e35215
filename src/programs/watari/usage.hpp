#pragma once

#include "core/catalogue.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
class ParseError;
} // namespace CLI

namespace watari::cli {

/// The command line's own words in the reader's language: headings of the help, refusals of values,
/// and what is wrong with a command line that does not fit.
void speak(CLI::App& app, Language language);
/// The same for a noun or verb of it.
void speak_too(CLI::App& command, Language language);
void must_be_one_of(CLI::Option& option, std::vector<std::string> values, Language language);
void must_be_number(CLI::Option& option, Language language);
void must_be_number(CLI::Option& option, std::int64_t least, std::int64_t most, Language language);

/// What is wrong, the nearest word that would do, and where to read more.
std::string usage_text(const CLI::App& app, const CLI::ParseError& error, Language language);

} // namespace watari::cli
